"""The balance proof: two figures of an account and every movement between them.

Here belongs whether a balance is explained, and by what. Nothing is absorbed: what is not explained is
shown with its composition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from polars._typing import AsofJoinStrategy

from mono_recon.calendar import Limit
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import INSTANT
from mono_recon.reconcile.movements import TERMS, moved_accounts

PATIENCE = Limit(business_days=1)
"""How long a difference may wait for what explains it."""

_KEY = ["account_id", "currency"]
_EXPLAIN = ("balance", "adjustment", "credit", "webhook", "export")
"""What explains a difference: the rarer first, since the commoner is always new."""

_SIDES: tuple[AsofJoinStrategy, ...] = ("backward", "forward")


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """What a balance proof rests on.

    Attributes:
        balances: ``core.balances`` known by the as-of.
        accounts: Known accounts: ``account_id`` and ``currency``.
        moved: Result of ``movements.movements``.
        open_at: Result of ``movements.open_at``.
        dates: The dates of which all movements are known; None: all.
    """

    balances: pl.DataFrame
    accounts: pl.DataFrame
    moved: pl.DataFrame
    open_at: pl.DataFrame
    dates: frozenset[date] | None = None


def nearest_balances(balances: pl.DataFrame, moments: Sequence[datetime], context: Context) -> pl.DataFrame:
    """The figure of each account nearest to each moment: the earlier if equally near, the last known of one time.

    Returns:
        ``moment``, ``account_id``, ``currency``, ``amount_minor``, ``balance_at`` and ``source_ref``, sorted; one
        row per moment and account with a figure near enough.
    """
    figures = (
        balances.sort("known_at", "source_ref")
        .unique([*_KEY, "balance_at"], keep="last", maintain_order=True)
        .select(*_KEY, "amount_minor", "balance_at", "source_ref")
    )
    points = pl.DataFrame({"moment": moments}, schema={"moment": INSTANT}).unique()
    away = (pl.col("balance_at") - pl.col("moment")).abs()
    return (
        pl.concat(_beside(points.join(figures.select(_KEY).unique(), how="cross"), figures))
        .filter(away <= context.settings.balance.snapshot_tolerance)
        .sort("moment", *_KEY, away, "balance_at")
        .unique(["moment", *_KEY], keep="first", maintain_order=True)
    )


def _beside(points: pl.DataFrame, figures: pl.DataFrame) -> list[pl.DataFrame]:
    """Each point with the last figure up to it, and with the first one from it on."""
    asked, given = points.sort("moment"), figures.sort("balance_at")
    return [
        asked.join_asof(
            given,
            left_on="moment",
            right_on="balance_at",
            by=_KEY,
            strategy=side,
            coalesce=False,
            check_sortedness=False,
        )
        for side in _SIDES
    ]


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
        figures = nearest_balances(facts.balances, [moment], context).select(
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


def unexplained(facts: BalanceFacts, context: Context) -> pl.DataFrame:
    """Every balance up to the date that its movements do not explain, by the rule of ``prove``.

    Returns:
        ``day``, ``closes_at`` (UTC, end of that date), ``account_id``, ``currency``, ``closing_minor``,
        ``expected_minor``, and ``opening_ref`` and ``closing_ref``, the sources of the two figures.
    """
    days = _days(facts, context)
    figures = nearest_balances(facts.balances, [*days["opens_at"], *days["closes_at"]], context)
    both = days
    for name, edge in (("opening", "opens_at"), ("closing", "closes_at")):
        near = figures.rename(
            {
                "moment": edge,
                "amount_minor": f"{name}_minor",
                "balance_at": f"{name}_at",
                "source_ref": f"{name}_ref",
            }
        )
        both = both.join(near, on=[edge] if name == "opening" else [edge, *_KEY])
    balance = _running_total(facts.moved)
    for name in ("opening", "closing"):
        both = both.sort(f"{name}_at").join_asof(
            balance.rename({"total": f"{name}_total"}),
            left_on=f"{name}_at",
            right_on="moved_at",
            by=_KEY,
            check_sortedness=False,
        )
    moved = pl.col("closing_total").fill_null(0) - pl.col("opening_total").fill_null(0)
    return both.with_columns((pl.col("opening_minor") + moved).alias("expected_minor")).filter(
        pl.col("closing_minor") != pl.col("expected_minor")
    )


def _days(facts: BalanceFacts, context: Context) -> pl.DataFrame:
    """Every date from that of the first balance on of which all movements are known, with its start and its end."""
    calendar, first = context.calendar, facts.balances["balance_at"].min()
    begins = calendar.business_date(first) if isinstance(first, datetime) else context.business_date
    days = pl.date_range(min(begins, context.business_date), context.business_date, eager=True).alias("day")
    if facts.dates is not None:
        days = days.filter(days.is_in(list(facts.dates)))
    return pl.DataFrame(
        {
            "day": days,
            "opens_at": [calendar.start_of(day) for day in days],
            "closes_at": [calendar.end_of(day) for day in days],
        },
        schema={"day": pl.Date, "opens_at": INSTANT, "closes_at": INSTANT},
    )


def _running_total(moved: pl.DataFrame) -> pl.DataFrame:
    """What had moved each account by each instant at which something did, signed."""
    sign = pl.col("term").replace_strict(TERMS, return_dtype=pl.Int64)
    return (
        moved.drop_nulls(_KEY)
        .group_by(*_KEY, "moved_at")
        .agg((pl.col("amount_minor") * sign).sum().alias("total"))
        .sort("moved_at")
        .with_columns(pl.col("total").cum_sum().over(_KEY))
    )


def _unproved(left_over: pl.DataFrame, context: Context, *, late: bool) -> pl.DataFrame:
    deadline = context.calendar.add_expr(pl.col("closes_at"), PATIENCE)
    difference = pl.col("closing_minor") - pl.col("expected_minor")
    # A date's break of an account is one: of several currencies the first tells of it.
    return (
        left_over.filter((pl.lit(context.as_of) > deadline) == late)
        .sort("day", *_KEY)
        .select(
            pl.format("{}:{}", "account_id", pl.col("day").cast(pl.String)).alias("subject_id"),
            pl.col("day").alias("break_date"),
            *map(pl.col, _KEY),
            difference.abs().alias("amount_minor"),
            difference.alias("difference_minor"),
            pl.lit("closing").alias("left_source"),
            pl.col("closing_minor").cast(pl.String).alias("left_value"),
            pl.lit("expected").alias("right_source"),
            pl.col("expected_minor").cast(pl.String).alias("right_value"),
            pl.concat_list("opening_ref", "closing_ref").list.unique().list.sort().alias("source_refs"),
        )
    )


def find_awaiting_balance(left_over: pl.DataFrame, context: Context) -> pl.DataFrame:
    """A balance is not explained yet, and what explains it may still arrive."""
    return _unproved(left_over, context, late=False)


def find_balance_difference(left_over: pl.DataFrame, context: Context) -> pl.DataFrame:
    """A balance is not explained, a business day later."""
    return _unproved(left_over, context, late=True)


TYPES: tuple[BreakType[pl.DataFrame], ...] = (
    BreakType(
        "awaiting_balance", "timing", "account", find_awaiting_balance,
        becomes="balance_difference", clears_by=_EXPLAIN,
        es="{subject}: el saldo es {left_money} y lo explicado {right_money}; faltan {difference} por ahora",
        en="{subject}: the balance is {left_money} and what is explained {right_money}; {difference} open for now",
    ),
    BreakType(
        "balance_difference", "break", "account", find_balance_difference, always_high=True,
        clears_by=_EXPLAIN,
        es="{subject}: el saldo es {left_money} y lo explicado {right_money}; {difference} sin explicar",
        en="{subject}: the balance is {left_money} and what is explained {right_money}; {difference} unexplained",
    ),
)  # fmt: skip
