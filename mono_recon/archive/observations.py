"""From Mono's objects to rows of the tables of schema ``core``.

Here belongs which fields of an object become which columns, and how many rows an object gives. Objects come laid flat
(``leaves``), many at once, each with what brought it.
"""

import polars as pl

from mono_recon.archive.decoded import CORE_TABLES, core_schema
from mono_recon.archive.leaves import flat_schema
from mono_recon.archive.payloads import (
    Account,
    Balance,
    Bank,
    BatchEvent,
    Credit,
    Intent,
    LedgerTransaction,
    Link,
    Member,
    Transfer,
)
from mono_recon.archive.said import Told

CARRIER = pl.Schema(
    {
        "channel": pl.String(),
        "event_type": pl.String(),
        "event_at": pl.Datetime("us", "UTC"),
        "known_at": pl.Datetime("us", "UTC"),
        "source_ref": pl.String(),
        "record": pl.Int64(),
        "asked_account_id": pl.String(),
        "asked_kind": pl.String(),
    }
)
"""What brought an object, one webhook or one row of a page.

``channel`` is ``webhook`` or ``export``; ``event_type`` and ``event_at`` are a webhook's; ``known_at`` is when it
arrived or was fetched; ``source_ref`` is ``w:<delivery_id>`` or ``x:<page_id>:<row>``; ``record`` is the position of
the delivery or page in its table. ``asked_account_id`` and ``asked_kind`` (``transfers`` or ``pse``) are named by the
question of an export.
"""

_AMOUNT = {"amount_minor": pl.col("amount.amount"), "currency": pl.col("amount.currency")}
_DATED = {"inserted_at": pl.col("inserted_at"), "occurred_at": pl.max_horizontal("inserted_at", "updated_at")}
_BATCH = pl.col("batch.id").is_not_null()
_BALANCE = ("balance.available.amount", "balance.available.currency", "balance.updated_at")


def rows(told: Told) -> dict[str, pl.DataFrame]:
    """The rows of all objects, by table.

    Args:
        told: Objects by type, each with the columns of ``CARRIER`` besides its own.

    Returns:
        By table the columns of ``decoded.core_schema``.
    """
    made = {
        "transfer_observations": [_transfers(told, Transfer), _transfers(told, Member)],
        "batch_observations": [_embedded_batches(told), _batches(told)],
        "account_credits": [_credits(told)],
        "collection_observations": [_intents(told)],
        "collection_links": [_links(told)],
        "accounts": [_accounts(told)],
        "balances": [_cached_balances(told), _balances(told)],
        "banks": [_banks(told)],
        "ledger_transactions": [_ledger(told)],
    }
    return {
        name: pl.concat(frame.select(core_schema(CORE_TABLES[name]).names()) for frame in frames)
        for name, frames in made.items()
    }


def _of(told: Told, wanted: type) -> pl.DataFrame:
    return told[wanted] if wanted in told else pl.DataFrame(schema={**flat_schema(wanted), **CARRIER})


def _transfers(told: Told, wanted: type) -> pl.DataFrame:
    return _of(told, wanted).with_columns(
        transfer_id="id",
        account_id=pl.when(_BATCH).then("batch.account_id").otherwise("asked_account_id"),
        batch_id="batch.id",
        external_id=pl.coalesce("external_id", "entity_id"),
        payee_name="payee.name",
        payee_document_type="payee.document_type",
        payee_document_number="payee.document_number",
        payee_bank_code="payee.bank_account.bank_code",
        payee_account_number="payee.bank_account.number",
        payee_account_type="payee.bank_account.type",
        **_AMOUNT,
        **_DATED,
    )


def _embedded_batches(told: Told) -> pl.DataFrame:
    inner = [name for name in flat_schema(Transfer) if name.startswith("batch.")]
    carried = _of(told, Transfer).filter(_BATCH).select(*inner, *CARRIER)
    batches = carried.rename({name: name.removeprefix("batch.") for name in inner})
    return _batch_rows(batches.with_columns(listed_transfer_ids=pl.lit(None, pl.List(pl.String))))


def _batches(told: Told) -> pl.DataFrame:
    listed = {"listed_transfer_ids": pl.List(pl.String())}
    return _batch_rows(told.get(BatchEvent, pl.DataFrame(schema={**flat_schema(BatchEvent), **CARRIER, **listed})))


def _batch_rows(batches: pl.DataFrame) -> pl.DataFrame:
    return batches.with_columns(
        batch_id="id", total_amount_minor="total_amount.amount", currency="total_amount.currency", **_DATED
    )


def _credits(told: Told) -> pl.DataFrame:
    return _of(told, Credit).with_columns(
        credit_id="id",
        account_id="account.id",
        account_number="account.number",
        external_id="extra.entity_id",
        reference="extra.reference",
        payer_name="payer.name",
        payer_document_number="payer.document_number",
        payer_bank_code="payer.bank.code",
        payer_bank_name="payer.bank.name",
        **_AMOUNT,
    )


def _intents(told: Told) -> pl.DataFrame:
    return _of(told, Intent).with_columns(
        intent_id="id",
        link_id="collection_link_id",
        payer_name="payer.name",
        payer_document_number="payer.document_number",
        payment_transaction_id="payment.transaction_id",
        **_AMOUNT,
        **_DATED,
    )


def _links(told: Told) -> pl.DataFrame:
    return _of(told, Link).with_columns(link_id="id", **_AMOUNT)


def _accounts(told: Told) -> pl.DataFrame:
    return _of(told, Account).with_columns(account_id="id", currency="balance.available.currency")


def _cached_balances(told: Told) -> pl.DataFrame:
    amount, currency, balance_at = _BALANCE
    cached = _of(told, Account).drop_nulls(_BALANCE)
    return cached.with_columns(account_id="id", amount_minor=amount, currency=currency, balance_at=balance_at)


def _balances(told: Told) -> pl.DataFrame:
    stated = {"available.amount": "amount_minor", "available.currency": "currency", "updated_at": "balance_at"}
    return _of(told, Balance).rename({"id": "account_id"} | stated)


def _banks(told: Told) -> pl.DataFrame:
    return _of(told, Bank).with_columns(kind="asked_kind")


def _ledger(told: Told) -> pl.DataFrame:
    transactions = _of(told, LedgerTransaction)
    return transactions.with_columns(ledger_transaction_id="id", account_id="asked_account_id", **_AMOUNT)
