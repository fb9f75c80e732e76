"""Webhook records that carry one event are one event, however often and in whatever form they came.

Here belongs which records are the same event and what the event takes from each of them. The result
depends on the set of records alone: not on their order, nor on how they are packed into files and
runs. Pages are merged in ``pages``.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from operator import itemgetter

import polars as pl

from mono_recon.schemas.raw import Copies, Deliveries
from mono_recon.schemas.table import polars_schema

KEY = ("event_type", "subject_id", "state", "occurred_at")
"""Equal in all statements of one event; only their content decides whether they are one.

Of an event that is not used the last two are null: its content holds them if it has them.
"""

SIGNATURE_RANK = {"verified": 0, "no_secret": 1, "no_header": 2, "malformed_header": 3, "unverifiable": 4}

_EVENT = (*KEY, "status")
_PLACE = ("file_sha256", "line", "byte_offset")
_COPY = ("known_at", "known_at_source", "event_at", "signature_status", "secret_name", "body", *_PLACE)
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])


@dataclass(frozen=True, slots=True)
class HeldEvents:
    """What is held of the events that a set of records may belong to.

    Attributes:
        events: Columns of ``raw.deliveries``; ``body`` may be null where ``contested`` does not ask for it.
        copies: Their rows of ``raw.copies``.
    """

    events: pl.DataFrame
    copies: pl.DataFrame


@dataclass(frozen=True, slots=True)
class MergedEvents:
    """What a set of records adds to the events held.

    Attributes:
        new: Columns of ``raw.deliveries`` and ``record`` (Int64): whose rows of ``core`` are taken.
        changed: Columns of ``raw.deliveries`` with ``held_as``, ``held_known_at`` and
            ``held_event_at``: what the event is found by now. ``body`` matters only where
            ``delivery_id`` is not ``held_as``.
        copies: Rows to add to ``raw.copies``; those of an event that is held under another id now
            replace its earlier ones.
        outcomes: One row per record given: ``record``, ``file_sha256`` and ``outcome`` (accepted,
            unused or duplicate).
    """

    new: pl.DataFrame
    changed: pl.DataFrame
    copies: pl.DataFrame
    outcomes: pl.DataFrame


def contested(incoming: pl.DataFrame, held: HeldEvents) -> pl.DataFrame:
    """Held events whose bodies must be known: other bytes claim to be the same event.

    Args:
        incoming: Columns of ``raw.deliveries`` and ``record`` (Int64).
        held: The events that these may belong to.

    Returns:
        ``delivery_id`` and ``event_at`` of those events.
    """
    if held.events.is_empty():
        return held.events.select("delivery_id", "event_at")
    doubtful = incoming.filter(~_is_single(incoming, held))
    ids = _is_contested(_keyed(doubtful, held)).get_column("held_as").drop_nulls().unique()
    return held.events.filter(pl.col("delivery_id").is_in(ids.implode())).select("delivery_id", "event_at")


def merge_events(incoming: pl.DataFrame, held: HeldEvents, paths: pl.DataFrame) -> MergedEvents:
    """Decide for each record whether it is a new event or repeats one, and what events become.

    Two records are one event, used or not, if their bodies are equal, or if their semantic keys are and
    so is ``event.data`` once parsed. A copy with raw bytes represents the event before one without, then
    the earliest known, then the smallest id; clocks are the earliest and the signature the best of
    all copies; the place is that of the earliest known, then the first path and line.

    Args:
        incoming: Columns of ``raw.deliveries`` (copies 1) and ``record`` (Int64), its position.
        held: The events that these may belong to, with the bodies that ``contested`` asks for.
        paths: ``file_sha256`` and ``path`` of every file that is named in the other two.
    """
    is_single = _is_single(incoming, held)
    single = incoming.filter(is_single)
    several = _merge_several(incoming.filter(~is_single), held, paths)
    outcomes = single.select("record", "file_sha256", pl.col("status").alias("outcome"))
    return replace(
        several,
        new=pl.concat([single.select(several.new.columns), several.new]),
        outcomes=pl.concat([outcomes, several.outcomes]).sort("record"),
    )


def _is_single(incoming: pl.DataFrame, held: HeldEvents) -> pl.Series:
    """Which records are the only one of their event; nearly all are, and need no closer look."""
    keys = incoming.select(_key("delivery_id")).to_series()
    return ~keys.is_duplicated() & ~keys.is_in(held.events.select(_key("delivery_id")).to_series().implode())


def _merge_several(incoming: pl.DataFrame, held: HeldEvents, paths: pl.DataFrame) -> MergedEvents:
    records = _with_event(_keyed(incoming, held)).join(paths, on="file_sha256", how="left")
    touched = records.filter(pl.col("record").is_not_null().any().over("event"))
    events = _represent(touched)
    joined = touched.join(events.select("event", "delivery_id", "copies"), on="event")
    columns = list(polars_schema(Deliveries))
    return MergedEvents(
        new=events.filter(pl.col("held_as").is_null()).select(*columns, "record"),
        changed=events.filter(pl.col("held_as").is_not_null())
        .join(
            held.events.select(
                pl.col("delivery_id").alias("held_as"),
                pl.col("known_at").alias("held_known_at"),
                pl.col("event_at").alias("held_event_at"),
            ),
            on="held_as",
        )
        .select(*columns, "held_as", "held_known_at", "held_event_at"),
        copies=_copies(joined),
        outcomes=_outcomes(touched),
    )


def _keyed(incoming: pl.DataFrame, held: HeldEvents) -> pl.DataFrame:
    """All records, given and held, one row each, with the ``key`` that equal events share."""
    given = incoming.select(
        *_EVENT,
        *_COPY,
        "record",
        pl.col("delivery_id").alias("copy_id"),
        pl.lit(None, pl.String).alias("held_as"),
        pl.lit(value=False).alias("is_stored"),
    )
    alone = held.events.filter(pl.col("copies") == 1).select(
        *_EVENT,
        *_COPY,
        pl.lit(None, pl.Int64).alias("record"),
        pl.col("delivery_id").alias("copy_id"),
        pl.col("delivery_id").alias("held_as"),
        pl.lit(value=False).alias("is_stored"),
    )
    several = held.copies.join(
        held.events.select(*_EVENT, pl.col("delivery_id").alias("record_id"), pl.col("body").alias("held_body")),
        on="record_id",
    ).select(
        *_EVENT,
        *(pl.coalesce("body", "held_body").alias("body") if name == "body" else name for name in _COPY),
        pl.lit(None, pl.Int64).alias("record"),
        "copy_id",
        pl.col("record_id").alias("held_as"),
        pl.lit(value=True).alias("is_stored"),
    )
    return pl.concat([given, alone, several]).with_columns(_key("copy_id"))


def _key(copy_id: str) -> pl.Expr:
    """What is equal in all records of one event, as a text; of an event without a subject the id of its bytes."""
    semantic = pl.concat_str(
        [pl.col(name).cast(pl.Int64 if name == "occurred_at" else pl.String).cast(pl.String) for name in KEY],
        separator="|",
        ignore_nulls=True,
    )
    return pl.when(pl.col("subject_id").is_not_null()).then(semantic).otherwise(copy_id).alias("key")


def _is_contested(records: pl.DataFrame) -> pl.DataFrame:
    return records.filter(pl.col("copy_id").n_unique().over("key") > 1)


def _with_event(records: pl.DataFrame) -> pl.DataFrame:
    """Name the event of each record: its key, and its content where the key alone does not decide."""
    bodies = _is_contested(records).select("copy_id", "body").unique("copy_id")
    content = bodies.select("copy_id", pl.col("body").map_elements(_content, pl.String).alias("content"))
    return records.join(content, on="copy_id", how="left").with_columns(
        pl.concat_str("key", "content", separator=" ", ignore_nulls=True).alias("event")
    )


def _content(body: str) -> str:
    """SHA-256 of ``event.data`` without regard to the order of keys or the spelling of texts and numbers."""
    parsed = json.loads(body, parse_int=_number, parse_float=_number, object_pairs_hook=_sorted)
    return hashlib.sha256(repr(parsed["event"]["data"]).encode()).hexdigest()


def _number(text: str) -> Decimal:
    return _EXACT.create_decimal(text).normalize(_EXACT)


def _sorted(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(sorted(pairs, key=itemgetter(0)))


def _represent(records: pl.DataFrame) -> pl.DataFrame:
    """One row per event: what it takes from each of its records."""
    is_alone = pl.len().over("event") == 1
    alone = records.filter(is_alone).with_columns(
        pl.col("copy_id").alias("delivery_id"), pl.lit(1, pl.Int64).alias("copies")
    )
    several = _represent_several(records.filter(~is_alone))
    return pl.concat([alone.select(several.columns), several])


def _represent_several(records: pl.DataFrame) -> pl.DataFrame:
    ranked = records.with_columns(
        (pl.col("signature_status") == "unverifiable").alias("is_parsed"),
        pl.col("signature_status").replace_strict(SIGNATURE_RANK, return_dtype=pl.Int64).alias("rank"),
    )
    representative = ("is_parsed", "known_at", "copy_id", "record")
    place = ("known_at", "path", "line", "file_sha256")
    return ranked.group_by("event", maintain_order=True).agg(
        _first("copy_id", *representative).alias("delivery_id"),
        *(_first(name, *representative) for name in (*_EVENT, "body", "record")),
        pl.col("known_at", "event_at").min(),
        # Where two clocks agree, the one read at arrival is named; its name is the greater.
        pl.col("known_at_source").filter(pl.col("known_at") == pl.col("known_at").min()).max(),
        *(_first(name, "rank", "known_at", "secret_name") for name in ("signature_status", "secret_name")),
        *(_first(name, *place) for name in _PLACE),
        pl.len().cast(pl.Int64).alias("copies"),
        pl.col("held_as").drop_nulls().first(),
    )


def _first(column: str, *order: str) -> pl.Expr:
    return pl.col(column).sort_by(*order, nulls_last=True).first()


def _copies(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``raw.copies`` that are not stored yet, or are stored under an id that holds no longer."""
    is_other = pl.col("copy_id") != pl.col("delivery_id")
    is_outdated = (pl.col("held_as").drop_nulls().first() != pl.col("delivery_id").first()).over("event")
    return (
        records.filter(pl.col("copies") > 1, ~pl.col("is_stored") | is_outdated.fill_null(value=False))
        .select(
            pl.lit("webhooks").alias("kind"),
            pl.col("delivery_id").alias("record_id"),
            *(pl.when(is_other).then("body").alias("body") if name == "body" else name for name in _COPY),
            "copy_id",
        )
        .select(list(polars_schema(Copies)))
    )


def _outcomes(records: pl.DataFrame) -> pl.DataFrame:
    """The first record given of an event that was not held is the event; all others repeat it."""
    is_first = (pl.col("record") == pl.col("record").min()).over("event")
    is_new = pl.col("held_as").is_null().all().over("event")
    outcome = pl.when(is_first & is_new).then("status").otherwise(pl.lit("duplicate"))
    return records.select("record", "file_sha256", outcome.alias("outcome")).drop_nulls("record").sort("record")
