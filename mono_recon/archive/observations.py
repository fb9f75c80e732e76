"""From Mono's objects to rows of the tables of schema ``core``.

Here belongs which fields of an object become which columns, and how many rows an object gives. Rows are
tuples in the order of the table's columns, moments as microseconds since 1970 UTC, amounts in centavos,
lists as their items each followed by NUL (no text of a column holds one); the record's position comes last.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mono_recon.archive.instants import microseconds
from mono_recon.archive.payloads import (
    Account,
    AccountBalance,
    Balance,
    Bank,
    BankAccount,
    Batch,
    BatchEvent,
    Credit,
    CreditExtra,
    Intent,
    IntentPayer,
    LedgerTransaction,
    Link,
    Money,
    Payee,
    Payer,
    PayerBank,
    Payment,
    Transfer,
)

Row = tuple[Any, ...]
Rows = list[tuple[str, Row]]
"""Rows, each with the name of its table."""

LIST_END = "\0"
_NO_BANK_ACCOUNT = BankAccount()
_NO_PAYEE = Payee()
_NO_EXTRA = CreditExtra()
_NO_BANK = PayerBank()
_NO_PAYER = Payer()


@dataclass(slots=True)
class Carrier:
    """What brought an object: one webhook, or one row of a page.

    Attributes:
        channel: ``webhook`` or ``export``.
        event_type: Of a webhook.
        event_at: Envelope timestamp of a webhook.
        known_at: Arrival or fetch time.
        source_ref: ``w:<delivery_id>`` or ``x:<page_id>:<row>``.
        record: Position of the delivery or page in its table.
        account_id: Account that the export's question names.
        bank_kind: ``transfers`` or ``pse`` on a page of banks.
    """

    channel: str
    event_type: str | None
    event_at: int | None
    known_at: int
    source_ref: str
    record: int
    account_id: str | None = None
    bank_kind: str | None = None


def rows_of(value: object, carrier: Carrier) -> Rows:
    """All rows that an object of ``payloads`` gives.

    Raises:
        OverflowError: A moment lies outside the years 1 to 9999 in UTC.
    """
    return _ROWS[type(value)](value, carrier)


def _transfer_rows(transfer: Transfer, carrier: Carrier) -> Rows:
    batch = transfer.batch
    if batch is None:
        return [("transfer_observations", _transfer_row(transfer, carrier, None, carrier.account_id))]
    return [
        ("transfer_observations", _transfer_row(transfer, carrier, batch.id, batch.account_id)),
        ("batch_observations", _batch_row(batch, carrier, None)),
    ]


def _batch_event_rows(batch: BatchEvent, carrier: Carrier) -> Rows:
    rows = [
        ("transfer_observations", _transfer_row(transfer, carrier, batch.id, batch.account_id))
        for transfer in batch.transfers
    ]
    listed = _joined(sorted({transfer.id for transfer in batch.transfers}))
    rows.append(("batch_observations", _batch_row(batch, carrier, listed)))
    return rows


def _transfer_row(transfer: Transfer, carrier: Carrier, batch_id: str | None, account_id: str | None) -> Row:
    payee = transfer.payee or _NO_PAYEE
    bank_account = payee.bank_account or _NO_BANK_ACCOUNT
    inserted_at, updated_at = microseconds(transfer.inserted_at), microseconds(transfer.updated_at)
    return (
        transfer.id,
        carrier.channel,
        carrier.event_type,
        transfer.state,
        transfer.previous_state,
        transfer.amount.amount,
        transfer.amount.currency,
        account_id,
        batch_id,
        transfer.entity_id if transfer.external_id is None else transfer.external_id,
        transfer.reference,
        transfer.description,
        transfer.routing,
        None if transfer.fallback_routing is None else _joined(transfer.fallback_routing),
        transfer.declination_reason,
        payee.name,
        payee.document_type,
        payee.document_number,
        bank_account.bank_code,
        bank_account.number,
        bank_account.type,
        inserted_at,
        max(inserted_at, updated_at),
        carrier.event_at,
        carrier.known_at,
        carrier.source_ref,
        carrier.record,
    )


def _batch_row(batch: Batch, carrier: Carrier, listed: str | None) -> Row:
    inserted_at, updated_at = microseconds(batch.inserted_at), microseconds(batch.updated_at)
    return (
        batch.id,
        carrier.channel,
        carrier.event_type,
        batch.state,
        batch.origin,
        batch.account_id,
        *_money(batch.total_amount),
        batch.reference,
        listed,
        inserted_at,
        max(inserted_at, updated_at),
        carrier.event_at,
        carrier.known_at,
        carrier.source_ref,
        carrier.record,
    )


def _credit_rows(credit: Credit, carrier: Carrier) -> Rows:
    extra = credit.extra or _NO_EXTRA
    payer = credit.payer or _NO_PAYER
    bank = payer.bank or _NO_BANK
    row = (
        credit.id,
        credit.type,
        credit.account.id,
        credit.account.number,
        credit.amount.amount,
        credit.amount.currency,
        credit.description,
        extra.entity_id,
        extra.reference,
        payer.name,
        payer.document_number,
        bank.code,
        bank.name,
        microseconds(credit.transaction_at),
        carrier.event_at,
        carrier.known_at,
        carrier.source_ref,
        carrier.record,
    )
    return [("account_credits", row)]


def _intent_rows(intent: Intent, carrier: Carrier) -> Rows:
    payer = intent.payer or IntentPayer()
    inserted_at, updated_at = microseconds(intent.inserted_at), microseconds(intent.updated_at)
    row = (
        intent.id,
        intent.collection_link_id,
        carrier.channel,
        carrier.event_type,
        intent.state,
        intent.account_id,
        intent.amount.amount,
        intent.amount.currency,
        intent.external_id,
        intent.reference,
        payer.name,
        payer.document_number,
        (intent.payment or Payment()).transaction_id,
        inserted_at,
        max(inserted_at, updated_at),
        carrier.event_at,
        carrier.known_at,
        carrier.source_ref,
        carrier.record,
    )
    return [("collection_observations", row)]


def _link_rows(link: Link, carrier: Carrier) -> Rows:
    row = (
        link.id,
        link.account_id,
        link.link,
        *_money(link.amount),
        link.amount_validation,
        link.enabled,
        link.usage_type,
        link.successful_payments,
        _optional_microseconds(link.expires_at),
        link.external_id,
        _optional_microseconds(link.inserted_at),
        _optional_microseconds(link.updated_at),
        carrier.known_at,
        carrier.source_ref,
        carrier.record,
    )
    return [("collection_links", row)]


def _account_rows(account: Account, carrier: Carrier) -> Rows:
    balance = account.balance or AccountBalance()
    _, currency = _money(balance.available)
    end = (carrier.known_at, carrier.source_ref, carrier.record)
    rows: Rows = [("accounts", (account.id, account.name, account.number, account.type, account.state, currency, *end))]
    if balance.available is not None and balance.updated_at is not None:
        rows += _balance_rows(Balance(account.id, balance.available, balance.updated_at), carrier)
    return rows


def _balance_rows(balance: Balance, carrier: Carrier) -> Rows:
    available = balance.available
    figure = (balance.id, available.currency, available.amount, microseconds(balance.updated_at))
    return [("balances", (*figure, carrier.known_at, carrier.source_ref, carrier.record))]


def _bank_rows(bank: Bank, carrier: Carrier) -> Rows:
    end = (carrier.known_at, carrier.source_ref, carrier.record)
    return [("banks", (bank.code, bank.name, carrier.bank_kind, *end))]


def _ledger_rows(transaction: LedgerTransaction, carrier: Carrier) -> Rows:
    row = (
        transaction.id,
        carrier.channel,
        carrier.account_id,
        transaction.amount.amount,
        transaction.amount.currency,
        transaction.description,
        transaction.operation_type,
        transaction.origin,
        transaction.id_in_origin,
        _optional_microseconds(transaction.origin_transaction_at),
        microseconds(transaction.transaction_at),
        transaction.reverts_id,
        transaction.reverted_by_id,
        carrier.event_at,
        carrier.known_at,
        carrier.source_ref,
        carrier.record,
    )
    return [("ledger_transactions", row)]


def _optional_microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _money(money: Money | None) -> tuple[int | None, str | None]:
    return (None, None) if money is None else (money.amount, money.currency)


def _joined(texts: Iterable[str]) -> str:
    return "".join(text + LIST_END for text in texts)


_ROWS: dict[type, Callable[[Any, Carrier], Rows]] = {
    Transfer: _transfer_rows,
    BatchEvent: _batch_event_rows,
    Credit: _credit_rows,
    Intent: _intent_rows,
    Link: _link_rows,
    Account: _account_rows,
    Balance: _balance_rows,
    Bank: _bank_rows,
    LedgerTransaction: _ledger_rows,
}
