"""Collection intents of a date: their facts, who belongs to the date, and their own breaks.

Here belongs what is known of each intent. Which credit reports the same money is decided by the matching
of credits; the comparison of the channels is shared with transfers.
"""

from datetime import timedelta

import polars as pl

from mono_recon.calendar import Limit
from mono_recon.core.timelines import CREATED
from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.channels import channel_types
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import (
    COLLECTIONS,
    EntityFacts,
    ExportFeed,
    attributes,
    divide,
    latest,
    sources,
    state_columns,
)
from mono_recon.reconcile.figures import figure_types

PATIENCE = Limit(business_days=1)
"""How long an intent may stay where it is before somebody should know."""

OLDEST = timedelta(days=30)
"""Older intents that nobody paid are forgotten."""

_ATTRIBUTES = (
    "link_id",
    "account_id",
    "currency",
    "amount_minor",
    "external_id",
    "reference",
    "payer_document_number",
    "payment_transaction_id",
)
_MOVED = ("account_id", "currency", "amount_minor")
_DECIDED = ["account_credited", "failed"]


def collection_facts(observations: pl.DataFrame, feed: ExportFeed, context: Context) -> EntityFacts:
    """What is known of each intent, and its state at the cut-off.

    Args:
        observations: ``core.collection_observations`` known by the as-of.
        feed: What the intent exports prove.
        context: Date, as-of and settings.
    """
    divided = divide(observations, COLLECTIONS, context)
    known, stated, timeline = divided.known, divided.stated, divided.timeline
    decided = timeline.filter(pl.col("state").is_in(_DECIDED)).select("intent_id").unique()
    lines = (
        attributes(divided, _ATTRIBUTES)
        .join(state_columns(stated, timeline, COLLECTIONS), on="intent_id", how="left", maintain_order="left")
        .join(sources(divided), on="intent_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("created_at") < context.end)
            .then(pl.coalesce("run_state", pl.lit(CREATED)))
            .alias("state_at_cutoff"),
            pl.col("intent_id").is_in(decided["intent_id"].implode()).alias("is_decided"),
        )
    )
    moving = latest(divided, lines, _MOVED)
    return EntityFacts(COLLECTIONS, known, stated, timeline, divided.history, lines, moving, feed)


def collection_population(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The intents of the date: created on it, decided or approved on it, or open at its end and not too old."""
    moved = facts.timeline.filter(
        pl.col("state").is_in([*_DECIDED, "approved_in_provider"]),
        pl.col("started_at").is_between(context.start, context.end, "left"),
    )
    created = pl.col("created_at") >= context.start
    still_open = ~pl.col("is_decided") & (pl.col("created_at") >= context.end - OLDEST)
    return facts.lines.filter(
        pl.col("created_at") < context.end,
        created | still_open | pl.col("intent_id").is_in(moved["intent_id"].unique().implode()),
    )


def credited_on(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """``intent_id`` of the intents whose account_credited run starts on the date."""
    return (
        facts.timeline.filter(
            pl.col("state") == "account_credited",
            pl.col("started_at").is_between(context.start, context.end, "left"),
        )
        .select("intent_id")
        .unique()
    )


def _approved(facts: EntityFacts, context: Context) -> pl.DataFrame:
    due = context.calendar.add_expr(pl.col("state_since"), PATIENCE)
    return facts.lines.filter(pl.col("state_at_cutoff") == "approved_in_provider").with_columns(due.alias("due_at"))


def _findings(lines: pl.DataFrame, since: str, context: Context) -> pl.DataFrame:
    return lines.select(
        pl.col("intent_id").alias("subject_id"),
        context.calendar.business_date_expr(pl.col(since)).alias("break_date"),
        pl.lit("timeline").alias("left_source"),
        pl.col("state_at_cutoff").alias("left_value"),
        pl.lit("limit").alias("right_source"),
        pl.col("due_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("right_value"),
    )


def find_collection_not_credited(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The provider approved a payment and nothing tells that it was credited or failed."""
    told = facts.known.filter(pl.col("state").is_in(_DECIDED)).select("intent_id").unique()
    overdue = _approved(facts, context).filter(pl.col("due_at") < context.as_of)
    return _findings(overdue.join(told, on="intent_id", how="anti", maintain_order="left"), "state_since", context)


def find_collection_unconfirmed(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The provider approved a payment a short while ago."""
    return _findings(_approved(facts, context).filter(pl.col("due_at") >= context.as_of), "state_since", context)


def find_collection_abandoned(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """A payer began and did not go on."""
    due = context.calendar.add_expr(pl.col("created_at"), PATIENCE)
    waiting = facts.lines.filter(pl.col("state_at_cutoff").is_in([CREATED, "in_progress"])).with_columns(
        due.alias("due_at")
    )
    left = waiting.filter(pl.col("due_at") < context.end, pl.col("created_at") >= context.end - OLDEST)
    return _findings(left, "created_at", context)


OWN_TYPES: tuple[BreakType[EntityFacts], ...] = (
    BreakType(
        "collection_not_credited", "break", "collection", find_collection_not_credited,
        es="{subject}: sigue en {left}, sin abono ni rechazo, y su plazo venció el {right}",
        en="{subject}: is still {left}, neither credited nor failed, and its time was up at {right}",
    ),
    BreakType(
        "collection_unconfirmed", "timing", "collection", find_collection_unconfirmed,
        es="{subject}: en {left}, con plazo de abono hasta {right}",
        en="{subject}: {left}, with time to be credited until {right}",
    ),
    BreakType(
        "collection_abandoned", "timing", "collection", find_collection_abandoned,
        es="{subject}: quedó en {left}; el pagador no siguió antes del {right}",
        en="{subject}: left at {left}; the payer did not go on before {right}",
    ),
)  # fmt: skip

TYPES: tuple[BreakType[EntityFacts], ...] = (*channel_types("collection"), *figure_types("collection"), *OWN_TYPES)
