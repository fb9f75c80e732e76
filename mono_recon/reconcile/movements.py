"""Money that left an account or came back to it, run by run.

Here belongs when a transfer counts as debited, which is a setting, since Mono does not say it.
"""

import polars as pl

from mono_recon.reconcile.collections import credited_on
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.credits import CreditFacts, credit_population
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.transfers import money_out

_GIVEN_BACK = ("declined", "cancelled")

MOVEMENT = ("account_id", "currency", "amount_minor", "moved_at")


def moved_accounts(
    transfers: EntityFacts, collections: EntityFacts, received: CreditFacts, context: Context
) -> pl.DataFrame:
    """``account_id`` and ``currency`` of each account that money left or reached on the date."""
    moved = (
        transfers.lines.join(money_out(transfers, context), on="transfer_id", how="semi"),
        collections.lines.join(credited_on(collections, context), on="intent_id", how="semi"),
        credit_population(received, context),
    )
    return pl.concat(frame.select("account_id", "currency") for frame in moved).drop_nulls().unique().sort(pl.all())


def debits(transfers: EntityFacts, debit_at: str) -> pl.DataFrame:
    """Each time a transfer was debited: ``MOVEMENT``.

    Args:
        transfers: Own transfers, with every run known by the as-of.
        debit_at: ``approved``, ``in_progress`` or ``created``.
    """
    runs = _with_lines(transfers)
    return pl.concat(
        [
            _moved(runs.filter(_is_debit(debit_at))),
            *([_created(transfers)] if debit_at == "created" else []),
        ]
    )


def approvals(transfers: EntityFacts) -> pl.DataFrame:
    """Each approved run: ``MOVEMENT`` and ``routing``; fees and tax are due on these."""
    approved = _with_lines(transfers).filter(pl.col("state") == "approved")
    return approved.select(*MOVEMENT[:3], pl.col("started_at").alias("moved_at"), "routing")


def reversals(transfers: EntityFacts, debit_at: str, returned: pl.Series) -> pl.DataFrame:
    """Each time a debited transfer was given back by its state: ``MOVEMENT``.

    Args:
        transfers: Own transfers, with every run known by the as-of.
        debit_at: As in ``debits``.
        returned: Transfers whose money came back as a credit, which is counted there.
    """
    runs = _with_lines(transfers)
    is_back = pl.col("state").is_in(_GIVEN_BACK)
    mark = pl.when(_is_debit(debit_at)).then(1).when(is_back).then(0)
    starts_debited = pl.lit(1 if debit_at == "created" else 0)
    stands = mark.forward_fill().shift().over("transfer_id").fill_null(starts_debited)
    back = runs.filter(is_back & (stands == 1), ~pl.col("transfer_id").is_in(returned.implode()))
    return _moved(back)


def open_at(transfers: EntityFacts) -> pl.DataFrame:
    """Stretches in which each transfer was open: account, currency, amount, ``opens_at`` and ``closes_at``."""
    final = sorted(transfers.kind.machine.final)
    runs = _with_lines(transfers).with_columns(
        pl.col("started_at").shift(-1).over("transfer_id").alias("closes_at"),
        pl.col("state").is_in(final).alias("is_final"),
    )
    later = runs.filter(~pl.col("is_final")).select(*MOVEMENT[:3], pl.col("started_at").alias("opens_at"), "closes_at")
    first = runs.unique("transfer_id", keep="first", maintain_order=True).select(
        *MOVEMENT[:3], pl.col("created_at").alias("opens_at"), pl.col("started_at").alias("closes_at")
    )
    return pl.concat([first, later])


def _with_lines(transfers: EntityFacts) -> pl.DataFrame:
    lines = transfers.lines.select("transfer_id", "account_id", "currency", "amount_minor", "routing", "created_at")
    return transfers.history.join(lines, on="transfer_id", maintain_order="left")


def _moved(runs: pl.DataFrame) -> pl.DataFrame:
    return runs.select(*MOVEMENT[:3], pl.col("started_at").alias("moved_at"))


def _created(transfers: EntityFacts) -> pl.DataFrame:
    duplicated = transfers.history.filter(pl.col("state") == "duplicated")["transfer_id"].implode()
    lines = transfers.lines.filter(~pl.col("transfer_id").is_in(duplicated))
    return lines.select(*MOVEMENT[:3], pl.col("created_at").alias("moved_at"))


def _is_debit(debit_at: str) -> pl.Expr:
    approved = pl.col("state") == "approved"
    after_decline = approved & (pl.col("previous_state") == "declined").fill_null(value=False)
    if debit_at == "approved":
        return approved
    if debit_at == "created":
        return after_decline
    working = pl.col("state") == "in_progress"
    first_working = working & (working.cast(pl.Int64).cum_sum().over("transfer_id") == 1)
    never_working = ~working.any().over("transfer_id")
    first_approved = approved & (approved.cast(pl.Int64).cum_sum().over("transfer_id") == 1)
    return first_working | (never_working & first_approved) | after_decline
