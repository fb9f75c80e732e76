"""Breaks in what should never change: amount, currency, payee, and two versions of one instant.

Here belongs the comparison of statements about one entity with one another, whatever their channel.
A centavo is a difference; there is no tolerance.
"""

import polars as pl

from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import EntityFacts


def _deviations(facts: EntityFacts, value: str, within: tuple[str, ...]) -> pl.DataFrame:
    """The first statement of each group that differs from one before it, beside what it differs from.

    Where the other channel says something else, that is what it is compared with.
    """
    groups = list(within)
    stated = _divided(facts, value)
    firsts = stated.unique([*groups, "channel"], keep="first", maintain_order=True).select(
        *groups, "channel", pl.col(value).alias("other"), pl.col("source_ref").alias("other_ref")
    )
    differs = stated.filter(pl.col(value) != pl.col(value).first().over(groups)).unique(
        groups, keep="first", maintain_order=True
    )
    opening = stated.unique(groups, keep="first", maintain_order=True).select(
        *groups,
        pl.col("channel").alias("first_channel"),
        pl.col(value).alias("first_value"),
        pl.col("source_ref").alias("first_ref"),
    )
    across = differs.join(firsts, on=groups, suffix="_other").filter(
        pl.col("channel") != pl.col("channel_other"), pl.col("other") != pl.col(value)
    )
    return (
        differs.join(opening, on=groups)
        .join(
            across.select(*groups, "other", "other_ref", "channel_other"),
            on=groups,
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.coalesce("channel_other", "first_channel").alias("other_channel"),
            pl.coalesce("other", "first_value").alias("other"),
            pl.coalesce("other_ref", "first_ref").alias("other_ref"),
        )
    )


def _divided(facts: EntityFacts, value: str) -> pl.DataFrame:
    """What is stated of the entities that more than one value is stated of, with its place among all statements."""
    key = pl.col(facts.kind.id_column)
    columns = dict.fromkeys((facts.kind.id_column, "currency", "channel", "occurred_at", "source_ref", value))
    stated = facts.stated.select(*columns).with_row_index("position").filter(pl.col(value).is_not_null())
    # Statements about one entity stand together: two values differ only where two neighbours do.
    changes = (key == key.shift()) & (pl.col(value) != pl.col(value).shift())
    return stated.join(stated.filter(changes), on=facts.kind.id_column, how="semi", maintain_order="left")


def _as_findings(deviations: pl.DataFrame, facts: EntityFacts, value: str, context: Context) -> pl.DataFrame:
    """Webhook on the left and export on the right; within one channel the earlier on the left."""
    key = facts.kind.id_column
    webhook_differs = (pl.col("channel") == "webhook") & (pl.col("other_channel") == "export")
    mine, other = pl.col(value), pl.col("other")
    left = pl.when(webhook_differs).then(mine).otherwise(other)
    right = pl.when(webhook_differs).then(other).otherwise(mine)
    return (
        deviations.sort("position")
        .unique(key, keep="first", maintain_order=True)
        .select(
            pl.col(key).alias("subject_id"),
            context.calendar.business_date_expr(pl.col("occurred_at")).alias("break_date"),
            pl.when(webhook_differs).then("channel").otherwise("other_channel").alias("left_source"),
            left.cast(pl.String).alias("left_value"),
            pl.when(webhook_differs).then("other_channel").otherwise("channel").alias("right_source"),
            right.cast(pl.String).alias("right_value"),
            pl.concat_list("source_ref", "other_ref").list.sort().alias("source_refs"),
        )
    )


