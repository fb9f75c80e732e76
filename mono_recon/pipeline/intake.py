"""Intake: what a portion of decoded records adds to the tables of ``raw`` and ``core``.

Here belongs the way from a merge's outcome to rows that are added and changed, and the count of what
became of every record. Each function works inside the caller's transaction.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from mono_recon.archive.decoded import CORE_TABLES, Decoded
from mono_recon.archive.pages import content_id
from mono_recon.core.exports import PAGE_COLUMNS, assign_exports
from mono_recon.core.pages import MergedPages, contested_pages, merge_pages
from mono_recon.core.records import HeldEvents, MergedEvents, contested, merge_events
from mono_recon.schemas.raw import Copies, Deliveries, ExportPages, Quarantine
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.error_pages import error_pages
from mono_recon.warehouse.held import bodies, held_events, held_pages, page_bodies

COUNTS = (
    "records_read",
    "accepted",
    "duplicates",
    "unused",
    "quarantined",
    "rows_read",
    "rows_accepted",
    "rows_quarantined",
)

_PORTION_BYTES = 64 * 1024 * 1024
_OF_EVENTS = [name for name in CORE_TABLES if "event_at" in polars_schema(CORE_TABLES[name])]


class AccountingError(RuntimeError):
    """Records were lost or counted twice: a defect of this program. Nothing of the run is written."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a portion.

    Attributes:
        counts: ``file_sha256`` and ``COUNTS`` (Int64) of each file, as far as it was in the portion.
        pages: ``core.exports.PAGE_COLUMNS`` of the pages and error pages that it adds to exports.
    """

    counts: pl.DataFrame
    pages: pl.DataFrame


def portions(chunks: Iterable[Decoded]) -> Iterator[Decoded]:
    """Chunks put together until they are worth a file in the warehouse."""
    gathered: list[Decoded] = []
    size = 0
    for chunk in chunks:
        gathered.append(chunk)
        size += int(chunk.deliveries.estimated_size() + chunk.pages.estimated_size())
        if size > _PORTION_BYTES:
            yield _combined(gathered)
            gathered, size = [], 0
    if gathered:
        yield _combined(gathered)


def take(warehouse: Warehouse, portion: Decoded, paths: pl.DataFrame, refused: pl.DataFrame) -> Taken:
    """Write what a portion adds to what is held.

    Args:
        warehouse: Open for writing, in a transaction.
        portion: Decoded records.
        paths: ``file_sha256`` and ``path`` of every file held or being read.
        refused: ``warehouse.held.refused_records`` of files that have grown: what is refused again repeats it.

    Raises:
        AccountingError: The counts of a file do not add up.
    """
    deliveries = portion.deliveries.with_row_index("record").cast({"record": pl.Int64})
    pages = portion.pages.with_row_index("record", deliveries.height).cast({"record": pl.Int64})
    events = _merge_events(warehouse, deliveries, paths)
    merged = _merge_pages(warehouse, pages, paths)
    taken_pages = pages.join(merged.new.select("record"), on="record", how="semi")
    place = ["page_id", "file_sha256", "line", "byte_offset"]
    records = portion.quarantine.filter(pl.col("page_id").is_null())
    repeated = records.join(refused, on=refused.columns, how="semi")
    quarantine = pl.concat(
        [
            records.join(refused, on=refused.columns, how="anti"),
            portion.quarantine.join(taken_pages, on=place, how="semi"),
        ]
    )
    fates = _fates(deliveries, events, pages, merged)
    core = {name: _of_new(frame, fates) for name, frame in portion.core.items()}
    errors = error_pages(quarantine.filter(pl.col("reason") == "error_response"))
    exported = assign_exports(
        pl.concat([merged.new.filter(pl.col("status") == "accepted").select(PAGE_COLUMNS), errors])
    )
    _write_events(warehouse, events)
    _write_pages(warehouse, merged, exported)
    warehouse.append(Quarantine, quarantine)
    for name, frame in core.items():
        warehouse.append(CORE_TABLES[name], frame.drop("record"))
    outcomes = [
        frame.select("file_sha256", "outcome")
        for frame in (events.outcomes, merged.outcomes, repeated.with_columns(outcome=pl.lit("duplicate")))
    ]
    counts = _counts(portion, pl.concat(outcomes), taken_pages, quarantine, core)
    return Taken(_apart(counts), _apart(exported))


def _apart(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows, sharing no memory with the portion: a few texts would keep all of it."""
    return pl.DataFrame(frame.rows(), schema=frame.schema, orient="row")


