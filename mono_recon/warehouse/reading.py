"""What a report reads from the warehouse: everything known at one instant, and nothing later.

Here belong the questions put to ``raw`` and ``core``. What is concluded from the answers belongs to
``reconcile``.
"""

from datetime import datetime

import polars as pl

from mono_recon.core.exports import PAGE_COLUMNS, assign_exports, describe_exports
from mono_recon.core.knowledge import as_known
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.schemas import core
from mono_recon.schemas.table import Table, polars_schema, schema_name, table_name
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.error_pages import error_pages


def read_day(warehouse: Warehouse, context: Context) -> DayInputs:
    """Everything that the report of a date rests on.

    Args:
        warehouse: The warehouse, open for reading at least.
        context: Date, as-of and settings.
    """
    known = context.as_of
    copies = _copies(warehouse, known)
    transfers = as_known(_known(warehouse, core.TransferObservations, known), copies, known)
    collections = as_known(_known(warehouse, core.CollectionObservations, known), copies, known)
    pages = assign_exports(_pages(warehouse, known))
    items = _items(warehouse, known)
    return DayInputs(
        transfers=transfers,
        batches=as_known(_known(warehouse, core.BatchObservations, known), copies, known),
        credits=as_known(_known(warehouse, core.AccountCredits, known), copies, known),
        collections=collections,
        accounts=_known(warehouse, core.Accounts, known),
        balances=_known(warehouse, core.Balances, known),
        adjustments=warehouse.query("SELECT * FROM mono.core.adjustments WHERE decided_at <= $k", {"k": known}),
        exports=_exports(pages, items),
        appearances=_appearances(pages, items),
        arrivals=_arrivals(warehouse, context),
        refusals=_refusals(warehouse, context),
        intake=_intake(warehouse, context),
    )


def first_known(warehouse: Warehouse, as_of: datetime) -> datetime | None:
    """When the earliest delivery was known; without any the earliest thing that Mono says it created."""
    since: datetime | None = warehouse.query(
        """
        SELECT coalesce(
            (SELECT min(known_at) FROM mono.raw.deliveries WHERE known_at <= $k),
            least(
                (SELECT min(inserted_at) FROM mono.core.transfer_observations WHERE known_at <= $k),
                (SELECT min(inserted_at) FROM mono.core.collection_observations WHERE known_at <= $k)
            )
        ) AS since
        """,
        {"k": as_of},
    ).item()
    return since


def last_known(warehouse: Warehouse) -> datetime | None:
    """The greatest instant at which anything became known or was decided."""
    latest: datetime | None = warehouse.query(
        """
        SELECT max(moment) FROM (
            SELECT max(known_at) AS moment FROM mono.raw.deliveries
            UNION ALL SELECT max(known_at) FROM mono.raw.copies
            UNION ALL SELECT max(fetched_at) FROM mono.raw.export_pages
            UNION ALL SELECT max(known_at) FROM mono.raw.quarantine
            UNION ALL SELECT max(decided_at) FROM mono.core.resolutions
            UNION ALL SELECT max(decided_at) FROM mono.core.adjustments
        )
        """
    ).item()
    return latest


def _known(warehouse: Warehouse, table: type[Table], as_of: datetime) -> pl.DataFrame:
    name = f"mono.{schema_name(table)}.{table_name(table)}"
    found = warehouse.query(f"SELECT * FROM {name} WHERE known_at <= $k", {"k": as_of})  # noqa: S608  a contract's name
    return found.select(list(polars_schema(table)))


def _copies(warehouse: Warehouse, as_of: datetime) -> pl.DataFrame:
    """Copies of the events of which some copy was not known yet."""
    return warehouse.query(
        """
        SELECT record_id, copy_id, known_at, event_at, signature_status FROM mono.raw.copies
        WHERE kind = 'webhooks' AND record_id IN (SELECT record_id FROM mono.raw.copies WHERE known_at > $k)
        """,
        {"k": as_of},
    )


def _pages(warehouse: Warehouse, as_of: datetime) -> pl.DataFrame:
    """Accepted pages, and those that Mono answered with an error: both count for completeness."""
    accepted = warehouse.query(
        "SELECT * EXCLUDE (body) FROM mono.raw.export_pages WHERE status = 'accepted' AND fetched_at <= $k",
        {"k": as_of},
    )
    refused = warehouse.query(
        """
        SELECT subject_id, row_index, known_at, raw, raw_sha256 FROM mono.raw.quarantine
        WHERE reason = 'error_response' AND known_at <= $k
        """,
        {"k": as_of},
    )
    return pl.concat([accepted.select(PAGE_COLUMNS), error_pages(refused)])


