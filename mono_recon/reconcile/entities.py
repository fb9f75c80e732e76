"""Entities with two channels, and what is known of them: transfers and collections alike.

Here belongs the split between the facts of a date (statements about what happened before its
cut-off) and everything known by the as-of. Which break follows belongs to the break families.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from mono_recon.core.states import COLLECTION, TRANSFER, StateMachine
from mono_recon.core.timelines import arrange, created_first, first_known, runs
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.parts import compacted


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entity that both channels speak of.

    Attributes:
        subject_type: Its name as the subject of a break.
        id_column: The column that holds its id.
        machine: Its states.
        announced: States that have a webhook of their own.
        exported: States at the cut-off that an export must confirm.
        payee_columns: Columns that say where the money goes, compared as text.
    """

    subject_type: str
    id_column: str
    machine: StateMachine
    announced: tuple[str, ...]
    exported: tuple[str, ...]
    payee_columns: tuple[str, ...]


TRANSFERS = Kind(
    "transfer",
    "transfer_id",
    TRANSFER,
    announced=("approved", "declined"),
    exported=("approved", "declined", "cancelled"),
    payee_columns=("payee_bank_code", "payee_account_number", "payee_document_number"),
)
COLLECTIONS = Kind(
    "collection",
    "intent_id",
    COLLECTION,
    announced=("account_credited", "failed"),
    exported=("account_credited", "failed"),
    payee_columns=(),
)


@dataclass(frozen=True, slots=True)
class ExportFeed:
    """What the exports prove as of the report.

    Attributes:
        exports: Rows of ``raw.exports`` for one resource, as of the report.
        appearances: ``subject_id`` and ``started_at`` (UTC): the exports each entity appears in,
            refused rows included, since a row that could not be read is not absent.
    """

    exports: pl.DataFrame
    appearances: pl.DataFrame

    def about(self, ids: pl.Series) -> "ExportFeed":
        """What they prove of some entities."""
        return replace(self, appearances=self.appearances.filter(pl.col("subject_id").is_in(ids.implode())))


@dataclass(frozen=True, slots=True)
class EntityFacts:
    """All statements about one kind of entity, seen from one date and as-of.

    Attributes:
        kind: Which entities.
        known: Every observation known by the as-of, arranged.
        stated: Those of what happened before the cut-off, arranged: the facts of the date.
        timeline: Runs of ``stated``; the first one follows ``created``.
        history: Runs of ``known``, for what is asked about another moment than the cut-off.
        lines: One row per entity known, with its attributes; ``state_at_cutoff`` is null where it
            did not exist before the cut-off.
        latest: One row per entity known, with the attributes that a movement of money has, as of the
            report instead of the cut-off: what a balance shows may have happened after it.
        feed: What the exports prove.
    """

    kind: Kind
    known: pl.DataFrame
    stated: pl.DataFrame
    timeline: pl.DataFrame
    history: pl.DataFrame
    lines: pl.DataFrame
    latest: pl.DataFrame
    feed: ExportFeed

    def about(self, ids: pl.Series) -> "EntityFacts":
        """The facts of some entities alone."""
        wanted = pl.col(self.kind.id_column).is_in(ids.implode())
        known, timeline = self.known.filter(wanted), self.timeline.filter(wanted)
        return EntityFacts(
            self.kind,
            known=known,
            stated=known if self.stated is self.known else self.stated.filter(wanted),
            timeline=timeline,
            history=timeline if self.history is self.timeline else self.history.filter(wanted),
            lines=self.lines.filter(wanted),
            latest=self.latest.filter(wanted),
            feed=self.feed.about(ids),
        )


def without_observations(facts: EntityFacts) -> EntityFacts:
    """Facts that hold no longer what they were made from, which takes most of a large date's memory."""
    timeline, lines = compacted(facts.timeline), compacted(facts.lines)
    return replace(
        facts,
        known=facts.known.clear(),
        stated=facts.stated.clear(),
        timeline=timeline,
        history=timeline if facts.history is facts.timeline else compacted(facts.history),
        lines=lines,
        latest=lines.select(facts.latest.columns) if facts.stated is facts.known else compacted(facts.latest),
    )


def gather(parts: Sequence[EntityFacts]) -> EntityFacts:
    """The facts of a date taken in parts, each without the observations that it was made from.

    Runs keep their numbers, which tell runs of one entity apart and no more. Lines are in the order of their ids; the
    parts give theirs away, since both together would be most of what a large date holds.
    """
    first = parts[0]
    return EntityFacts(
        first.kind,
        known=first.known,
        stated=first.stated,
        timeline=pl.concat(part.timeline for part in parts),
        history=pl.concat(part.history for part in parts),
        lines=_in_order([part.lines for part in parts], first.kind.id_column),
        latest=pl.concat(part.latest for part in parts),
        feed=first.feed,
    )


