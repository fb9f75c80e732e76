"""What the warehouse holds already of the records that an ingest brings.

Here belong the questions that merging asks before it writes. Each is bounded by the clocks of the
records asked about, so that files of other days are skipped; what a report reads is in ``reading``.
"""

import polars as pl

from mono_recon.core.exports import PAGE_COLUMNS, question
from mono_recon.core.pages import LIKE, HeldPages
from mono_recon.core.records import KEY, HeldEvents
from mono_recon.schemas.raw import Copies, Deliveries, ExportPages
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.items import PAGE_ITEMS

_HEADS = "SELECT held.* REPLACE (NULL::VARCHAR AS body) FROM mono.raw.deliveries AS held"
_PAGES = ", ".join(name for name in PAGE_COLUMNS)


def held_files(warehouse: Warehouse) -> pl.DataFrame:
    """Columns of ``raw.files``, and ``is_readable``: false where the file could not be read to its end."""
    return warehouse.query(
        "SELECT *, file_sha256 NOT IN"
        " (SELECT file_sha256 FROM mono.raw.quarantine WHERE reason = 'unreadable_file') AS is_readable"
        " FROM mono.raw.files"
    )


def held_events(warehouse: Warehouse, incoming: pl.DataFrame) -> HeldEvents:
    """The events that records may belong to, without their bodies.

    Args:
        warehouse: Where to look.
        incoming: Columns of ``raw.deliveries``.
    """
    used = _look_up(
        warehouse,
        f"{_HEADS} SEMI JOIN keys ON held.event_type = keys.event_type AND held.subject_id = keys.subject_id"
        " AND held.state IS NOT DISTINCT FROM keys.state AND held.occurred_at = keys.occurred_at"
        " WHERE held.status = 'accepted'",
        incoming.filter(pl.col("status") == "accepted").select(KEY),
        polars_schema(Deliveries),
    )
    unused = incoming.filter(pl.col("status") == "unused")
    named = _look_up(
        warehouse,
        f"{_HEADS} SEMI JOIN keys USING (event_type, subject_id) WHERE held.status = 'unused'",
        unused.select("event_type", "subject_id").drop_nulls(),
        polars_schema(Deliveries),
    )
    nameless = _look_up(
        warehouse,
        f"{_HEADS} SEMI JOIN keys USING (delivery_id, event_at) WHERE held.status = 'unused'",
        unused.filter(pl.col("subject_id").is_null()).select("delivery_id", "event_at"),
        polars_schema(Deliveries),
    )
    events = pl.concat([used, named, nameless])
    copies = _look_up(
        warehouse,
        "SELECT held.* FROM mono.raw.copies AS held SEMI JOIN keys ON held.record_id = keys.delivery_id"
        " WHERE held.kind = 'webhooks' AND held.known_at >= (SELECT min(known_at) FROM keys)",
        events.filter(pl.col("copies") > 1).select("delivery_id", "known_at"),
        polars_schema(Copies),
    )
    return HeldEvents(events, copies)


def bodies(warehouse: Warehouse, events: pl.DataFrame) -> pl.DataFrame:
    """Bodies of held events.

    Args:
        warehouse: Where to look.
        events: ``delivery_id`` and ``event_at`` of each.

    Returns:
        ``delivery_id`` and ``body``.
    """
    return _look_up(
        warehouse,
        "SELECT held.delivery_id, held.body FROM mono.raw.deliveries AS held"
        " SEMI JOIN keys ON held.delivery_id = keys.delivery_id AND held.event_at = keys.event_at",
        events,
        pl.Schema({"delivery_id": pl.String(), "body": pl.String()}),
    )


