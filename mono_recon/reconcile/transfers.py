"""Outgoing transfers of a date: their facts, who belongs to the date, and the roll-forward.

Here belongs what a transfer's line shows and in which sections it counts. Breaks of transfers live
in their families.
"""

import polars as pl

from mono_recon.core.states import TRANSFER
from mono_recon.core.timelines import CREATED
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import (
    TRANSFERS,
    EntityFacts,
    ExportFeed,
    attributes,
    divide,
    latest,
    sources,
    state_columns,
)

_ATTRIBUTES = (
    "account_id",
    "batch_id",
    "external_id",
    "reference",
    "description",
    "currency",
    "amount_minor",
    "routing",
    "declination_reason",
    "payee_name",
    "payee_document_type",
    "payee_document_number",
    "payee_bank_code",
    "payee_account_number",
)
_MOVED = ("account_id", "currency", "amount_minor", "routing")
_FINAL = sorted(TRANSFER.final)


def transfer_facts(
    observations: pl.DataFrame, processing: pl.DataFrame, feed: ExportFeed, context: Context
) -> EntityFacts:
    """What is known of each transfer, and its state at the cut-off.

    Args:
        observations: ``core.transfer_observations`` known by the as-of.
        processing: ``batch_id`` and ``processing_at``: when each batch was first being processed.
        feed: What the transfer exports prove.
        context: Date, as-of and settings.

    Returns:
        The facts; ``lines`` has the attributes of ``report.outgoing_transfers`` and besides
        ``state_since``, ``first_amount_minor``, ``payee_account_number``, ``fell_back`` and
        ``processing_at``: when the transfer or its batch was first being processed.
    """
    divided = divide(observations, TRANSFERS, context)
    known, stated, timeline = divided.known, divided.stated, divided.timeline
    exists = pl.col("created_at") < context.end
    lines = (
        attributes(divided, _ATTRIBUTES)
        .join(state_columns(stated, timeline, TRANSFERS), on="transfer_id", how="left", maintain_order="left")
        .join(_routings(stated), on="transfer_id", how="left", maintain_order="left")
        .join(sources(divided), on="transfer_id", how="left", maintain_order="left")
        .join(_in_progress(timeline), on="transfer_id", how="left", maintain_order="left")
        .join(processing, on="batch_id", how="left", maintain_order="left")
        .with_columns(
            pl.min_horizontal("in_progress_at", "processing_at").alias("processing_at"),
            pl.when(exists).then(pl.coalesce("run_state", pl.lit(CREATED))).alias("state_at_cutoff"),
            pl.when("is_stated").then("routing").alias("routing"),
            pl.col("fallbacks").fill_null([]),
            pl.col("fell_back").fill_null(value=False),
        )
        .with_columns(pl.when(pl.col("state_at_cutoff").is_in(_FINAL)).then("state_since").alias("final_at"))
    )
    moving = latest(divided, lines, _MOVED)
    return EntityFacts(TRANSFERS, known, stated, timeline, divided.history, lines, moving, feed)


def _routings(stated: pl.DataFrame) -> pl.DataFrame:
    """Rails of each transfer: the one asked for, and where it fell back, on which others."""
    requested = stated.group_by("transfer_id").agg(
        pl.col("routing").first(ignore_nulls=True).alias("routing_requested")
    )
    is_fallback = pl.col("event_type") == "bank_transfer_fallback_routing"
    fell_back = stated.filter(is_fallback | (pl.col("fallback_routing").list.len() > 0)).group_by("transfer_id")
    others = fell_back.agg(
        pl.col("fallback_routing").explode(empty_as_null=True).drop_nulls().unique().sort().alias("fallbacks"),
        is_fallback.any().alias("fell_back"),
    )
    return requested.join(others, on="transfer_id", how="left")


def _in_progress(timeline: pl.DataFrame) -> pl.DataFrame:
    begun = timeline.filter(pl.col("state") == "in_progress")
    return begun.group_by("transfer_id").agg(pl.min("started_at").alias("in_progress_at"))


def is_open(state: str = "state_at_cutoff") -> pl.Expr:
    """Whether a state is open: created, in progress or unknown; null where there was none."""
    return ~pl.col(state).is_in(_FINAL)


def population(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The transfers of the date, each with the first reason that applies.

    Returns:
        Rows of ``facts.lines`` created on the date, finalised on it or open at its end, with
        ``inclusion``.
    """
    finalised = facts.timeline.filter(
        pl.col("state").is_in(_FINAL), pl.col("started_at").is_between(context.start, context.end, "left")
    )["transfer_id"]
    inclusion = (
        pl.when(pl.col("created_at") >= context.start)
        .then(pl.lit("created"))
        .when(pl.col("transfer_id").is_in(finalised.implode()))
        .then(pl.lit("finalised"))
        .when(is_open())
        .then(pl.lit("open"))
        .alias("inclusion")
    )
    return facts.lines.with_columns(inclusion).filter(
        pl.col("created_at") < context.end, pl.col("inclusion").is_not_null()
    )


def sections(facts: EntityFacts, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
    """In which sections of the summary each line counts, once for each time it enters one.

    Args:
        facts: Facts of all transfers.
        lines: The population.
        context: Date, as-of and settings.

    Returns:
        ``transfer_id`` and ``section``.
    """
    on_date = facts.timeline.filter(pl.col("started_at").is_between(context.start, context.end, "left"))
    was_final = pl.col("previous_state").is_in(_FINAL)
    is_final = pl.col("state").is_in(_FINAL)
    reversal = pl.concat_str(pl.lit("reversed_to_"), "state")
    is_reversal = pl.concat_str("previous_state", "state", separator=">").is_in(
        ["approved>declined", "declined>approved"]
    )
    moved = on_date.select(
        "transfer_id",
        pl.when(is_final & ~was_final.fill_null(value=False))
        .then("state")
        .when(was_final & ~is_final)
        .then(pl.lit("reopened"))
        .when(is_reversal)
        .then(reversal)
        .alias("section"),
    ).filter(pl.col("section").is_not_null())
    return pl.concat([moved, _standing(facts, lines, context)])


def _standing(facts: EntityFacts, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
    before = (
        facts.timeline.filter(pl.col("started_at") < context.start)
        .unique("transfer_id", keep="last", maintain_order=True)
        .select("transfer_id", pl.col("state").alias("state_at_start"))
    )
    old = lines.filter(pl.col("created_at") < context.start).join(before, on="transfer_id", how="left")
    opening = old.filter(is_open("state_at_start") | pl.col("state_at_start").is_null())
    created = lines.filter(pl.col("created_at") >= context.start)
    closing = lines.filter(is_open())
    return pl.concat(
        frame.select("transfer_id", pl.lit(name).alias("section"))
        for frame, name in ((created, "created"), (opening, "opening_open"), (closing, "closing_open"))
    )


def money_out(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Approved runs that start on the date, less those that a reversal ends on it.

    Returns:
        ``transfer_id`` and ``sign`` (Int64: 1 or -1), one row per run.
    """
    sign = (
        pl.when(pl.col("state") == "approved")
        .then(1)
        .when((pl.col("state") == "declined") & (pl.col("previous_state") == "approved"))
        .then(-1)
        .cast(pl.Int64)
    )
    on_date = facts.timeline.filter(pl.col("started_at").is_between(context.start, context.end, "left"))
    return on_date.select("transfer_id", sign.alias("sign")).drop_nulls()
