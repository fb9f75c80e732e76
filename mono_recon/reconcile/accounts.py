"""Own accounts: which are known, and what Mono calls them.

Here belongs what is true of an account whatever moved on it.
"""

import polars as pl

from mono_recon.reconcile.candidates import digits
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs


def named_accounts(statements: pl.DataFrame, clock: str, context: Context) -> pl.DataFrame:
    """Accounts that are named by what occurred before the cut-off.

    Args:
        statements: Rows with ``account_id`` and ``currency``.
        clock: The column that says when it occurred.
        context: Date, as-of and settings.

    Returns:
        ``account_id`` and ``currency``, each pair once, and ``stated_at`` (UTC: the last time).
    """
    before = statements.filter(pl.col(clock) < context.end)
    return before.group_by("account_id", "currency").agg(pl.max(clock).alias("stated_at"))


def known_accounts(inputs: DayInputs, named: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Accounts named by an accounts export, or by what occurred before the cut-off.

    Args:
        inputs: What was known at the as-of.
        named: Results of ``named_accounts`` for transfers and batches, all together.
        context: Date, as-of and settings.

    Returns:
        ``account_id``, ``currency`` (the last stated, else the first of the settings) and ``stated_at`` (UTC: the
        last time that a currency was; null if none ever was), sorted.
    """
    stated = [
        inputs.earlier_accounts,
        inputs.accounts.select("account_id", "currency", pl.col("known_at").alias("stated_at")),
        named,
        named_accounts(inputs.collections, "occurred_at", context),
        named_accounts(inputs.credits, "transaction_at", context),
    ]
    return (
        pl.concat(stated)
        .drop_nulls("account_id")
        .sort("stated_at", "currency")
        .group_by("account_id")
        .agg(
            pl.col("currency").last(ignore_nulls=True).fill_null(context.settings.business.currencies[0]),
            pl.col("stated_at").filter(pl.col("currency").is_not_null()).max(),
        )
        .sort("account_id")
    )


def own_numbers(accounts: pl.DataFrame) -> frozenset[str]:
    """Digits of the numbers of own accounts.

    Args:
        accounts: ``core.accounts``.
    """
    return frozenset(accounts.select(digits(pl.col("number")))["number"].drop_nulls())