def _in_order(lines: Sequence[pl.DataFrame], key: str) -> pl.DataFrame:
    """Lines by their ids, taken column by column out of the frames they come in."""
    ids = pl.concat(frame.select(key) for frame in lines).with_row_index()
    # By two columns, as Polars sorts texts alone in twice the time.
    order = ids.select(pl.arg_sort_by(key, "index")).to_series()
    return pl.DataFrame(
        [pl.concat(frame.drop_in_place(name) for frame in lines).gather(order) for name in lines[0].columns]
    )


def arrange_both(
    observations: pl.DataFrame, entity: str, machine: StateMachine, context: Context
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All observations arranged, and arranged by themselves those of what happened before the cut-off."""
    known = arrange(observations, entity, machine)
    before = observations.filter(pl.col("occurred_at") < context.end)
    return known, known if before.height == observations.height else arrange(before, entity, machine)


@dataclass(frozen=True, slots=True)
class Division:
    """Statements about one kind of entity, in order.

    Attributes:
        kind: Which entities.
        known: As in ``EntityFacts``; so are ``stated``, ``timeline`` and ``history``.
        unstated: The first observation of each entity of which nothing was stated before the cut-off.
    """

    kind: Kind
    known: pl.DataFrame
    stated: pl.DataFrame
    timeline: pl.DataFrame
    history: pl.DataFrame
    unstated: pl.DataFrame


def divide(observations: pl.DataFrame, kind: Kind, context: Context) -> Division:
    """Arrange what is known, and what of it are the facts of the date."""
    key = kind.id_column
    known, stated = arrange_both(observations, key, kind.machine, context)
    timeline = created_first(runs(stated, key))
    if stated is known:
        return Division(kind, known, stated, timeline, timeline, known.clear())
    later = known.join(stated.select(key), on=key, how="anti", maintain_order="left")
    unstated = later.unique(key, keep="first", maintain_order=True)
    return Division(kind, known, stated, timeline, created_first(runs(known, key)), unstated)


def attributes(divided: Division, columns: tuple[str, ...]) -> pl.DataFrame:
    """The value of each attribute that a line shows once: the last stated before the cut-off that is not null.

    An entity of which nothing was stated before the cut-off has the attributes of its first
    observation.

    Returns:
        One row per entity: its id, ``columns``, ``created_at``, ``first_amount_minor``,
        ``state_latest`` and ``is_stated``.
    """
    key = divided.kind.id_column
    known = divided.known.group_by(key, maintain_order=True).agg(
        pl.min("inserted_at").alias("created_at"),
        pl.first("amount_minor").alias("first_amount_minor"),
        pl.last("state").alias("state_latest"),
    )
    last = divided.stated.group_by(key, maintain_order=True).agg(
        *(pl.col(name).last(ignore_nulls=True) for name in columns), pl.lit(value=True).alias("is_stated")
    )
    first = divided.unstated.select(key, *columns, pl.lit(value=False).alias("is_stated"))
    return known.join(pl.concat([last, first]), on=key, how="left", maintain_order="left")


def latest(divided: Division, lines: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """The last value known that is not null of each attribute, whenever it was stated.

    Args:
        divided: All statements.
        lines: One row per entity with its attributes, which are these where nothing was stated after the cut-off.
        columns: The attributes.

    Returns:
        One row per entity: its id, ``columns`` and ``created_at``.
    """
    key = divided.kind.id_column
    if divided.stated is divided.known:
        return lines.select(key, *columns, "created_at")
    return divided.known.group_by(key, maintain_order=True).agg(
        *(pl.col(name).last(ignore_nulls=True) for name in columns), pl.min("inserted_at").alias("created_at")
    )


def state_columns(stated: pl.DataFrame, timeline: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """States just before the cut-off, by timeline and by channel.

    Returns:
        One row per stated entity: its id, ``run_state`` and ``state_since`` of the run in force,
        ``state_webhook`` and ``state_export``.
    """
    key = kind.id_column
    in_force = timeline.filter("is_last").select(
        key, pl.col("state").alias("run_state"), pl.col("started_at").alias("state_since")
    )
    by_channel = stated.group_by(key).agg(
        pl.col("state").filter(pl.col("channel") == channel).last().alias(f"state_{channel}")
        for channel in ("webhook", "export")
    )
    return in_force.join(by_channel, on=key, how="left")


def sources(divided: Division) -> pl.DataFrame:
    """The sources of each line: of an entity of which nothing was stated before the cut-off its first observation.

    Returns:
        One row per entity: its id and ``source_refs``.
    """
    return pl.concat(first_known(frame, divided.kind.id_column) for frame in (divided.stated, divided.unstated))
