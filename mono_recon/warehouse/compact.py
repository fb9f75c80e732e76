"""Keeping the lake small and quick: small files become one, a few at a time.

Here belongs housekeeping. It changes no row, and leaves alone for seven days every file that a reader or
the published catalog may still name. Files are merged by size class, so that a row is written again a few
times in all, however long the history becomes, and each ingest and each date gives only some tables their turn.
"""

import duckdb

_CLASSES = (1 << 20, 1 << 24, 1 << 28)
"""Upper ends of the size classes, in bytes: files of one class are merged with each other."""

ENOUGH = 8
"""From how many commits a table's files of one class come when they are merged: a large ingest alone is no crowd."""

_AT_ONCE = 3
# The lake goes by the date alone when it removes files, so with seven days some would be kept for six and a few hours.
_KEPT = "now() - INTERVAL 8 DAYS"
_CLEARING = (
    f"CALL ducklake_expire_snapshots('mono', older_than => {_KEPT})",
    f"CALL ducklake_cleanup_old_files('mono', older_than => {_KEPT})",
    # A killed writer leaves files that no catalog ever named.
    f"CALL ducklake_delete_orphaned_files('mono', older_than => {_KEPT})",
)
_CROWDED = """
    WITH sized AS (
        SELECT table_id, begin_snapshot AS written,
            list_min(list_filter($classes, lambda size: file_size_bytes < size)) AS below
        FROM __ducklake_metadata_mono.ducklake_data_file WHERE end_snapshot IS NULL
    )
    SELECT schema_name, table_name, below
    FROM sized
    JOIN __ducklake_metadata_mono.ducklake_table USING (table_id)
    JOIN __ducklake_metadata_mono.ducklake_schema USING (schema_id)
    WHERE ducklake_table.end_snapshot IS NULL AND ducklake_schema.end_snapshot IS NULL AND below IS NOT NULL
    GROUP BY ALL HAVING count(DISTINCT written) >= $enough
    ORDER BY count(*) DESC, schema_name, table_name, below LIMIT $at_once
"""
_SIZES = """
    SELECT count(*), CAST(coalesce(sum(file_size_bytes), 0) AS BIGINT), CAST(coalesce(sum(record_count), 0) AS BIGINT)
    FROM __ducklake_metadata_mono.ducklake_data_file WHERE end_snapshot IS NULL
"""


def compact_whole(connection: duckdb.DuckDBPyConnection) -> None:
    """Merge all small files of all tables, and remove what was replaced more than seven days ago."""
    for step in ("CALL ducklake_flush_inlined_data('mono')", "CALL ducklake_merge_adjacent_files('mono')", *_CLEARING):
        connection.execute(step)


def sizes(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """How many data files the lake consists of at present, their bytes and their rows."""
    ((files, size, rows),) = connection.execute(_SIZES).fetchall()
    return files, size, rows


def compact(connection: duckdb.DuckDBPyConnection, turns: int) -> None:
    """Merge the small files of the most crowded tables and remove what was replaced more than seven days ago.

    Args:
        connection: The lake, open for writing.
        turns: After how many ingests or dates; each gives as many tables their turn.
    """
    limits = {"classes": _CLASSES, "enough": ENOUGH, "at_once": _AT_ONCE * turns}
    crowded = connection.execute(_CROWDED, limits).fetchall()
    for schema, table, below in crowded:
        named = {"schema": schema, "table": table}
        connection.execute(
            "CALL ducklake_flush_inlined_data('mono', schema_name => $schema, table_name => $table)", named
        )
        connection.execute(
            "CALL ducklake_merge_adjacent_files('mono', $table, schema => $schema, max_file_size => $below)",
            named | {"below": below},
        )
    for step in _CLEARING:
        connection.execute(step)
