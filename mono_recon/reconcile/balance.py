"""The balance proof: two figures of an account and every movement between them.

Here belongs whether a balance is explained, and by what. Nothing is absorbed: what is not explained is
shown with its composition.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from mono_recon.calendar import Limit
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.credits import CreditFacts
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.matching import RETURN_RULE
from mono_recon.reconcile.movements import MOVEMENT, approvals, debits, open_at, reversals

_KEY = ["account_id", "currency"]
_TERMS = {
    "credits_minor": 1,
    "collections_minor": 1,
    "reversals_in_minor": 1,
    "adjustments_minor": 1,
    "transfers_minor": -1,
    "fees_minor": -1,
    "gmf_minor": -1,
}
"""Movements between the two figures, with the sign in which they change the balance."""


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """What a balance proof rests on.

    Attributes:
        inputs: Everything known by the as-of.
        transfers: Own transfers.
        collections: Own collection intents, with ``counted``.
        credits: Incoming credits.
        moved: ``account_id`` and ``currency`` of accounts with movements on the date.
    """

    inputs: DayInputs
    transfers: EntityFacts
    collections: EntityFacts
    credits: CreditFacts
    moved: pl.DataFrame


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

    One row per account with a balance or with movements on the date. Where a figure is missing, the row
    states nothing that it cannot know.
    """
    rows = _figures(facts, context)
    for name, movements in _movements(facts, context).items():
        rows = rows.join(_between(rows, movements, name), on=_KEY, how="left", maintain_order="left", nulls_equal=True)
    whole = pl.col("opening_minor").is_not_null() & pl.col("closing_minor").is_not_null()
    rows = rows.with_columns(pl.when(whole).then(pl.col(name).fill_null(0)).alias(name) for name in _TERMS)
    rows = rows.with_columns(
        (pl.col("opening_minor") + pl.sum_horizontal(pl.col(name) * sign for name, sign in _TERMS.items())).alias(
            "expected_minor"
        )
    ).with_columns(pl.when(whole).then(pl.col("closing_minor") - pl.col("expected_minor")).alias("unexplained_minor"))
    return rows.join(_in_transit(rows, facts), on=_KEY, how="left", maintain_order="left").with_columns(
        pl.when(whole).then("expected_minor").alias("expected_minor"),
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
    balances = facts.inputs.balances
    due = pl.concat([balances.select(_KEY), facts.moved.select(_KEY)]).unique().sort(_KEY)
    for name, moment in (("opening", context.start), ("closing", context.end)):
        figures = nearest_balances(balances, moment, context).select(
            *_KEY, pl.col("amount_minor").alias(f"{name}_minor"), pl.col("balance_at").alias(f"{name}_at")
        )
        due = due.join(figures, on=_KEY, how="left", maintain_order="left")
    return due


def _between(rows: pl.DataFrame, movements: pl.DataFrame, name: str) -> pl.DataFrame:
    return (
        movements.join(rows.select(*_KEY, "opening_at", "closing_at"), on=_KEY)
        .filter(pl.col("moved_at") > pl.col("opening_at"), pl.col("moved_at") <= pl.col("closing_at"))
        .group_by(_KEY)
        .agg(pl.sum("amount_minor").alias(name))
    )


def _movements(facts: BalanceFacts, context: Context) -> dict[str, pl.DataFrame]:
    debit_at = context.settings.balance.debit_at
    credits_in = facts.credits.lines
    returned = credits_in.filter(pl.col("match_rule") == RETURN_RULE)["matched_to"]
    approved = approvals(facts.transfers)
    return {
        "credits_minor": credits_in.select(*MOVEMENT[:3], pl.col("transaction_at").alias("moved_at")),
        "collections_minor": _collected(facts.collections),
        "reversals_in_minor": reversals(facts.transfers, debit_at, returned),
        "adjustments_minor": _adjusted(facts.inputs.adjustments),
        "transfers_minor": debits(facts.transfers, debit_at),
        "fees_minor": _charged(approved, _fee(context), context),
        "gmf_minor": _charged(approved, _gmf(context), context),
    }


def _adjusted(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Adjustments; of an id used twice the row decided first counts."""
    first = adjustments.sort("decided_at", "path", "line").unique("adjustment_id", keep="first", maintain_order=True)
    return first.select(*MOVEMENT[:3], pl.col("effective_at").alias("moved_at"))


def _collected(collections: EntityFacts) -> pl.DataFrame:
    lines = collections.lines.filter("counted").select("intent_id", *MOVEMENT[:3])
    return (
        collections.history.filter(pl.col("state") == "account_credited")
        .join(lines, on="intent_id", maintain_order="left")
        .select(*MOVEMENT[:3], pl.col("started_at").alias("moved_at"))
    )


def _charged(approved: pl.DataFrame, charge: pl.Expr, context: Context) -> pl.DataFrame:
    day = context.calendar.business_date_expr(pl.col("moved_at"))
    return approved.with_columns(day.alias("day")).with_columns(charge.alias("amount_minor")).select(MOVEMENT)


def _in_force(entries: list[tuple[date, pl.Expr, pl.Expr]]) -> pl.Expr:
    """The value of the entry that began last among those that apply."""
    chosen = pl.lit(0, pl.Int64)
    for begins, applies, value in sorted(entries, key=lambda entry: entry[0]):
        chosen = pl.when(applies & (pl.col("day") >= begins)).then(value).otherwise(chosen)
    return chosen.cast(pl.Int64)


def _fee(context: Context) -> pl.Expr:
    fees = context.settings.balance.fees
    return _in_force([(fee.from_date, pl.col("routing") == fee.routing, pl.lit(fee.amount_minor)) for fee in fees])


def _gmf(context: Context) -> pl.Expr:
    """The tax per transfer, rounded half up to the centavo."""
    entries = []
    for gmf in context.settings.balance.gmf:
        taxed = pl.col("account_id").is_in(list(gmf.accounts)) if gmf.accounts else pl.lit(value=True)
        entries.append((gmf.from_date, taxed, (pl.col("amount_minor") * gmf.per_thousand + 500) // 1000))
    return _in_force(entries)


def _in_transit(rows: pl.DataFrame, facts: BalanceFacts) -> pl.DataFrame:
    closing = pl.col("closing_at")
    still = pl.col("closes_at").is_null() | (pl.col("closes_at") > closing)
    return (
        open_at(facts.transfers)
        .join(rows.select(*_KEY, "closing_at"), on=_KEY)
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