def find_amount_mismatch(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Two statements about one entity differ in amount."""
    deviations = _deviations(facts, "amount_minor", (facts.kind.id_column, "currency"))
    return _as_findings(deviations, facts, "amount_minor", context).with_columns(
        (pl.col("left_value").cast(pl.Int64) - pl.col("right_value").cast(pl.Int64)).alias("difference_minor")
    )


def find_currency_mismatch(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Two statements about one entity differ in currency."""
    return _as_findings(_deviations(facts, "currency", (facts.kind.id_column,)), facts, "currency", context)


def find_payee_mismatch(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Two statements about one entity differ in where the money goes; a missing value differs from nothing."""
    found = [
        _deviations(facts, column, (facts.kind.id_column,))
        .with_columns(_shown(pl.col(column), column).alias("payee_value"), _shown(pl.col("other"), column))
        .drop(column, "first_value")
        for column in facts.kind.payee_columns
    ]
    return _as_findings(pl.concat(found), facts, "payee_value", context)


def _shown(value: pl.Expr, column: str) -> pl.Expr:
    """A payee's value as a report may show it: of an account number the length and the last four digits."""
    if column != "payee_account_number":
        return value
    return pl.concat_str(value.str.head(-4).str.replace_all(".", "*"), value.str.tail(4))


def find_conflicting_versions(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Two statements of one channel bear the same instant and differ."""
    key = facts.kind.id_column
    nested = pl.col("event_type").str.starts_with("batch_").fill_null(value=False)
    on_whole_second = pl.col("occurred_at") == pl.col("occurred_at").dt.truncate("1s")
    fixed = ("amount_minor", "currency", *facts.kind.payee_columns)
    differs = pl.any_horizontal(pl.col(name).drop_nulls().n_unique() > 1 for name in fixed)
    version = [key, "channel", "occurred_at"]
    several = (
        facts.stated.select(*version, "event_type", "state", "source_ref", *fixed)
        .filter(~nested)
        .filter(pl.struct(version).is_duplicated())
    )
    return (
        several.group_by(version, maintain_order=True)
        .agg(
            (differs | ((pl.col("state").n_unique() > 1) & ~on_whole_second.first())).alias("conflicts"),
            pl.first("state").alias("left_value"),
            pl.last("state").alias("right_value"),
            pl.col("source_ref").unique().sort().alias("source_refs"),
        )
        .filter("conflicts")
        .unique(key, keep="first", maintain_order=True)
        .select(
            pl.col(key).alias("subject_id"),
            context.calendar.business_date_expr(pl.col("occurred_at")).alias("break_date"),
            pl.col("channel").alias("left_source"),
            "left_value",
            pl.col("channel").alias("right_source"),
            "right_value",
            "source_refs",
        )
    )


def find_unknown_state(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """A statement bears a state that Mono does not document."""
    key = facts.kind.id_column
    return (
        facts.stated.filter(~pl.col("state").is_in(sorted(facts.kind.machine.known)))
        .unique(key, keep="first", maintain_order=True)
        .select(
            pl.col(key).alias("subject_id"),
            context.calendar.business_date_expr(pl.col("occurred_at")).alias("break_date"),
            pl.col("channel").alias("left_source"),
            pl.col("state").alias("left_value"),
            pl.concat_list("source_ref").alias("source_refs"),
        )
    )


def figure_types(subject_type: str) -> tuple[BreakType[EntityFacts], ...]:
    """The types of this family that concern every kind of entity."""
    return (
        BreakType(
            "amount_mismatch", "break", subject_type, find_amount_mismatch, always_high=True,
            es="{subject}: {left_source} dice {left_money}, {right_source} {right_money}; diferencia {difference}",
            en="{subject}: {left_source} says {left_money}, {right_source} {right_money}; difference {difference}",
        ),
        BreakType(
            "currency_mismatch", "break", subject_type, find_currency_mismatch, always_high=True,
            es="{subject}: {left_source} dice {left} y {right_source} dice {right}",
            en="{subject}: {left_source} says {left} and {right_source} says {right}",
        ),
        BreakType(
            "conflicting_versions", "break", subject_type, find_conflicting_versions,
            es="{subject}: {left_source} trae dos versiones del mismo instante ({left} y {right})",
            en="{subject}: {left_source} holds two versions of one instant ({left} and {right})",
        ),
        BreakType(
            "unknown_state", "break", subject_type, find_unknown_state,
            es="{subject}: {left_source} trae el estado {left}, que Mono no documenta",
            en="{subject}: {left_source} bears the state {left}, which Mono does not document",
        ),
    )  # fmt: skip


PAYEE_MISMATCH: BreakType[EntityFacts] = BreakType(
    "payee_mismatch", "break", "transfer", find_payee_mismatch, always_high=True,
    es="{subject}: {left_source} paga a {left} y {right_source} a {right}",
    en="{subject}: {left_source} pays {left} and {right_source} pays {right}",
)  # fmt: skip
