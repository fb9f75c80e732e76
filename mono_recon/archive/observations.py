"""From Mono's objects to rows of the tables of schema ``core``.

Here belongs which fields of an object become which columns, and how many rows an object gives. Rows are made column
by column, for many objects at once: moments as microseconds since 1970 UTC, amounts in centavos, lists as their items
each followed by NUL (no text of a column holds one).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import msgspec
import polars as pl

from mono_recon.archive.instants import microseconds_of
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

LIST_END = "\0"
_NO_BANK_ACCOUNT, _NO_PAYEE = BankAccount(), Payee()
_NO_EXTRA, _NO_PAYER, _NO_BANK = CreditExtra(), Payer(), PayerBank()
_NO_INTENT_PAYER, _NO_PAYMENT, _NO_BALANCE = IntentPayer(), Payment(), AccountBalance()

Columns = dict[str, Sequence[Any] | pl.Series]


class Carrier(msgspec.Struct, gc=False):
    """What brought an object: one webhook, or one row of a page.

    Attributes:
        channel: ``webhook`` or ``export``.
        event_type: Of a webhook.
        event_at: Envelope timestamp of a webhook.
        known_at: Arrival or fetch time.
        source_ref: ``w:<delivery_id>`` or ``x:<page_id>:<row>``.
        record: Position of the delivery or page in its table.
        account_id: Account that the export's question names.
        kind: ``transfers`` or ``pse`` on a page of banks.
    """

    channel: str
    event_type: str | None
    event_at: int | None
    known_at: int | None
    source_ref: str
    record: int
    account_id: str | None = None
    kind: str | None = None


class Rows(NamedTuple):
    """Rows of one table: their columns, and what brought each; a column that is not there is the carrier's."""

    columns: Columns
    carriers: Sequence[Carrier]


Object = TypeVar("Object")
Told = list[tuple[Object, Carrier]]
"""Objects of one type, each with what brought it."""


class Objects:
    """Objects on their way to rows, by type."""

    def __init__(self) -> None:
        self._told: dict[type, Told[Any]] = {}
        self.count = 0

    def extend(self, told: Told[object]) -> None:
        """Take objects of ``payloads``."""
        for each in told:
            self._told.setdefault(type(each[0]), []).append(each)
        self.count += len(told)

    def rows(self) -> dict[str, Rows]:
        """The rows of all objects, by table; a table without any is not there."""
        transfers, batches = self._of(Transfer), self._of(BatchEvent)
        accounts = self._of(Account)
        tables = {
            "transfer_observations": _transfers(transfers, batches),
            "batch_observations": _batches(transfers, batches),
            "account_credits": _credits(self._of(Credit)),
            "collection_observations": _intents(self._of(Intent)),
            "collection_links": _links(self._of(Link)),
            "accounts": _accounts(accounts),
            "balances": _balances(accounts, self._of(Balance)),
            "banks": _banks(self._of(Bank)),
            "ledger_transactions": _ledger(self._of(LedgerTransaction)),
        }
        return {name: rows for name, rows in tables.items() if rows.carriers}

    def _of(self, kind: type[Object]) -> Told[Object]:
        return self._told.get(kind, [])


