"""Own accounts: which are known, and what Mono calls them.

Here belongs what is true of an account whatever moved on it.
"""

import polars as pl

from mono_recon.reconcile.candidates import digits
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import INSTANT
from mono_recon.reconcile.inputs import DayInputs


def known_accounts(inputs: DayInputs, context: Context) -> pl.DataFrame:
    """Accounts named by an accounts export, or by what occurred before the cut-off.

    Returns:
        ``account_id`` and ``currency`` (the last stated, else the first of the settings), sorted.
    """
    clocks = (
        (inputs.transfers, "occurred_at"),
        (inputs.batches, "occurred_at"),
        (inputs.collections, "occurred_at"),
        (inputs.credits, "transaction_at"),
    )
    before = pl.lit(context.start, INSTANT).alias("at")
    named = [
        inputs.earlier_accounts.select("account_id", "currency", before),
        inputs.accounts.select("account_id", "currency", pl.col("known_at").alias("at")),
    ]
    named += [
        frame.filter(pl.col(clock) < context.end).select("account_id", "currency", pl.col(clock).alias("at"))
        for frame, clock in clocks
    ]
    return (
        pl.concat(frame.group_by("account_id", "currency").agg(pl.max("at")) for frame in named)
        .drop_nulls("account_id")
        .sort("at", "currency")
        .group_by("account_id")
        .agg(pl.col("currency").last(ignore_nulls=True).fill_null(context.settings.business.currencies[0]))
        .sort("account_id")
    )


def own_numbers(accounts: pl.DataFrame) -> frozenset[str]:
    """Digits of the numbers of own accounts.

    Args:
        accounts: ``core.accounts``.
    """
    return frozenset(accounts.select(digits(pl.col("number")))["number"].drop_nulls())