def held_pages(warehouse: Warehouse, incoming: pl.DataFrame) -> HeldPages:
    """The pages that page records may repeat.

    Args:
        warehouse: Where to look.
        incoming: Columns of ``raw.export_pages``.
    """
    names = ["page_id", *LIKE, "file_sha256", "line", "byte_offset"]
    columns = f"SELECT {', '.join(f'held.{name}' for name in names)} FROM mono.raw.export_pages AS held"  # noqa: S608  names of contracts
    heads = pl.Schema({name: polars_schema(ExportPages)[name] for name in names})
    timed, *others = LIKE
    alike = " AND ".join(f"held.{name} IS NOT DISTINCT FROM keys.{name}" for name in others)
    with_time = _look_up(
        warehouse,
        f"{columns} SEMI JOIN keys ON held.{timed} = keys.{timed} AND {alike}",
        incoming.select(LIKE).drop_nulls(timed),
        heads,
    )
    without_time = _look_up(
        warehouse,
        f"{columns} SEMI JOIN keys USING (page_id) WHERE held.fetched_at IS NULL",
        incoming.filter(pl.col("fetched_at").is_null()).select("page_id"),
        heads,
    )
    copies = _look_up(
        warehouse,
        "SELECT held.* FROM mono.raw.copies AS held"
        " SEMI JOIN keys ON held.record_id = keys.page_id AND held.known_at = keys.fetched_at"
        " WHERE held.kind = 'exports'",
        with_time.select("page_id", "fetched_at"),
        polars_schema(Copies),
    )
    return HeldPages(pl.concat([with_time, without_time]), copies)


def page_bodies(warehouse: Warehouse, pages: pl.DataFrame) -> pl.DataFrame:
    """Bodies of held pages.

    Args:
        warehouse: Where to look.
        pages: ``page_id`` and ``fetched_at`` (not null) of each.

    Returns:
        ``page_id`` and ``body``.
    """
    return _look_up(
        warehouse,
        "SELECT held.page_id, held.body FROM mono.raw.export_pages AS held SEMI JOIN keys USING (page_id, fetched_at)",
        pages,
        pl.Schema({"page_id": pl.String(), "body": pl.String()}),
    )


def export_pages(warehouse: Warehouse, like: pl.DataFrame) -> pl.DataFrame:
    """All accepted pages of the questions that some pages answer.

    Args:
        warehouse: Where to look.
        like: ``declared_export_id``, ``request_key`` and ``resource`` of pages or error pages.

    Returns:
        ``core.exports.PAGE_COLUMNS`` of every page with the same declared export, else with the same
        request key, else of the same resource.
    """
    return warehouse.query(
        f"SELECT {_PAGES} FROM mono.raw.export_pages AS held SEMI JOIN asked"  # noqa: S608  columns of the contract
        " ON coalesce(declared_export_id, request_key, resource || '?') = asked.question"
        " WHERE status = 'accepted'",
        asked=like.select(question()).unique(),
    )


def error_records(warehouse: Warehouse, subjects: pl.DataFrame) -> pl.DataFrame:
    """Columns of ``raw.quarantine`` of the error pages of some exports.

    Args:
        warehouse: Where to look.
        subjects: ``subject_id``: declared export ids and request keys.
    """
    return warehouse.query(
        "SELECT held.* FROM mono.raw.quarantine AS held SEMI JOIN subjects USING (subject_id)"
        " WHERE held.reason = 'error_response'",
        subjects=subjects,
    )


def refused_records(warehouse: Warehouse, paths: pl.DataFrame) -> pl.DataFrame:
    """Whole records that were refused in what some files held before; damage of a file is none of them.

    Args:
        warehouse: Where to look.
        paths: ``path`` of each file.

    Returns:
        ``path``, ``line``, ``byte_offset`` and ``raw_sha256``.
    """
    return _look_up(
        warehouse,
        "SELECT held.path, held.line, held.byte_offset, held.raw_sha256 FROM mono.raw.quarantine AS held"
        " SEMI JOIN keys USING (path) WHERE held.page_id IS NULL AND held.reason <> 'unreadable_file'",
        paths,
        pl.Schema({"path": pl.String(), "line": pl.Int64(), "byte_offset": pl.Int64(), "raw_sha256": pl.String()}),
    )


def count_page_items(warehouse: Warehouse, pages: pl.DataFrame) -> pl.DataFrame:
    """How many ids are in each export, those of refused rows included.

    They are counted where they lie: a list of them would be as long as the exports.

    Args:
        warehouse: Where to look.
        pages: ``core.exports.answered`` of the exports.

    Returns:
        ``export_id``, ``request_key`` and ``items``.
    """
    return warehouse.query(
        "SELECT export_id, request_key, count(DISTINCT item_id) AS items"  # noqa: S608  a text of ours
        f" FROM ({PAGE_ITEMS}) JOIN pages USING (page_id, fetched_at) GROUP BY ALL",
        pages=pages,
    )


def _look_up(warehouse: Warehouse, sql: str, keys: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """What is held under some keys; nothing is asked where there are none."""
    return schema.to_frame() if keys.is_empty() else warehouse.query(sql, keys=keys).select(schema.names())
