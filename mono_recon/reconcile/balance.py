"""The balance proof: two figures of an account and every movement between them.

Here belongs whether a balance is explained, and by what. Nothing is absorbed: what is not explained is
shown with its composition.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mono_recon.calendar import Limit
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.movements import TERMS, moved_accounts

_KEY = ["account_id", "currency"]


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """What a balance proof rests on.

    Attributes:
        balances: ``core.balances`` known by the as-of.
        accounts: Known accounts: ``account_id`` and ``currency``.
        moved: Result of ``movements.movements``.
        open_at: Result of ``movements.open_at``.
    """

    balances: pl.DataFrame
    accounts: pl.DataFrame
    moved: pl.DataFrame
    open_at: pl.DataFrame


def nearest_balances(balances: pl.DataFrame, moment: datetime, context: Context) -> pl.DataFrame:
    """The figure of each account nearest to a moment: the earlier if equally near, the last known of one time.

    Returns:
        Rows of ``balances``, one per account and currency that has a figure near enough.
    """
    away = (pl.col("balance_at") - pl.lit(moment)).abs()
    return (
        balances.filter(away <= context.settings.balance.snapshot_tolerance)
        .sort(away, "balance_at", "known_at", "source_ref", descending=[False, False, True, True])
        .unique(_KEY, keep="first", maintain_order=True)
        .sort(_KEY)
    )


def prove(facts: BalanceFacts, context: Context) -> pl.DataFrame:
    """Body of ``report.balance_proof``, without the account's name.

    One row per account that is known or has a balance, and per currency in which it has one or moved on
    the date. Where a figure is missing, the row states nothing that it cannot know.
    """
    rows = _figures(facts, context)
    rows = rows.join(_between(rows, facts.moved), on=_KEY, how="left", maintain_order="left")
    whole = pl.col("opening_minor").is_not_null() & pl.col("closing_minor").is_not_null()
    rows = rows.with_columns(pl.when(whole).then(pl.col(name).fill_null(0)).alias(name) for name in TERMS)
    explained = pl.col("opening_minor") + pl.sum_horizontal(pl.col(name) * sign for name, sign in TERMS.items())
    rows = rows.with_columns(pl.when(whole).then(explained).alias("expected_minor"))
    rows = rows.with_columns((pl.col("closing_minor") - pl.col("expected_minor")).alias("unexplained_minor"))
    return rows.join(_in_transit(rows, facts.open_at), on=_KEY, how="left", maintain_order="left").with_columns(
        pl.when(pl.col("closing_minor").is_not_null())
        .then(pl.col("in_transit_minor").fill_null(0))
        .alias("in_transit_minor"),
        pl.when(~whole)
        .then(pl.lit("no_snapshot"))
        .when(pl.col("unexplained_minor") == 0)
        .then(pl.lit("proved"))
        .otherwise(pl.lit("unexplained"))
        .alias("status"),
        pl.lit(_basis(context)).alias("basis"),
    )


def _figures(facts: BalanceFacts, context: Context) -> pl.DataFrame:
    named = pl.concat([facts.balances.select(_KEY), moved_accounts(facts.moved, context)]).unique()
    others = facts.accounts.join(named, on="account_id", how="anti")
    due = pl.concat([named, others.select(_KEY)]).sort(_KEY)
    for name, moment in (("opening", context.start), ("closing", context.end)):
        figures = nearest_balances(facts.balances, moment, context).select(
            *_KEY, pl.col("amount_minor").alias(f"{name}_minor"), pl.col("balance_at").alias(f"{name}_at")
        )
        due = due.join(figures, on=_KEY, how="left", maintain_order="left")
    return due


def _between(rows: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Each term of each account: the sum of its movements after the opening figure up to the closing one."""
    return (
        moved.join(rows.select(*_KEY, "opening_at", "closing_at"), on=_KEY)
        .filter(pl.col("moved_at") > pl.col("opening_at"), pl.col("moved_at") <= pl.col("closing_at"))
        .group_by(_KEY)
        .agg(pl.col("amount_minor").filter(pl.col("term") == name).sum().alias(name) for name in TERMS)
    )


def _in_transit(rows: pl.DataFrame, open_at: pl.DataFrame) -> pl.DataFrame:
    closing = pl.col("closing_at")
    still = pl.col("closes_at").is_null() | (pl.col("closes_at") > closing)
    return (
        open_at.join(rows.select(*_KEY, "closing_at"), on=_KEY)
        .filter(pl.col("opens_at") <= closing, still)
        .group_by(_KEY)
        .agg(pl.sum("amount_minor").alias("in_transit_minor"))
    )


def _basis(context: Context) -> str:
    balance = context.settings.balance
    fees = f"{len(balance.fees)} fees set" if balance.fees else "no fees set: zero"
    gmf = f"{len(balance.gmf)} rates of GMF set" if balance.gmf else "no GMF set: zero"
    return f"debited when {balance.debit_at} (setting); {fees}; {gmf}"


def _unproved(facts: pl.DataFrame, context: Context, *, late: bool) -> pl.DataFrame:
    deadline = context.calendar.add(context.end, Limit(business_days=1))
    if (context.as_of > deadline) is not late:
        return facts.filter(pl.lit(value=False)).select(_finding(context))
    return facts.filter(pl.col("status") == "unexplained").select(_finding(context))


def _finding(context: Context) -> list[pl.Expr]:
    return [
        pl.format("{}:{}", "account_id", pl.lit(context.business_date.isoformat())).alias("subject_id"),
        pl.lit(context.business_date).alias("break_date"),
        *map(pl.col, _KEY),
        pl.col("unexplained_minor").abs().alias("amount_minor"),
        pl.col("unexplained_minor").alias("difference_minor"),
        pl.lit("closing").alias("left_source"),
        pl.col("closing_minor").cast(pl.String).alias("left_value"),
        pl.lit("expected").alias("right_source"),
        pl.col("expected_minor").cast(pl.String).alias("right_value"),
    ]


def find_awaiting_balance(proof: pl.DataFrame, context: Context) -> pl.DataFrame:
    """A balance is not explained yet, and what explains it may still arrive."""
    return _unproved(proof, context, late=False)


def find_balance_difference(proof: pl.DataFrame, context: Context) -> pl.DataFrame:
    """A balance is not explained, a business day later."""
    return _unproved(proof, context, late=True)


TYPES: tuple[BreakType[pl.DataFrame], ...] = (
    BreakType(
        "awaiting_balance", "timing", "account", find_awaiting_balance,
        es="{subject}: el saldo es {left_money} y lo explicado {right_money}; faltan {difference} por ahora",
        en="{subject}: the balance is {left_money} and what is explained {right_money}; {difference} open for now",
    ),
    BreakType(
        "balance_difference", "break", "account", find_balance_difference, always_high=True,
        es="{subject}: el saldo es {left_money} y lo explicado {right_money}; {difference} sin explicar",
        en="{subject}: the balance is {left_money} and what is explained {right_money}; {difference} unexplained",
    ),
)  # fmt: skip
