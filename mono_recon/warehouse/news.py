"""What has become known since every issued date was last held against what is known.

Here belong the watermark of that, and the questions that find what lies beyond it: records with a later
clock, and those of files read since, however old their clocks are.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl

from mono_recon.schemas import core
from mono_recon.schemas.raw import Evaluations
from mono_recon.schemas.table import Table, polars_schema, table_name
from mono_recon.warehouse.connect import Warehouse

_LATE = """
    late AS (SELECT file_sha256 FROM mono.raw.files WHERE intake > $intake),
    late_refs AS (
        SELECT 'w:' || delivery_id AS ref FROM mono.raw.deliveries
        WHERE known_at <= $since AND file_sha256 IN (SELECT file_sha256 FROM late)
        UNION SELECT 'w:' || record_id FROM mono.raw.copies
        WHERE known_at <= $since AND kind = 'webhooks' AND file_sha256 IN (SELECT file_sha256 FROM late)
        UNION SELECT 'x:' || page_id FROM mono.raw.export_pages
        WHERE fetched_at <= $since AND file_sha256 IN (SELECT file_sha256 FROM late)
    )
"""
_IS_NEWS = """(known_at > $since OR (known_at <= $since AND
    split_part(source_ref, ':', 1) || ':' || split_part(source_ref, ':', 2) IN (SELECT ref FROM late_refs)))"""


class Watermark(NamedTuple):
    """How far the issued dates have been held against what is known: by clock (UTC), and by ingest."""

    as_of: datetime
    intake: int


NOTHING = Watermark(datetime(1, 1, 1, tzinfo=UTC), 0)
"""The watermark before any."""


def read_watermark(warehouse: Warehouse) -> Watermark:
    """Up to where every issued date has been evaluated."""
    rows = warehouse.query("SELECT as_of, intake FROM mono.raw.evaluations").rows()
    return Watermark(*rows[0]) if rows else NOTHING


def write_watermark(warehouse: Warehouse, mark: Watermark) -> None:
    """Say up to where every issued date has been evaluated; nothing is written if that is said already."""
    held = read_watermark(warehouse)
    if mark != held:
        rows = [pl.DataFrame([each], schema=polars_schema(Evaluations), orient="row") for each in (held, mark)]
        with warehouse.transaction():
            warehouse.delete(Evaluations, rows[0])
            warehouse.append(Evaluations, rows[1])


def last_intake(warehouse: Warehouse) -> int:
    """Number of the last ingest that read a file; 0 if none has."""
    return int(warehouse.query("SELECT coalesce(max(intake), 0) FROM mono.raw.files").item())


def read_news(warehouse: Warehouse, table: type[Table], key: str, since: Watermark, as_of: datetime) -> pl.DataFrame:
    """All that is known of the entities that something new is known of.

    Args:
        warehouse: The warehouse.
        table: A table of schema ``core``.
        key: Its column that names the entity.
        since: The watermark.
        as_of: The instant (UTC) by which it must be known.

    Returns:
        The table's columns, and ``is_news`` (Boolean).
    """
    name = f"mono.core.{table_name(table)}"
    found = warehouse.query(
        f"""
        WITH {_LATE}, news AS (SELECT DISTINCT {key} FROM {name} WHERE known_at <= $k AND {_IS_NEWS})
        SELECT *, {_IS_NEWS} AS is_news FROM {name} SEMI JOIN news USING ({key}) WHERE known_at <= $k
        """,  # noqa: S608  names of contracts and constants of this module
        {"since": since.as_of, "intake": since.intake, "k": as_of},
    )
    return found.select(*polars_schema(table), "is_news")


def read_new_exports(warehouse: Warehouse, since: Watermark, as_of: datetime) -> pl.DataFrame:
    """``raw.exports`` of which a page is new."""
    return warehouse.query(
        """
        WITH late AS (SELECT file_sha256 FROM mono.raw.files WHERE intake > $intake)
        SELECT * FROM mono.raw.exports SEMI JOIN (
            SELECT export_id FROM mono.raw.export_pages WHERE fetched_at <= $k
            AND (fetched_at > $since OR file_sha256 IN (SELECT file_sha256 FROM late))
        ) USING (export_id)
        """,
        {"since": since.as_of, "intake": since.intake, "k": as_of},
    )


def read_related(warehouse: Warehouse, batches: pl.Series, as_of: datetime) -> pl.DataFrame:
    """Transfer observations of the members of some batches, and of those that share a client id with one.

    Args:
        warehouse: The warehouse.
        batches: ``batch_id`` of each.
        as_of: The instant (UTC) by which they must be known.
    """
    found = warehouse.query(
        """
        WITH members AS (
            SELECT DISTINCT transfer_id, account_id, external_id FROM mono.core.transfer_observations
            WHERE batch_id IN (SELECT batch_id FROM named)
        ), alike AS (
            SELECT transfer_id FROM members UNION SELECT transfer_id FROM mono.core.transfer_observations
            SEMI JOIN (SELECT external_id FROM members WHERE external_id IS NOT NULL) USING (external_id)
        )
        SELECT * FROM mono.core.transfer_observations SEMI JOIN alike USING (transfer_id) WHERE known_at <= $k
        """,
        {"k": as_of},
        named=batches.alias("batch_id").unique().to_frame(),
    )
    return found.select(polars_schema(core.TransferObservations).names())