def _combined(chunks: list[Decoded]) -> Decoded:
    """Several chunks as one; positions of records count on, and those of pages begin behind all deliveries."""
    core: dict[str, list[pl.DataFrame]] = {name: [] for name in CORE_TABLES}
    delivery, page = 0, sum(chunk.deliveries.height for chunk in chunks)
    for chunk in chunks:
        offset = pl.when(pl.col("source_ref").str.starts_with("w:")).then(delivery).otherwise(page)
        for name, frame in chunk.core.items():
            core[name].append(frame.with_columns(pl.col("record") + offset))
        delivery += chunk.deliveries.height
        page += chunk.pages.height
    return Decoded(
        pl.concat([chunk.deliveries for chunk in chunks]),
        pl.concat([chunk.pages for chunk in chunks]),
        pl.concat([chunk.quarantine for chunk in chunks]),
        {name: pl.concat(frames) for name, frames in core.items()},
    )


def _merge_events(warehouse: Warehouse, deliveries: pl.DataFrame, paths: pl.DataFrame) -> MergedEvents:
    held = held_events(warehouse, deliveries)
    texts = bodies(warehouse, contested(deliveries, held))
    events = held.events.drop("body").join(texts, on="delivery_id", how="left").select(held.events.columns)
    return merge_events(deliveries, HeldEvents(events, held.copies), paths)


def _merge_pages(warehouse: Warehouse, pages: pl.DataFrame, paths: pl.DataFrame) -> MergedPages:
    held = held_pages(warehouse, pages)
    contested = contested_pages(pages, held)
    texts = [
        pages.join(contested, on=contested.columns, how="semi").select("page_id", "body"),
        page_bodies(warehouse, contested.join(held.pages, on=contested.columns, how="semi")),
    ]
    contents = pl.concat(texts).unique("page_id")
    content = pl.col("body").map_elements(content_id, pl.String).alias("content")
    return merge_pages(pages, held, contents.with_columns(content), paths)


def _fates(deliveries: pl.DataFrame, events: MergedEvents, pages: pl.DataFrame, merged: MergedPages) -> pl.DataFrame:
    """What a portion's records are, by position: ``is_new``, and the clocks of those that are events."""
    new = [events.new.select("record", "known_at", "event_at"), merged.new.select("record")]
    return (
        pl.concat([deliveries.select("record"), pages.select("record")])
        .join(pl.concat(new, how="diagonal").with_columns(is_new=True), on="record", how="left", maintain_order="left")
        .select("known_at", "event_at", pl.col("is_new").fill_null(value=False))
    )


def _of_new(frame: pl.DataFrame, fates: pl.DataFrame) -> pl.DataFrame:
    """Rows of one table of ``core`` that new events and pages give, with the clocks of the events."""
    found = fates[frame["record"]]
    clocks = [pl.coalesce(found[name], name).alias(name) for name in ("known_at", "event_at") if name in frame.columns]
    return frame.with_columns(clocks).filter(found["is_new"])


def _write_events(warehouse: Warehouse, events: MergedEvents) -> None:
    warehouse.append(Deliveries, events.new.drop("record"))
    held = events.changed.select(pl.col("held_as").alias("delivery_id"), pl.col("held_event_at").alias("event_at"))
    is_renamed = events.changed["delivery_id"] != events.changed["held_as"]
    values = events.changed.select(polars_schema(Deliveries).names())
    warehouse.update(Deliveries, held.filter(~is_renamed), values.filter(~is_renamed).drop("body"))
    warehouse.update(Deliveries, held.filter(is_renamed), values.filter(is_renamed))
    renamed = events.changed.filter(is_renamed)
    warehouse.delete(Copies, renamed.select(pl.lit("webhooks").alias("kind"), pl.col("held_as").alias("record_id")))
    warehouse.append(Copies, events.copies)
    shifted = events.changed.filter(
        is_renamed | (pl.col("known_at") != pl.col("held_known_at")) | (pl.col("event_at") != pl.col("held_event_at"))
    )
    for name in _OF_EVENTS:
        warehouse.update(
            CORE_TABLES[name],
            shifted.select(pl.format("w:{}", "held_as").alias("source_ref"), pl.col("held_known_at").alias("known_at")),
            shifted.select(pl.format("w:{}", "delivery_id").alias("source_ref"), "known_at", "event_at"),
        )


