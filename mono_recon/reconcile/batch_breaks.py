"""Breaks of batches: sums and members that do not agree, states that contradict, and no authorisation.

Here belongs what can be wrong with a batch as a whole.
"""

import polars as pl

from mono_recon.reconcile.batches import BatchFacts
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import last_covered

_WAITING = ("created", "pending_otp", "verified_otp")


def _differing(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """Batches whose declared total no sum of members meets, and whether that is final."""
    covered = last_covered(facts.lines, "batch_id", facts.transfers.feed.exports)
    lag, horizon = context.settings.transfers.export_lag, context.settings.webhooks.horizon
    listed = pl.col("members_listed").is_not_null()
    shown = (pl.col("covered_at") >= pl.col("created_at") + lag).fill_null(value=False)
    return (
        _existing(facts)
        .filter(
            pl.col("declared_minor") != pl.col("summed_minor"),
            pl.col("declared_minor") != pl.col("first_summed_minor"),
        )
        .join(covered, on="batch_id", how="left", maintain_order="left")
        .with_columns(((listed | shown) & (pl.lit(context.as_of) > pl.col("created_at") + horizon)).alias("is_proved"))
    )


def _existing(facts: BatchFacts) -> pl.DataFrame:
    return facts.lines.filter(pl.col("state").is_not_null())


def _sum_findings(differing: pl.DataFrame, context: Context) -> pl.DataFrame:
    return differing.select(
        pl.col("batch_id").alias("subject_id"),
        context.calendar.business_date_expr(pl.col("created_at")).alias("break_date"),
        "difference_minor",
        pl.lit("declared").alias("left_source"),
        pl.col("declared_minor").cast(pl.String).alias("left_value"),
        pl.lit("members").alias("right_source"),
        pl.col("summed_minor").cast(pl.String).alias("right_value"),
    )


def find_batch_total_mismatch(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """The declared total is not the sum of the members, and the list of members is proved."""
    return _sum_findings(_differing(facts, context).filter("is_proved"), context)


def find_awaiting_members(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """The declared total is not the sum of the members known so far."""
    return _sum_findings(_differing(facts, context).filter(~pl.col("is_proved")), context)


def find_batch_membership_mismatch(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """A transfer names a batch that lists its transfers without it."""
    unlisted = (
        facts.members.filter("is_named", ~pl.col("is_listed"))
        .group_by("batch_id")
        .agg(pl.min("transfer_id").alias("stranger"))
    )
    listing = _existing(facts).filter(pl.col("members_listed").is_not_null())
    return listing.join(unlisted, on="batch_id", maintain_order="left").select(
        pl.col("batch_id").alias("subject_id"),
        context.calendar.business_date_expr(pl.col("created_at")).alias("break_date"),
        pl.lit("batch").alias("left_source"),
        pl.concat_str("members_listed").alias("left_value"),
        pl.lit("transfer").alias("right_source"),
        pl.col("stranger").alias("right_value"),
    )


def _running_members(facts: BatchFacts, context: Context, states: tuple[str, ...]) -> pl.DataFrame:
    """Batches in one of the states with a member that is approved or in progress just before the cut-off."""
    alive = ("in_progress", "approved")
    over = facts.lines.filter(pl.col("state").is_in(states))
    in_them = facts.members.join(over, on="batch_id", how="semi").filter(pl.col("state_at_cutoff").is_in(alive))
    runs = facts.transfers.timeline.filter(pl.col("state").is_in(alive)).join(in_them, on="transfer_id", how="semi")
    started = runs.group_by("transfer_id").agg(pl.min("started_at").alias("alive_at"))
    members = (
        in_them.join(started, on="transfer_id")
        .sort("batch_id", "alive_at", "transfer_id")
        .unique("batch_id", keep="first", maintain_order=True)
        .select("batch_id", "transfer_id", "alive_at", "state_at_cutoff")
    )
    moment = pl.max_horizontal("stated_at", "alive_at")
    return over.join(members, on="batch_id", maintain_order="left").select(
        pl.col("batch_id").alias("subject_id"),
        context.calendar.business_date_expr(moment).alias("break_date"),
        pl.lit("batch").alias("left_source"),
        pl.col("state").alias("left_value"),
        pl.col("transfer_id").alias("right_source"),
        pl.col("state_at_cutoff").alias("right_value"),
    )


def find_batch_state_contradiction(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """A cancelled or duplicated batch has a member that moves money."""
    return _running_members(facts, context, ("cancelled", "duplicated"))


def find_batch_outcome_differs(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """A declined batch has a member that moves money, as in Mono's own sample."""
    return _running_members(facts, context, ("declined",))


def _waiting(facts: BatchFacts, context: Context) -> pl.DataFrame:
    due = context.calendar.add_expr(pl.col("created_at"), context.settings.batches.authorization_after)
    return facts.lines.filter(pl.col("state").is_in(_WAITING)).with_columns(due.alias("due_at"))


def _waiting_findings(waiting: pl.DataFrame, since: str, context: Context) -> pl.DataFrame:
    return waiting.select(
        pl.col("batch_id").alias("subject_id"),
        context.calendar.business_date_expr(pl.col(since)).alias("break_date"),
        pl.lit("batch").alias("left_source"),
        pl.col("state").alias("left_value"),
        pl.lit("limit").alias("right_source"),
        pl.col("due_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("right_value"),
    )


def find_stuck_batch(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """A batch has waited longer than allowed for its authorisation."""
    return _waiting_findings(_waiting(facts, context).filter(pl.col("due_at") < context.end), "due_at", context)


def find_awaiting_authorization(facts: BatchFacts, context: Context) -> pl.DataFrame:
    """A batch waits for its authorisation and still has time."""
    return _waiting_findings(_waiting(facts, context).filter(pl.col("due_at") >= context.end), "created_at", context)


TYPES: tuple[BreakType[BatchFacts], ...] = (
    BreakType(
        "batch_total_mismatch", "break", "batch", find_batch_total_mismatch,
        es="{subject}: declara {left_money} y sus transferencias suman {right_money}, una diferencia de {difference}",
        en="{subject}: declares {left_money} and its transfers add up to {right_money}, a difference of {difference}",
    ),
    BreakType(
        "awaiting_members", "timing", "batch", find_awaiting_members, becomes="batch_total_mismatch",
        es="{subject}: declara {left_money} y las transferencias conocidas suman {right_money}, faltan {difference}",
        en="{subject}: declares {left_money} and the transfers known add up to {right_money}, {difference} are missing",
    ),
    BreakType(
        "batch_membership_mismatch", "break", "batch", find_batch_membership_mismatch,
        es="{subject}: lista {left} transferencias y {right}, que la nombra, no está entre ellas",
        en="{subject}: lists {left} transfers and {right}, which names it, is not among them",
    ),
    BreakType(
        "batch_state_contradiction", "break", "batch", find_batch_state_contradiction,
        es="{subject}: el lote está {left} y su transferencia {right_source} está {right}",
        en="{subject}: the batch is {left} and its transfer {right_source} is {right}",
    ),
    BreakType(
        "batch_outcome_differs", "review", "batch", find_batch_outcome_differs,
        es="{subject}: el lote está {left} y su transferencia {right_source} está {right}",
        en="{subject}: the batch is {left} and its transfer {right_source} is {right}",
    ),
    BreakType(
        "stuck_batch", "break", "batch", find_stuck_batch,
        es="{subject}: sigue en {left} y su plazo de autorización venció el {right}",
        en="{subject}: is still {left} and its time for authorisation was up at {right}",
    ),
    BreakType(
        "awaiting_authorization", "timing", "batch", find_awaiting_authorization, becomes="stuck_batch",
        es="{subject}: en {left}, con plazo de autorización hasta {right}",
        en="{subject}: {left}, with time for authorisation until {right}",
    ),
)  # fmt: skip
