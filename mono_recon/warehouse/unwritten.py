"""Tables that no row was ever written to, so that asking them costs no more than asking others.

Here belongs one thing that the lake lacks: of such a table it keeps no statistics, and then looks for them in its
catalog column by column in every query, for 40 to 80 ms. That there is nothing can be said in statistics, too.
"""

import duckdb

_CATALOG = "__ducklake_metadata_mono"
_UNWRITTEN = f"""
    SELECT table_id FROM {_CATALOG}.ducklake_table WHERE end_snapshot IS NULL
    EXCEPT SELECT table_id FROM {_CATALOG}.ducklake_table_stats
"""  # noqa: S608  constants of this module
_OF_COLUMNS = f"""
    INSERT INTO {_CATALOG}.ducklake_table_column_stats (table_id, column_id, contains_null)
    SELECT table_id, column_id, 0 FROM {_CATALOG}.ducklake_column
    WHERE end_snapshot IS NULL AND table_id IN ({_UNWRITTEN})
"""  # noqa: S608  constants of this module
_OF_TABLES = f"""
    INSERT INTO {_CATALOG}.ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes)
    SELECT table_id, 0, 0, 0 FROM ({_UNWRITTEN})
"""  # noqa: S608  constants of this module


def describe_unwritten(connection: duckdb.DuckDBPyConnection) -> None:
    """Give statistics of nothing to tables that have none, in the caller's transaction.

    Only good before the connection has looked at a table: it would remember that there were no statistics, and add
    others.
    """
    connection.execute(_OF_COLUMNS)
    connection.execute(_OF_TABLES)