def _write_pages(warehouse: Warehouse, pages: MergedPages, exported: pl.DataFrame) -> None:
    key = ["page_id", "fetched_at"]
    named = pages.new.drop("record", "export_id").join(exported.select(*key, "export_id"), on=key, how="left")
    warehouse.append(ExportPages, named)
    is_renamed = pl.col("page_id") != pl.col("held_as")
    moved = pages.changed.filter(~is_renamed)
    warehouse.update(ExportPages, moved.select(key), moved.select("file_sha256", "line", "byte_offset"))
    _rename_pages(warehouse, pages.changed.filter(is_renamed))
    warehouse.append(Copies, pages.copies)


def _rename_pages(warehouse: Warehouse, renamed: pl.DataFrame) -> None:
    """Let pages and their rows bear another id than that they are held under."""
    held = renamed.select(pl.col("held_as").alias("page_id"), "fetched_at")
    warehouse.update(ExportPages, held, renamed.select("page_id", "file_sha256", "line", "byte_offset", "body"))
    known = held.rename({"fetched_at": "known_at"})
    warehouse.update(Quarantine, known, renamed.select("page_id"))
    warehouse.delete(Copies, known.rename({"page_id": "record_id"}).with_columns(kind=pl.lit("exports")))
    rows = renamed.with_columns(pl.int_ranges("items").alias("row")).explode("row", empty_as_null=False)
    refs = [pl.format("x:{}:{}", name, "row").alias("source_ref") for name in ("held_as", "page_id")]
    for table in CORE_TABLES.values():
        warehouse.update(table, rows.select(refs[0], pl.col("fetched_at").alias("known_at")), rows.select(refs[1]))


def _counts(
    portion: Decoded,
    outcomes: pl.DataFrame,
    taken_pages: pl.DataFrame,
    quarantine: pl.DataFrame,
    core: dict[str, pl.DataFrame],
) -> pl.DataFrame:
    """What became of the records and rows of each file."""
    refused = pl.col("page_id").is_null()
    read = [portion.deliveries, portion.pages, portion.quarantine.filter(refused)]
    rows = pl.concat([frame.select("record", "source_ref") for frame in core.values()])
    used = rows.filter(pl.col("record") >= portion.deliveries.height).unique().select("record")
    counted = [
        *(frame.select("file_sha256", count=pl.lit("records_read")) for frame in read),
        *(
            outcomes.filter(pl.col("outcome") == outcome).select("file_sha256", count=pl.lit(name))
            for outcome, name in (("accepted", "accepted"), ("duplicate", "duplicates"), ("unused", "unused"))
        ),
        quarantine.select(
            "file_sha256", count=pl.when(refused).then(pl.lit("quarantined")).otherwise(pl.lit("rows_quarantined"))
        ),
        used.join(taken_pages, on="record").select("file_sha256", count=pl.lit("rows_accepted")),
    ]
    found = pl.concat(counted).group_by("file_sha256", "count").len("number")
    on_pages = (
        taken_pages.filter(pl.col("status") == "accepted")
        .group_by("file_sha256")
        .agg(pl.lit("rows_read").alias("count"), pl.col("items").sum().alias("number"))
    )
    counts = pl.concat([found.cast({"number": pl.Int64}), on_pages]).pivot(
        "count", index="file_sha256", values="number"
    )
    return counts.select(
        "file_sha256",
        *(pl.col(name).fill_null(0) if name in counts.columns else pl.lit(0, pl.Int64).alias(name) for name in COUNTS),
    )