def _items(warehouse: Warehouse, as_of: datetime) -> pl.DataFrame:
    """Ids on each page, refused rows included: ``page_id``, ``fetched_at`` and ``item_id``."""
    return warehouse.query(
        """
        SELECT split_part(source_ref, ':', 2) AS page_id, known_at AS fetched_at, transfer_id AS item_id
        FROM mono.core.transfer_observations WHERE channel = 'export' AND known_at <= $k
        UNION ALL
        SELECT split_part(source_ref, ':', 2), known_at, intent_id
        FROM mono.core.collection_observations WHERE channel = 'export' AND known_at <= $k
        UNION ALL
        SELECT split_part(source_ref, ':', 2), known_at, link_id FROM mono.core.collection_links WHERE known_at <= $k
        UNION ALL
        SELECT split_part(source_ref, ':', 2), known_at, account_id FROM mono.core.accounts WHERE known_at <= $k
        UNION ALL
        SELECT split_part(source_ref, ':', 2), known_at, ledger_transaction_id
        FROM mono.core.ledger_transactions WHERE channel = 'export' AND known_at <= $k
        UNION ALL
        SELECT page_id, known_at, subject_id FROM mono.raw.quarantine
        WHERE page_id IS NOT NULL AND subject_id IS NOT NULL AND known_at <= $k
        """,
        {"k": as_of},
    )


def _exports(pages: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    fetched = pages.group_by("export_id").agg(
        pl.min("fetched_at").alias("first_fetched_at"), pl.max("fetched_at").alias("last_fetched_at")
    )
    return describe_exports(pages, items).join(fetched, on="export_id", how="left", maintain_order="left")


def _appearances(pages: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    started = pages.select(
        "page_id",
        "fetched_at",
        "resource",
        pl.coalesce("declared_started_at", pl.col("fetched_at").min().over("export_id")).alias("started_at"),
    )
    return (
        items.join(started, on=["page_id", "fetched_at"])
        .group_by("resource", pl.col("item_id").alias("subject_id"))
        .agg(pl.max("started_at"))
    )


def _arrivals(warehouse: Warehouse, context: Context) -> pl.DataFrame:
    return warehouse.query(
        """
        SELECT event_type, status, count(*) AS count FROM mono.raw.deliveries
        WHERE known_at >= $start AND known_at < $end AND known_at <= $k
        GROUP BY ALL
        """,
        _span(context),
    )


def _refusals(warehouse: Warehouse, context: Context) -> pl.DataFrame:
    """Distinct records and rows refused on the date; each once, however often it lies in the archive."""
    return warehouse.query(
        """
        SELECT reason, count(DISTINCT raw_sha256) AS count FROM mono.raw.quarantine
        WHERE (known_at >= $start AND known_at < $end AND known_at <= $k)
            OR (known_at IS NULL AND archive_date = $day)
        GROUP BY ALL
        """,
        _span(context) | {"day": context.business_date},
    )


def _intake(warehouse: Warehouse, context: Context) -> pl.DataFrame:
    """Records known on the date, by what became of them; of an event's copies the earliest is the one used."""
    counted = warehouse.query(
        """
        WITH seen AS (
            SELECT status AS outcome, known_at FROM mono.raw.deliveries
            UNION ALL
            SELECT status, fetched_at FROM mono.raw.export_pages
            UNION ALL
            SELECT 'duplicates', known_at FROM (
                SELECT known_at, row_number() OVER (
                    PARTITION BY kind, record_id ORDER BY known_at, file_sha256, line
                ) AS number
                FROM mono.raw.copies WHERE known_at <= $k
            ) WHERE number > 1
            UNION ALL
            SELECT 'quarantined', coalesce(known_at, $start) FROM mono.raw.quarantine
            WHERE page_id IS NULL AND (known_at IS NOT NULL OR archive_date = $day)
        )
        SELECT outcome AS metric, count(*) AS count FROM seen
        WHERE known_at >= $start AND known_at < $end AND known_at <= $k
        GROUP BY ALL
        """,
        _span(context) | {"day": context.business_date},
    )
    named = dict(counted.iter_rows())
    told = {name: named.get(name, 0) for name in ("accepted", "duplicates", "unused", "quarantined")}
    return pl.DataFrame(
        [("records_read", sum(told.values())), *told.items()],
        schema={"metric": pl.String, "count": pl.Int64},
        orient="row",
    )


def _span(context: Context) -> dict[str, object]:
    return {"start": context.start, "end": context.end, "k": context.as_of}
