"""What a report reads of exports: how whole each is, and which entities appear in which.

Here belongs the difference between what an export is found by now and what it was as of an instant: only
the pages fetched by then count.
"""

import polars as pl

from mono_recon.core.exports import PAGE_COLUMNS, assign_exports, count_items, describe_exports
from mono_recon.schemas.raw import Exports
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.error_pages import error_pages
from mono_recon.warehouse.items import PAGE_ITEMS
from mono_recon.warehouse.narrowing import Narrowed
from mono_recon.warehouse.scope import Scope

Pulled = tuple[pl.DataFrame, pl.DataFrame]
"""Rows of ``raw.exports``, and of ``reconcile.inputs.DayInputs.appearances``."""


def read_exports(warehouse: Warehouse, scope: Scope, narrowed: Narrowed | None) -> Pulled:
    """The exports known by the as-of, and the entities that appear in them.

    Args:
        warehouse: The warehouse.
        scope: What exists for the report.
        narrowed: The entities asked about; None: all.
    """
    if narrowed is not None:
        settled = _settled(warehouse, scope)
        if settled is not None:
            return settled, _appearances_of(warehouse, scope, narrowed)
    pages, items = assign_exports(_pages(warehouse, scope)), _items(warehouse, scope)
    return describe_exports(pages, count_items(pages, items)), _appearances(pages, items)


def _settled(warehouse: Warehouse, scope: Scope) -> pl.DataFrame | None:
    """Exports as they were described when their last page came; None if one was under way at the as-of."""
    begun = warehouse.query(
        "SELECT * FROM mono.raw.exports WHERE first_fetched_at IS NULL OR first_fetched_at <= $k", {"k": scope.as_of}
    ).select(polars_schema(Exports).names())
    was_whole = (pl.col("last_fetched_at") <= scope.as_of).fill_null(value=False)
    return begun if begun.filter(~was_whole).is_empty() else None


def _appearances_of(warehouse: Warehouse, scope: Scope, narrowed: Narrowed) -> pl.DataFrame:
    return warehouse.query(
        """
        WITH items AS (
            SELECT split_part(source_ref, ':', 2) AS page_id, known_at AS fetched_at, transfer_id AS subject_id
            FROM mono.core.transfer_observations SEMI JOIN transfers USING (transfer_id) WHERE channel = 'export'
            UNION ALL
            SELECT split_part(source_ref, ':', 2), known_at, intent_id
            FROM mono.core.collection_observations SEMI JOIN collections USING (intent_id) WHERE channel = 'export'
            UNION ALL
            SELECT page_id, known_at, subject_id FROM mono.raw.quarantine WHERE page_id IS NOT NULL AND subject_id IN
                (SELECT transfer_id FROM transfers UNION SELECT intent_id FROM collections)
        )
        SELECT page.resource, subject_id, max(coalesce(declared_started_at, export.started_at)) AS started_at
        FROM items JOIN mono.raw.export_pages AS page USING (page_id, fetched_at)
        JOIN mono.raw.exports AS export USING (export_id)
        WHERE fetched_at <= $k GROUP BY ALL
        """,
        {"k": scope.as_of},
        transfers=narrowed.ids["transfers"],
        collections=narrowed.ids["collections"],
    )


def _pages(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """Accepted pages, and those that Mono answered with an error: both count for completeness."""
    accepted = warehouse.query(
        "SELECT * EXCLUDE (body) FROM mono.raw.export_pages WHERE status = 'accepted' AND fetched_at <= $k",
        {"k": scope.as_of},
    ).join(scope.lost_pages, on=["page_id", "fetched_at"], how="anti")
    refused = warehouse.query(
        """
        SELECT subject_id, row_index, known_at, raw, raw_sha256 FROM mono.raw.quarantine
        WHERE reason = 'error_response' AND known_at <= $k
            AND file_sha256 NOT IN (SELECT file_sha256 FROM late)
        """,
        {"k": scope.as_of},
        late=scope.late,
    )
    return pl.concat([accepted.select(PAGE_COLUMNS), error_pages(refused)])


def _items(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """Ids on each page, refused rows included: ``page_id``, ``fetched_at`` and ``item_id``."""
    found = warehouse.query(f"SELECT * FROM ({PAGE_ITEMS}) WHERE fetched_at <= $k", {"k": scope.as_of})  # noqa: S608  a text of ours
    return found.join(scope.lost_pages, on=["page_id", "fetched_at"], how="anti")


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
