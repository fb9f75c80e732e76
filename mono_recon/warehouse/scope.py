"""Which records exist for a report: those known by its as-of, in the files that it may use.

Here belongs the difference between what the warehouse holds and what there was for an earlier report: a
record in a file that turned up later did not exist for it, however old its clock is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mono_recon.schemas.raw import Copies, Files
from mono_recon.schemas.table import polars_schema
from mono_recon.warehouse.connect import Warehouse

_LATE = "file_sha256 IN (SELECT file_sha256 FROM late)"
_NO_PAGES = pl.Schema({"page_id": pl.String(), "fetched_at": pl.Datetime("us", "UTC")})
_NO_OTHER_IDS = pl.Schema({**_NO_PAGES, "copy_id": pl.String()})


@dataclass(frozen=True, slots=True)
class Scope:
    """What exists for a report.

    Attributes:
        as_of: What became known after this instant (UTC) does not exist.
        late: ``file_sha256`` of the files whose records do not exist either.
        paths: ``file_sha256`` and ``path`` of all other files, as the report names them.
        copies: Rows of ``raw.copies`` that exist, of the events of which some copy does not.
        lost_events: ``source_ref`` of events known by the as-of of which no copy exists.
        lost_pages: ``page_id`` and ``fetched_at`` of such pages.
        other_ids: ``page_id`` and ``fetched_at`` of pages of which no copy with this id exists, and the
            ``copy_id`` by which they were held.
    """

    as_of: datetime
    late: pl.DataFrame
    paths: pl.DataFrame
    copies: pl.DataFrame
    lost_events: pl.DataFrame
    lost_pages: pl.DataFrame
    other_ids: pl.DataFrame


def read_scope(warehouse: Warehouse, as_of: datetime, files: Collection[tuple[str, str]] | None = None) -> Scope:
    """Find out what exists for a report.

    Args:
        warehouse: The warehouse.
        as_of: The instant (UTC).
        files: Path and SHA-256 of the only files whose records exist; None: of all that are held.
    """
    schema = polars_schema(Files)
    names = ["file_sha256", "path"]
    if files is None:
        paths = warehouse.query("SELECT file_sha256, path FROM mono.raw.files WHERE copy_of IS NULL")
        late = paths.select("file_sha256").clear()
    else:
        named = [(sha256, path) for path, sha256 in files]
        paths = pl.DataFrame(named, schema={name: schema[name] for name in names}, orient="row")
        held = warehouse.query("SELECT DISTINCT file_sha256 FROM mono.raw.files WHERE copy_of IS NULL")
        late = held.join(paths, on="file_sha256", how="anti")
    contested = warehouse.query(
        f"""
        SELECT * FROM mono.raw.copies WHERE kind = 'webhooks'
            AND record_id IN (SELECT record_id FROM mono.raw.copies WHERE known_at > $k OR {_LATE})
        """,  # noqa: S608  a constant of this module
        {"k": as_of},
        late=late,
    ).select(polars_schema(Copies).names())
    copies = contested.filter(pl.col("known_at") <= as_of).join(late, on="file_sha256", how="anti")
    events, pages = _lost(warehouse, as_of, late, copies)
    return Scope(as_of, late, paths, copies, events, pages, _other_ids(warehouse, late))


def _lost(
    warehouse: Warehouse, as_of: datetime, late: pl.DataFrame, copies: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if late.is_empty():
        return pl.DataFrame(schema={"source_ref": pl.String()}), pl.DataFrame(schema=_NO_PAGES)
    events = warehouse.query(
        f"""
        SELECT 'w:' || delivery_id AS source_ref FROM mono.raw.deliveries
        WHERE known_at <= $k AND CASE WHEN copies = 1 THEN {_LATE} ELSE delivery_id IN
            (SELECT record_id FROM mono.raw.copies WHERE kind = 'webhooks' AND {_LATE})
            AND delivery_id NOT IN (SELECT record_id FROM copies_there) END
        """,  # noqa: S608  a constant of this module
        {"k": as_of},
        late=late,
        copies_there=copies.select("record_id"),
    )
    pages = warehouse.query(
        f"""
        SELECT page_id, fetched_at FROM mono.raw.export_pages AS held WHERE fetched_at <= $k AND {_LATE}
            AND NOT EXISTS (
                SELECT 1 FROM mono.raw.copies AS other WHERE other.kind = 'exports'
                AND other.record_id = held.page_id AND other.known_at = held.fetched_at
                AND other.file_sha256 NOT IN (SELECT file_sha256 FROM late)
            )
        """,  # noqa: S608  a constant of this module
        {"k": as_of},
        late=late,
    )
    return events, pages


def _other_ids(warehouse: Warehouse, late: pl.DataFrame) -> pl.DataFrame:
    """A copy whose id is not that of its body has no raw bytes, and stands behind those that have."""
    if late.is_empty():
        return pl.DataFrame(schema=_NO_OTHER_IDS)
    return warehouse.query(
        f"""
        SELECT record_id AS page_id, known_at AS fetched_at,
            arg_min(copy_id, (sha256(body) <> copy_id, copy_id)) AS copy_id
        FROM mono.raw.copies WHERE kind = 'exports' AND NOT {_LATE}
        GROUP BY record_id, known_at HAVING bool_and(copy_id <> record_id)
        """,  # noqa: S608  a constant of this module
        late=late,
    )
