"""Breaks between the two channels: one of them is silent, late or says something else.

Here belongs the comparison of what webhooks and exports state about one entity. It serves transfers
and collections; figures that differ are the business of ``figures``.
"""

import polars as pl

from mono_recon.reconcile.breaks import BreakType
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.coverage import absent
from mono_recon.reconcile.entities import EntityFacts

_STATEMENT = ("run", "state", "channel", "occurred_at", "event_at", "known_at", "source_ref")

_UNHEARD_ES = "{subject}: la exportación muestra {right} y ningún webhook lo ha anunciado"
_UNHEARD_EN = "{subject}: the export shows {right} and no webhook has announced it"


def _unannounced(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """Runs that an export shows in a state with a webhook of its own, which no webhook shows."""
    key = facts.kind.id_column
    silent = facts.timeline.filter(
        "by_export",
        ~pl.col("by_webhook"),
        pl.col("state").is_in(list(facts.kind.announced)),
        pl.col("started_at") >= context.since,
    )
    # Some other run of the same state may have been announced, even one that is none of the date's facts.
    heard = _told_by("webhook", facts.known.select(key, "state", "channel"), silent, key)
    shown = _told_by("export", facts.stated.select(key, "run", "source_ref", "channel"), silent, key)
    horizon = context.settings.webhooks.horizon
    return (
        silent.join(
            shown.unique([key, "run"], keep="first", maintain_order=True), on=[key, "run"], maintain_order="left"
        )
        .join(heard, on=[key, "state"], how="anti", maintain_order="left")
        .with_columns((pl.lit(context.as_of) > pl.col("started_at") + horizon).alias("is_overdue"))
    )


def _told_by(channel: str, statements: pl.DataFrame, entities: pl.DataFrame, key: str) -> pl.DataFrame:
    """What a channel states about some entities."""
    return statements.filter(pl.col("channel") == channel).join(entities, on=key, how="semi", maintain_order="left")


def _first_unannounced(facts: EntityFacts, context: Context, *, overdue: bool) -> pl.DataFrame:
    key = facts.kind.id_column
    return (
        _unannounced(facts, context)
        .filter(pl.col("is_overdue") == overdue)
        .unique(key, keep="first", maintain_order=True)
        .select(
            pl.col(key).alias("subject_id"),
            context.calendar.business_date_expr(pl.col("started_at")).alias("break_date"),
            pl.lit("webhook").alias("left_source"),
            pl.lit("export").alias("right_source"),
            pl.col("state").alias("right_value"),
            pl.concat_list("source_ref").alias("source_refs"),
        )
    )


def find_missing_webhook(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """An export shows a final run that no webhook announced, and none will arrive any more."""
    return _first_unannounced(facts, context, overdue=True)


def find_awaiting_webhook(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The same while the webhook may still arrive."""
    return _first_unannounced(facts, context, overdue=False)


def find_missing_in_export(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """A webhook told of an entity that a later complete export covers and does not hold."""
    key = facts.kind.id_column
    missing = absent(facts.lines, key, facts.feed.exports, facts.feed.appearances)
    told = (
        _told_by("webhook", facts.stated.select(*_STATEMENT, key), missing, key)
        .join(missing, on=key, maintain_order="left")
        .filter(pl.col("event_at") + context.settings.transfers.export_lag <= pl.col("covered_at"))
    )
    return told.unique(key, keep="first", maintain_order=True).select(
        pl.col(key).alias("subject_id"),
        context.calendar.business_date_expr(pl.col("occurred_at")).alias("break_date"),
        pl.lit("webhook").alias("left_source"),
        pl.col("state").alias("left_value"),
        pl.lit("export").alias("right_source"),
        pl.concat_list("source_ref").alias("source_refs"),
    )


def _last_of(facts: EntityFacts, channel: str) -> pl.DataFrame:
    key = facts.kind.id_column
    told = facts.stated.select(*_STATEMENT, key).filter(pl.col("channel") == channel)
    return told.unique(key, keep="last", maintain_order=True)


def find_state_mismatch(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """The latest export was fetched after the latest webhook and still shows another state."""
    key = facts.kind.id_column
    both = _last_of(facts, "webhook").join(_last_of(facts, "export"), on=key, suffix="_export")
    starts = facts.timeline.select(key, "run", "started_at")
    lag = context.settings.transfers.export_lag
    return (
        both.filter(
            pl.col("known_at_export") >= pl.col("event_at") + lag,
            pl.col("occurred_at_export") <= pl.col("occurred_at"),
            pl.col("state") != pl.col("state_export"),
        )
        .join(starts, on=[key, "run"])
        .select(
            pl.col(key).alias("subject_id"),
            context.calendar.business_date_expr(pl.col("started_at")).alias("break_date"),
            pl.lit("webhook").alias("left_source"),
            pl.col("state").alias("left_value"),
            pl.lit("export").alias("right_source"),
            pl.col("state_export").alias("right_value"),
            pl.concat_list("source_ref", "source_ref_export").list.sort().alias("source_refs"),
        )
    )


def _confirmed(facts: EntityFacts, entities: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Those of some entities of which an export shows the state at the cut-off, or one that came later."""
    key = facts.kind.id_column
    cutoff = facts.lines.select(key, "state_at_cutoff").join(entities, on=key, how="semi")
    known = facts.known.select(key, "state", "channel", "occurred_at").join(cutoff, on=key, maintain_order="left")
    later = known.filter((pl.col("state") == pl.col("state_at_cutoff")) | (pl.col("occurred_at") >= context.end))
    shown = known.filter(pl.col("channel") == "export")
    return shown.join(later, on=[key, "state"], how="semi")


def find_awaiting_export(facts: EntityFacts, context: Context) -> pl.DataFrame:
    """A webhook announced the state at the cut-off and no export has shown it yet."""
    key = facts.kind.id_column
    # What an export shows in the very run in force is confirmed.
    waiting = facts.timeline.filter(
        "is_last", "by_webhook", ~pl.col("by_export"), pl.col("state").is_in(list(facts.kind.exported))
    )
    announced = _told_by("webhook", facts.stated.select(key, "run", "source_ref", "channel"), waiting, key)
    theirs = facts.about(waiting[key])
    explained = pl.concat(
        found.select("subject_id")
        for found in (find_missing_in_export(theirs, context), find_state_mismatch(theirs, context))
    )
    return (
        waiting.join(announced.unique([key, "run"], keep="first", maintain_order=True), on=[key, "run"])
        .join(_confirmed(facts, waiting, context), on=key, how="anti")
        .join(explained, left_on=key, right_on="subject_id", how="anti")
        .select(
            pl.col(key).alias("subject_id"),
            context.calendar.business_date_expr(pl.col("started_at")).alias("break_date"),
            pl.lit("webhook").alias("left_source"),
            pl.col("state").alias("left_value"),
            pl.lit("export").alias("right_source"),
            pl.concat_list("source_ref").alias("source_refs"),
        )
    )


def channel_types(subject_type: str) -> tuple[BreakType[EntityFacts], ...]:
    """The types of this family for one kind of entity."""
    return (
        BreakType(
            "missing_webhook", "break", subject_type, find_missing_webhook, clears_by=("webhook",),
            es=_UNHEARD_ES + ", aunque pasó el plazo de reintentos de Mono",
            en=_UNHEARD_EN + ", though Mono's retries are over",
        ),
        BreakType(
            "awaiting_webhook", "timing", subject_type, find_awaiting_webhook,
            becomes="missing_webhook", clears_by=("webhook",),
            es=_UNHEARD_ES + " todavía; Mono aún puede reintentar",
            en=_UNHEARD_EN + " yet; Mono may still retry",
        ),
        BreakType(
            "missing_in_export", "break", subject_type, find_missing_in_export, clears_by=("export",),
            es="{subject}: el webhook dice {left} y una exportación completa posterior, que lo abarca, no lo contiene",
            en="{subject}: the webhook says {left} and a later complete export that covers it does not hold it",
        ),
        BreakType(
            "awaiting_export", "timing", subject_type, find_awaiting_export,
            becomes="missing_in_export", clears_by=("export",),
            es="{subject}: el webhook dice {left} y ninguna exportación lo ha mostrado todavía",
            en="{subject}: the webhook says {left} and no export has shown it yet",
        ),
        BreakType(
            "state_mismatch", "break", subject_type, find_state_mismatch,
            es="{subject}: el webhook dice {left} y la exportación posterior dice {right}",
            en="{subject}: the webhook says {left} and the later export says {right}",
        ),
    )  # fmt: skip