def _transfers(alone: Told[Transfer], events: Told[BatchEvent]) -> Rows:
    members = [(transfer, batch, carrier) for batch, carrier in events for transfer in batch.transfers]
    told = [*((transfer, transfer.batch, carrier) for transfer, carrier in alone), *members]
    transfers = [transfer for transfer, _, _ in told]
    payees = [transfer.payee or _NO_PAYEE for transfer in transfers]
    bank_accounts = [payee.bank_account or _NO_BANK_ACCOUNT for payee in payees]
    columns = {
        "transfer_id": [transfer.id for transfer in transfers],
        "state": [transfer.state for transfer in transfers],
        "previous_state": [transfer.previous_state for transfer in transfers],
        **_money([transfer.amount for transfer in transfers]),
        "account_id": [carrier.account_id if batch is None else batch.account_id for _, batch, carrier in told],
        "batch_id": [None if batch is None else batch.id for _, batch, _ in told],
        "external_id": [
            transfer.entity_id if transfer.external_id is None else transfer.external_id for transfer in transfers
        ],
        "reference": [transfer.reference for transfer in transfers],
        "description": [transfer.description for transfer in transfers],
        "routing": [transfer.routing for transfer in transfers],
        "fallback_routing": [_joined(transfer.fallback_routing) for transfer in transfers],
        "declination_reason": [transfer.declination_reason for transfer in transfers],
        "payee_name": [payee.name for payee in payees],
        "payee_document_type": [payee.document_type for payee in payees],
        "payee_document_number": [payee.document_number for payee in payees],
        "payee_bank_code": [bank_account.bank_code for bank_account in bank_accounts],
        "payee_account_number": [bank_account.number for bank_account in bank_accounts],
        "payee_account_type": [bank_account.type for bank_account in bank_accounts],
        **_dated(transfers),
    }
    return Rows(columns, [carrier for _, _, carrier in told])


def _batches(transfers: Told[Transfer], events: Told[BatchEvent]) -> Rows:
    embedded = [(transfer.batch, carrier) for transfer, carrier in transfers if transfer.batch is not None]
    batches: list[Batch] = [batch for batch, _ in chain(embedded, events)]
    columns = {
        "batch_id": [batch.id for batch in batches],
        "state": [batch.state for batch in batches],
        "origin": [batch.origin for batch in batches],
        "account_id": [batch.account_id for batch in batches],
        **_money([batch.total_amount for batch in batches], "total_amount_minor"),
        "reference": [batch.reference for batch in batches],
        "listed_transfer_ids": [
            *(None for _ in embedded),
            *(_joined(sorted({transfer.id for transfer in batch.transfers})) for batch, _ in events),
        ],
        **_dated(batches),
    }
    return Rows(columns, [carrier for _, carrier in chain(embedded, events)])


def _credits(told: Told[Credit]) -> Rows:
    credits_ = [credit for credit, _ in told]
    extras = [credit.extra or _NO_EXTRA for credit in credits_]
    payers = [credit.payer or _NO_PAYER for credit in credits_]
    banks = [payer.bank or _NO_BANK for payer in payers]
    columns = {
        "credit_id": [credit.id for credit in credits_],
        "type": [credit.type for credit in credits_],
        "account_id": [credit.account.id for credit in credits_],
        "account_number": [credit.account.number for credit in credits_],
        **_money([credit.amount for credit in credits_]),
        "description": [credit.description for credit in credits_],
        "external_id": [extra.entity_id for extra in extras],
        "reference": [extra.reference for extra in extras],
        "payer_name": [payer.name for payer in payers],
        "payer_document_number": [payer.document_number for payer in payers],
        "payer_bank_code": [bank.code for bank in banks],
        "payer_bank_name": [bank.name for bank in banks],
        "transaction_at": _moments([credit.transaction_at for credit in credits_]),
    }
    return Rows(columns, [carrier for _, carrier in told])


def _intents(told: Told[Intent]) -> Rows:
    intents = [intent for intent, _ in told]
    payers = [intent.payer or _NO_INTENT_PAYER for intent in intents]
    columns = {
        "intent_id": [intent.id for intent in intents],
        "link_id": [intent.collection_link_id for intent in intents],
        "state": [intent.state for intent in intents],
        "account_id": [intent.account_id for intent in intents],
        **_money([intent.amount for intent in intents]),
        "external_id": [intent.external_id for intent in intents],
        "reference": [intent.reference for intent in intents],
        "payer_name": [payer.name for payer in payers],
        "payer_document_number": [payer.document_number for payer in payers],
        "payment_transaction_id": [(intent.payment or _NO_PAYMENT).transaction_id for intent in intents],
        **_dated(intents),
    }
    return Rows(columns, [carrier for _, carrier in told])


