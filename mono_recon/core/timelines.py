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
        The same rows, those of each entity together and in order, with the Int64 column ``run``: a number that is
        shared by consecutive observations of one entity in one state and by no others.
    """
    # By a hash instead of the id, and by texts in ties alone: that sorts in a third of the time.
    ordered = _in_order(observations, _number(entity), machine)
    if ordered.select((_is_new(entity) & ~_is_new(_GROUP)).any()).item():  # two entities share a hash
        ordered = _in_order(observations, pl.col(entity), machine)
    run = _is_new(entity, "state").cum_sum().cast(pl.Int64).alias("run")
    return ordered.drop(_GROUP).with_columns(run)


_GROUP = "group"


def _number(entity: str) -> pl.Expr:
    return pl.col(entity).hash()


def _is_new(*names: str) -> pl.Expr:
    """Whether a row differs from the one before it in any of some columns; the first one does."""
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in names)
    return differs | (pl.int_range(pl.len()) == 0)


def _in_order(observations: pl.DataFrame, group: pl.Expr, machine: StateMachine) -> pl.DataFrame:
    """The observations by group, which is kept in a column, and in order within it."""
    second = pl.col("occurred_at").dt.truncate("1s")
    on_whole_second = observations.filter(pl.col("occurred_at") == second).select(group.unique()).to_series()
    keys = observations.select(
        group.alias(_GROUP),
        pl.when(group.is_in(on_whole_second.implode())).then(second).otherwise("occurred_at").alias("moment"),
        pl.col("state").replace_strict(machine.ranks, default=machine.last_rank, return_dtype=pl.Int8).alias("rank"),
        pl.coalesce("event_at", "known_at").alias("told_at"),
        (pl.col("channel") == "export").alias("is_export"),
    )
    ranked = keys.with_row_index("row").sort(keys.columns)
    rows, starts = ranked["row"], ranked.select(_is_new(*keys.columns)).to_series()
    if not starts.all():
        rows = _by_source(rows, starts, observations["source_ref"])
    # Of many chunks rows are gathered ten times as slowly.
    return observations.rechunk()[rows].with_columns(ranked[_GROUP])


def _by_source(rows: pl.Series, starts: pl.Series, source_refs: pl.Series) -> pl.Series:
    """Rows of which some are equal in all that was compared, those in the order of their sources."""
    places = (~starts | ~starts.shift(-1, fill_value=True)).arg_true()
    tied = pl.DataFrame({"row": rows.gather(places), "tie": starts.cum_sum().gather(places)})
    told_apart = tied.with_columns(source_refs.gather(tied["row"])).sort("tie", source_refs.name)
    return rows.scatter(places, told_apart["row"])


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
    number = pl.col(entity).rle_id().alias("number")
    heard = arranged.select(entity, number, voice, "known_at", "source_ref")
    first = heard.sort("voice", "known_at", "source_ref").filter(_is_new("voice"))
    return (
        first.sort("number", "source_ref")
        .filter(_is_new("number", "source_ref"))
        .group_by("number", maintain_order=True)
        .agg(pl.first(entity), pl.col("source_ref").alias("source_refs"))
        .drop("number")
    )
