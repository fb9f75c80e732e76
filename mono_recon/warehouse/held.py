"""What the warehouse holds already of the records that an ingest brings.

Here belong the questions that merging asks before it writes. Each is bounded by the clocks of the
records asked about, so that files of other days are skipped; what a report reads is in ``reading``.
"""

import polars as pl

from mono_recon.core.exports import PAGE_COLUMNS, question
from mono_recon.core.pages import HeldPages
from mono_recon.core.records import KEY, HeldEvents
from mono_recon.warehouse.connect import Warehouse

_HEADS = "SELECT held.* REPLACE (NULL::VARCHAR AS body) FROM mono.raw.deliveries AS held"
_PAGES = ", ".join(name for name in PAGE_COLUMNS)

_ITEMS = (
    ("transfer_observations", "transfer_id"),
    ("collection_observations", "intent_id"),
    ("collection_links", "link_id"),
    ("accounts", "account_id"),
    ("balances", "account_id"),
    ("banks", "code"),
    ("ledger_transactions", "ledger_transaction_id"),
)


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
    used = warehouse.query(
        f"{_HEADS} SEMI JOIN incoming ON held.event_type = incoming.event_type"
        " AND held.subject_id = incoming.subject_id AND held.state IS NOT DISTINCT FROM incoming.state"
        " AND held.occurred_at = incoming.occurred_at WHERE held.status = 'accepted'",
        incoming=incoming.filter(pl.col("status") == "accepted").select(KEY),
    )
    unused = warehouse.query(
        f"{_HEADS} SEMI JOIN incoming ON held.delivery_id = incoming.delivery_id"
        " AND held.event_at = incoming.event_at WHERE held.status = 'unused'",
        incoming=incoming.filter(pl.col("status") == "unused").select("delivery_id", "event_at"),
    )
    events = pl.concat([used, unused])
    several = events.filter(pl.col("copies") > 1).select("delivery_id", "known_at")
    copies = warehouse.query(
        "SELECT held.* FROM mono.raw.copies AS held SEMI JOIN several ON held.record_id = several.delivery_id"
        " WHERE held.kind = 'webhooks' AND held.known_at >= (SELECT min(known_at) FROM several)",
        several=several,
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
    return warehouse.query(
        "SELECT held.delivery_id, held.body FROM mono.raw.deliveries AS held"
        " SEMI JOIN events ON held.delivery_id = events.delivery_id AND held.event_at = events.event_at",
        events=events,
    )


def held_pages(warehouse: Warehouse, incoming: pl.DataFrame) -> HeldPages:
    """The pages that page records may repeat.

    Args:
        warehouse: Where to look.
        incoming: ``page_id`` and ``fetched_at`` of each record.
    """
    columns = "SELECT held.page_id, held.fetched_at, held.file_sha256, held.line, held.byte_offset"
    timed = incoming.select("page_id", "fetched_at").drop_nulls("fetched_at")
    timeless = incoming.filter(pl.col("fetched_at").is_null()).select("page_id")
    pages = pl.concat(
        [
            warehouse.query(
                f"{columns} FROM mono.raw.export_pages AS held SEMI JOIN incoming USING (page_id, fetched_at)",
                incoming=timed,
            ),
            warehouse.query(
                f"{columns} FROM mono.raw.export_pages AS held SEMI JOIN incoming USING (page_id)"
                " WHERE held.fetched_at IS NULL",
                incoming=timeless,
            ),
        ]
    )
    copies = warehouse.query(
        "SELECT held.* FROM mono.raw.copies AS held"
        " SEMI JOIN incoming ON held.record_id = incoming.page_id AND held.known_at = incoming.fetched_at"
        " WHERE held.kind = 'exports'",
        incoming=timed,
    )
    return HeldPages(pages, copies)


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


def page_items(warehouse: Warehouse, pages: pl.DataFrame) -> pl.DataFrame:
    """The ids on some pages, of refused rows too.

    Args:
        warehouse: Where to look.
        pages: ``page_id`` and ``fetched_at`` (not null).

    Returns:
        ``page_id``, ``fetched_at`` and ``item_id``, one row per id and page.
    """
    rows = [
        f"SELECT split_part(source_ref, ':', 2) AS page_id, known_at AS fetched_at, {item} AS item_id"  # noqa: S608  names above
        f" FROM mono.core.{table} WHERE source_ref LIKE 'x:%'"
        for table, item in _ITEMS
    ]
    rows.append("SELECT page_id, known_at AS fetched_at, subject_id AS item_id FROM mono.raw.quarantine")
    selects = [f"({row}) SEMI JOIN pages USING (page_id, fetched_at)" for row in rows]
    union = " UNION ".join(f"SELECT page_id, fetched_at, item_id FROM {select}" for select in selects)  # noqa: S608  as above
    return warehouse.query(union, pages=pages.select("page_id", "fetched_at"))