def _links(told: Told[Link]) -> Rows:
    links = [link for link, _ in told]
    columns = {
        "link_id": [link.id for link in links],
        "account_id": [link.account_id for link in links],
        "link": [link.link for link in links],
        **_money([link.amount for link in links]),
        "amount_validation": [link.amount_validation for link in links],
        "enabled": [link.enabled for link in links],
        "usage_type": [link.usage_type for link in links],
        "successful_payments": [link.successful_payments for link in links],
        "expires_at": _moments([link.expires_at for link in links]),
        "external_id": [link.external_id for link in links],
        "inserted_at": _moments([link.inserted_at for link in links]),
        "updated_at": _moments([link.updated_at for link in links]),
    }
    return Rows(columns, [carrier for _, carrier in told])


def _accounts(told: Told[Account]) -> Rows:
    accounts = [account for account, _ in told]
    columns: Columns = {
        "account_id": [account.id for account in accounts],
        "name": [account.name for account in accounts],
        "number": [account.number for account in accounts],
        "type": [account.type for account in accounts],
        "state": [account.state for account in accounts],
        "currency": _money([(account.balance or _NO_BALANCE).available for account in accounts])["currency"],
    }
    return Rows(columns, [carrier for _, carrier in told])


def _balances(accounts: Told[Account], stated: Told[Balance]) -> Rows:
    cached = [
        (Balance(account.id, balance.available, balance.updated_at), carrier)
        for account, carrier in accounts
        if (balance := account.balance) and balance.available is not None and balance.updated_at is not None
    ]
    told = [*cached, *stated]
    columns = {
        "account_id": [balance.id for balance, _ in told],
        **_money([balance.available for balance, _ in told]),
        "balance_at": _moments([balance.updated_at for balance, _ in told]),
    }
    return Rows(columns, [carrier for _, carrier in told])


def _banks(told: Told[Bank]) -> Rows:
    columns: Columns = {"code": [bank.code for bank, _ in told], "name": [bank.name for bank, _ in told]}
    return Rows(columns, [carrier for _, carrier in told])


def _ledger(told: Told[LedgerTransaction]) -> Rows:
    transactions = [transaction for transaction, _ in told]
    columns = {
        "ledger_transaction_id": [transaction.id for transaction in transactions],
        **_money([transaction.amount for transaction in transactions]),
        "description": [transaction.description for transaction in transactions],
        "operation_type": [transaction.operation_type for transaction in transactions],
        "origin": [transaction.origin for transaction in transactions],
        "id_in_origin": [transaction.id_in_origin for transaction in transactions],
        "origin_transaction_at": _moments([transaction.origin_transaction_at for transaction in transactions]),
        "transaction_at": _moments([transaction.transaction_at for transaction in transactions]),
        "reverts_id": [transaction.reverts_id for transaction in transactions],
        "reverted_by_id": [transaction.reverted_by_id for transaction in transactions],
    }
    return Rows(columns, [carrier for _, carrier in told])


def _money(amounts: Sequence[Money | None], amount_column: str = "amount_minor") -> Columns:
    return {
        amount_column: [None if money is None else money.amount for money in amounts],
        "currency": [None if money is None else money.currency for money in amounts],
    }


def _dated(objects: Sequence[Transfer | Batch | Intent]) -> Columns:
    inserted = _moments([each.inserted_at for each in objects])
    updated = _moments([each.updated_at for each in objects])
    occurred = pl.select(pl.max_horizontal(inserted, updated.alias("updated"))).to_series()
    return {"inserted_at": inserted, "occurred_at": occurred}


def _moments(moments: Iterable[datetime | None]) -> pl.Series:
    return pl.Series("moments", microseconds_of(moments), dtype=pl.Int64)


def _joined(texts: Iterable[str] | None) -> str | None:
    return None if texts is None else "".join([text + LIST_END for text in texts])
