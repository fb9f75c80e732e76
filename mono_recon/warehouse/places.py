"""Where a report's sources lie in the archive.

Here belong the questions that lead from a source reference to a file, and from a report to all the
files that it rests on.
"""

from datetime import date
from typing import TypeVar

import polars as pl

from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.scope import Scope

_PLACES = """
    SELECT delivery_id AS record_id, known_at, file_sha256, line, byte_offset, signature_status
    FROM mono.raw.deliveries WHERE copies = 1 AND known_at <= $k
    UNION ALL
    SELECT copy_id, known_at, file_sha256, line, byte_offset, signature_status
    FROM mono.raw.copies WHERE known_at <= $k
    UNION ALL
    SELECT page_id, fetched_at, file_sha256, line, byte_offset, NULL
    FROM mono.raw.export_pages WHERE fetched_at <= $k
"""


_Texts = TypeVar("_Texts", pl.Series, pl.Expr)


def read_lineage(warehouse: Warehouse, source_refs: pl.Series, scope: Scope) -> pl.DataFrame:
    """Body of ``report.lineage``: where each source reference lies.

    Args:
        warehouse: The warehouse.
        source_refs: References that the report holds, distinct.
        scope: What exists for the report.
    """
    named = source_refs.sort().alias("source_ref")
    # By number, since texts of each row's own would take more memory than all else.
    refs = pl.DataFrame({"record_id": _record_id(named)}).with_row_index("ref")
    files = scope.paths.sort("path").with_row_index("file")
    found = warehouse.query(
        f"""
        WITH places AS ({_PLACES})
        SELECT ref, file, line, byte_offset, signature_status, known_at
        FROM refs JOIN places USING (record_id) JOIN files USING (file_sha256)
        """,  # noqa: S608  a constant of this module
        {"k": scope.as_of},
        refs=refs,
        files=files,
    )
    first = found.sort("ref", "known_at", "file", "line").filter(pl.col("ref").ne_missing(pl.col("ref").shift()))
    return first.with_columns(
        source_ref=named.gather(first["ref"]),
        path=files["path"].gather(first["file"]),
        file_sha256=files["file_sha256"].gather(first["file"]),
    ).select(
        "source_ref",
        _record_id(pl.col("source_ref")).alias("record_id"),
        "path",
        "file_sha256",
        "line",
        "byte_offset",
        "signature_status",
        "known_at",
    )


def _record_id(source_ref: _Texts) -> _Texts:
    """The ids of source references: 64 characters behind a letter and a colon, before the row of a page."""
    return source_ref.str.slice(2, 64)


def read_source_files(warehouse: Warehouse, scope: Scope, day: date) -> list[tuple[str, str]]:
    """Path and SHA-256 of every file that holds a record the report rests on, by path.

    A record without a clock counts for the date of its folder alone.
    """
    return warehouse.query(
        f"""
        WITH places AS ({_PLACES}), used AS (
            SELECT file_sha256 FROM places
            UNION
            SELECT file_sha256 FROM mono.raw.quarantine
            WHERE known_at <= $k OR (known_at IS NULL AND archive_date = $day)
            UNION
            SELECT file_sha256 FROM mono.raw.export_pages JOIN mono.raw.files USING (file_sha256)
            WHERE fetched_at IS NULL AND archive_date = $day
        )
        SELECT path, file_sha256 FROM paths JOIN used USING (file_sha256) ORDER BY path, file_sha256
        """,  # noqa: S608  a constant of this module
        {"k": scope.as_of, "day": day},
        paths=scope.paths,
    ).rows()
