"""Keeping the lake small: many small files become few, and what no reader can need is removed.

Here belongs housekeeping. It changes no row, and leaves alone for seven days every file that a reader or
the published catalog may still name.
"""

import duckdb

_STEPS = (
    "CALL ducklake_flush_inlined_data('mono')",
    "CALL ducklake_merge_adjacent_files('mono')",
    "CALL ducklake_expire_snapshots('mono', older_than => now() - INTERVAL 7 DAYS)",
    "CALL ducklake_cleanup_old_files('mono', older_than => now() - INTERVAL 7 DAYS)",
    # A killed writer leaves files that no catalog ever named.
    "CALL ducklake_delete_orphaned_files('mono', older_than => now() - INTERVAL 7 DAYS)",
)


def compact(connection: duckdb.DuckDBPyConnection) -> None:
    """Put small files together and remove what was replaced more than seven days ago."""
    for step in _STEPS:
        connection.execute(step).fetchall()
