"""Breaks in the life of a transfer: steps it may not take, ends that change, and no end at all.

Here belongs what follows from one transfer's timeline and from the time that has passed.
"""

import polars as pl

from mono_recon.calendar import Limit
from mono_recon.core.states import TRANSFER
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import EntityFacts
from mono_recon.reconcile.transfers import is_open

_STEP = pl.concat_str("previous_state", "state", separator=">")


def _steps(facts: EntityFacts, context: Context, wanted: pl.Expr, *, keep: str) -> pl.DataFrame:
    steps = facts.timeline.filter(wanted).unique(
        "transfer_id", keep="last" if keep == "last" else "first", maintain_order=True
    )
    shown = facts.stated.select("run", "source_ref", "channel").join(steps, on="run", how="semi", maintain_order="left")
    return steps.join(shown.unique("run", keep="first", maintain_order=True), on="run", maintain_order="left").select(
        pl.col("transfer_id").alias("subject_id"),
        context.calendar.business_date_expr(pl.col("started_at")).alias("break_date"),
        pl.lit("timeline").alias("left_source"),
        pl.col("previous_state").alias("left_value"),
        pl.col("channel").alias("right_source"),
        pl.col("state").alias("right_value"),
        pl.concat_list("source_ref").alias("source_refs"),
    )


def find_illegal_transition(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The timeline takes a step that Mono's states do not allow; unknown states are not judged."""
    known = sorted(TRANSFER.known)
    judged = pl.col("previous_state").is_in(known) & pl.col("state").is_in(known)
    legal = [f"{before}>{after}" for before, after in sorted(TRANSFER.steps)]
    return _steps(facts, context, judged & ~_STEP.is_in(legal), keep="first")


def find_final_state_changed(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """An approved transfer became declined, or the other way about."""
    changed = _STEP.is_in(["approved>declined", "declined>approved"])
    return _steps(facts, context, changed, keep="last")


def _due(context: Context) -> pl.Expr:
    """When an open transfer's time is up."""
    limits = dict(context.settings.transfers.stuck_after)
    default = limits.pop("default")

    def moment(limit: Limit, base: str) -> pl.Expr:
        return context.calendar.add_expr(pl.col(base), limit)

    def rails(rail: pl.Expr) -> pl.Expr:
        chosen = moment(default, "processing_at")
        for name, limit in limits.items():
            chosen = pl.when(rail == name).then(moment(limit, "processing_at")).otherwise(chosen)
        return chosen

    tried = [
        pl.when(pl.col("fallbacks").list.contains(name)).then(moment(limit, "processing_at"))
        for name, limit in limits.items()
    ]
    unnamed = pl.col("fallbacks").list.set_difference(pl.lit(list(limits), pl.List(pl.String))).list.len() > 0
    tried.append(pl.when(unnamed).then(moment(default, "processing_at")))
    routed = rails(pl.col("routing"))
    return (
        pl.when(pl.col("processing_at").is_null())
        .then(moment(default, "created_at"))
        .when("fell_back")
        .then(pl.max_horizontal(routed, *tried))
        .otherwise(routed)
    )


def _open(facts: EntityFacts, context: Context) -> pl.DataFrame:
    return facts.lines.filter(is_open()).with_columns(_due(context).alias("due_at"))


def find_stuck_transfer(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """An open transfer has had longer than its rail takes."""
    return (
        _open(facts, context)
        .filter(pl.col("due_at") < context.end)
        .select(
            pl.col("transfer_id").alias("subject_id"),
            context.calendar.business_date_expr(pl.col("due_at")).alias("break_date"),
            pl.lit("timeline").alias("left_source"),
            pl.col("state_at_cutoff").alias("left_value"),
            pl.lit("limit").alias("right_source"),
            pl.col("due_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("right_value"),
        )
    )


def find_in_transit(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """An open transfer still has time."""
    return (
        _open(facts, context)
        .filter(pl.col("due_at") >= context.end)
        .select(
            pl.col("transfer_id").alias("subject_id"),
            context.calendar.business_date_expr(pl.col("created_at")).alias("break_date"),
            pl.lit("timeline").alias("left_source"),
            pl.col("state_at_cutoff").alias("left_value"),
            pl.lit("limit").alias("right_source"),
            pl.col("due_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("right_value"),
        )
    )


def find_duplicate_payment(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Transfers of one account with one client id were approved more than once."""
    group = ["account_id", "external_id"]
    approved = facts.lines.filter(
        pl.col("state_at_cutoff") == "approved", pl.all_horizontal(pl.col(group).is_not_null())
    ).sort("final_at", "transfer_id")
    return (
        approved.group_by(group, maintain_order=True)
        .agg(
            pl.len().alias("count"),
            pl.col("currency").get(0),
            pl.col("amount_minor").slice(1).sum().alias("amount_minor"),
            pl.col("final_at").get(1, null_on_oob=True).alias("second_at"),
            pl.col("transfer_id").get(0).alias("left_value"),
            pl.col("transfer_id").get(1, null_on_oob=True).alias("right_value"),
            pl.col("transfer_id").sort().alias("line_ids"),
            pl.col("source_refs").explode(empty_as_null=True).unique().sort().alias("source_refs"),
        )
        .filter(pl.col("count") > 1)
        .select(
            pl.concat_str("account_id", "external_id", separator=":").alias("subject_id"),
            "account_id",
            "currency",
            "amount_minor",
            context.calendar.business_date_expr(pl.col("second_at")).alias("break_date"),
            pl.lit("transfer").alias("left_source"),
            "left_value",
            pl.lit("transfer").alias("right_source"),
            "right_value",
            "line_ids",
            "source_refs",
        )
    )


TYPES: tuple[BreakType[EntityFacts], ...] = (
    BreakType(
        "illegal_transition", "break", "transfer", find_illegal_transition,
        es="{subject}: pasó de {left} a {right}, un paso que Mono no prevé",
        en="{subject}: went from {left} to {right}, a step that Mono does not provide for",
    ),
    BreakType(
        "final_state_changed", "review", "transfer", find_final_state_changed, always_high=True,
        es="{subject}: su estado final cambió de {left} a {right}",
        en="{subject}: its final state changed from {left} to {right}",
    ),
    BreakType(
        "stuck_transfer", "break", "transfer", find_stuck_transfer,
        es="{subject}: sigue en {left} y su plazo venció el {right}",
        en="{subject}: is still {left} and its time was up at {right}",
    ),
    BreakType(
        "in_transit", "timing", "transfer", find_in_transit, becomes="stuck_transfer",
        es="{subject}: en curso ({left}), con plazo hasta {right}",
        en="{subject}: in transit ({left}), with time until {right}",
    ),
)  # fmt: skip

DUPLICATE_PAYMENT: BreakType[EntityFacts] = BreakType(
    "duplicate_payment", "break", "payment_group", find_duplicate_payment, always_high=True,
    es="{subject}: {left} y {right} se aprobaron con el mismo identificador del cliente; {amount} de más",
    en="{subject}: {left} and {right} were both approved under one client id; {amount} too much",
)  # fmt: skip
"""Found over all transfers at once, since a group may span batches."""
