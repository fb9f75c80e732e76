"""Observations put in order, and the timelines that follow from them.

Here belongs what holds for transfers, batches and collections alike: the order of statements about
one entity, runs of equal states, and the value of an attribute that statements disagree on. What a
timeline means belongs to ``reconcile``.
"""

import polars as pl

from mono_recon.core.states import StateMachine

CREATED = "created"


def arrange(observations: pl.DataFrame, entity: str, machine: StateMachine) -> pl.DataFrame:
    """Put the observations of each entity in order; arrival plays no part in it.

    Order: ``occurred_at`` (at the whole second for all observations of an entity that has one on a
    whole second), rank of the state, ``event_at`` or fetch time, webhook before export,
    ``source_ref``.

    Args:
        observations: Rows with ``entity``, ``state``, ``occurred_at``, ``event_at``, ``known_at``,
            ``channel`` and ``source_ref``.
        entity: Name of the id column.
        machine: Supplies the ranks.

    Returns:
        The same rows, sorted by entity and order, with the Int64 column ``run``: a number that is
        shared by consecutive observations of one entity in one state and by no others.
    """
    second = pl.col("occurred_at").dt.truncate("1s")
    on_whole_second = (pl.col("occurred_at") == second).any().over(entity)
    rank = pl.col("state").replace_strict(machine.ranks, default=machine.last_rank, return_dtype=pl.Int64)
    ordered = observations.sort(
        entity,
        pl.when(on_whole_second).then(second).otherwise("occurred_at"),
        rank,
        pl.coalesce("event_at", "known_at"),
        pl.col("channel") == "export",
        "source_ref",
    )
    starts_run = (pl.col(entity) != pl.col(entity).shift()) | (pl.col("state") != pl.col("state").shift())
    return ordered.with_columns(starts_run.fill_null(value=True).cum_sum().cast(pl.Int64).alias("run"))


def runs(arranged: pl.DataFrame, entity: str) -> pl.DataFrame:
    """The runs of each entity's timeline.

    Args:
        arranged: Result of ``arrange``.
        entity: Name of the id column.

    Returns:
        One row per run in order: ``entity``, ``run`` (Int64), ``state``, ``started_at`` (UTC: the
        ``occurred_at`` of its first observation), ``by_export`` and ``by_webhook`` (Boolean: the channel shows it),
        ``previous_state`` (null for the first run) and ``is_last`` (Boolean).
    """
    return (
        arranged.group_by("run", maintain_order=True)
        .agg(
            pl.first(entity, "state"),
            pl.first("occurred_at").alias("started_at"),
            *((pl.col("channel") == channel).any().alias(f"by_{channel}") for channel in ("export", "webhook")),
        )
        .select(entity, pl.exclude(entity))
        .with_columns(
            pl.when(pl.col(entity) == pl.col(entity).shift()).then(pl.col("state").shift()).alias("previous_state"),
            (pl.col(entity) != pl.col(entity).shift(-1)).fill_null(value=True).alias("is_last"),
        )
    )


def created_first(timeline: pl.DataFrame, first_state: str = CREATED) -> pl.DataFrame:
    """Let the first run follow the state that an entity has before its first observation.

    Args:
        timeline: Result of ``runs``.
        first_state: The state from ``inserted_at`` on.

    Returns:
        The runs, with ``previous_state`` set where a first run is in another state.
    """
    unstated = pl.col("previous_state").is_null() & (pl.col("state") != first_state)
    return timeline.with_columns(
        pl.when(unstated).then(pl.lit(first_state)).otherwise("previous_state").alias("previous_state")
    )


def first_known(arranged: pl.DataFrame, entity: str) -> pl.DataFrame:
    """The earliest-known observation per channel and run, as the sources of a line.

    Args:
        arranged: Result of ``arrange``.
        entity: Name of the id column.

    Returns:
        One row per entity with ``source_refs``, a sorted list of texts.
    """
    voice = (pl.col("run") * 2 + (pl.col("channel") == "export")).alias("voice")
    heard = arranged.select(entity, "known_at", "source_ref", voice)
    return (
        heard.filter(pl.col("known_at") == pl.col("known_at").min().over("voice"))
        .group_by("voice", maintain_order=True)
        .agg(pl.first(entity), pl.min("source_ref"))
        .group_by(entity)
        .agg(pl.col("source_ref").unique().sort().alias("source_refs"))
    )
