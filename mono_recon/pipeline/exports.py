"""Exports in the warehouse: named, described and replaced where pages were added to them.

Here belongs the order of reading and writing. How pages form exports is decided in ``core.exports``.
"""

import polars as pl

from mono_recon.core.exports import answered, assign_exports, describe_exports, export_id, question
from mono_recon.schemas.raw import ExportPages, Exports
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.error_pages import error_pages
from mono_recon.warehouse.held import count_page_items, error_records, export_pages


def settle_exports(warehouse: Warehouse, added: pl.DataFrame) -> None:
    """Name and describe anew every export that pages or error pages were added to.

    A page that was fetched earlier than those held can move the start of exports of its question, and so
    change the ids of those that declare none.

    Args:
        warehouse: Open for writing, in a transaction that has the pages already.
        added: ``core.exports.PAGE_COLUMNS`` of the pages and error pages that are new.
    """
    if added.is_empty():
        return
    subjects = added.select(pl.coalesce("declared_export_id", "request_key").alias("subject_id")).drop_nulls()
    errors = error_pages(error_records(warehouse, subjects.unique()))
    asked = errors.filter(question().is_in(added.select(question()).to_series().implode()))
    held = export_pages(warehouse, added)
    named = assign_exports(pl.concat([held, asked]))
    _rename_pages(warehouse, held, named)
    described = describe_exports(named, count_page_items(warehouse, answered(named)))
    nameless = named.filter(pl.col("declared_export_id").is_null())
    possible = [nameless.select(export_id(name)) for name in ("fetched_at", "declared_started_at")]
    warehouse.delete(Exports, pl.concat([*possible, described.select("export_id")]).unique().drop_nulls())
    warehouse.append(Exports, described)


def _rename_pages(warehouse: Warehouse, held: pl.DataFrame, named: pl.DataFrame) -> None:
    key = ["page_id", "fetched_at"]
    pairs = held.select(*key, pl.col("export_id").alias("held_as")).join(named.select(*key, "export_id"), on=key)
    renamed = pairs.filter(pl.col("export_id").ne_missing(pl.col("held_as")))
    warehouse.update(ExportPages, renamed.select(key), renamed.select("export_id"))
