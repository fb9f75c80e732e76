"""How many rows each table holds, without opening the lake.

Here belongs the one reading of DuckLake's own bookkeeping. It looks at the published copy of the catalog, which
is up to date after each run and which no other process has open.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.publish import published

_IN_FILES = """
    SELECT table_id, schema_name || '.' || table_name,
        (SELECT coalesce(sum(record_count), 0) FROM ducklake_data_file AS file
            WHERE file.table_id = held.table_id AND file.end_snapshot IS NULL)
        - (SELECT coalesce(sum(delete_count), 0) FROM ducklake_delete_file AS deleted
            WHERE deleted.table_id = held.table_id AND deleted.end_snapshot IS NULL)
    FROM ducklake_table AS held JOIN ducklake_schema USING (schema_id)
    WHERE held.end_snapshot IS NULL AND ducklake_schema.end_snapshot IS NULL
"""
_SMALL_WRITES = """
    SELECT table_id, inlined.table_name FROM ducklake_inlined_data_tables AS inlined
"""
_SMALL_DELETES = "SELECT name FROM sqlite_master WHERE name LIKE 'ducklake\\_inlined\\_delete\\_%' ESCAPE '\\'"


def row_counts(places: Places) -> dict[str, int]:
    """Rows of each table, by ``<schema>.<table>``, as the catalog was last published.

    Raises:
        sqlite3.Error: There is no published catalog, or it cannot be read.
    """
    with closing(sqlite3.connect(f"{published(places.catalog).as_uri()}?mode=ro", uri=True)) as catalog:
        tables = catalog.execute(_IN_FILES).fetchall()
        beside: dict[int, int] = {}
        for table, change in _in_catalog(catalog):
            beside[table] = beside.get(table, 0) + change
    return {name: rows + beside.get(table, 0) for table, name, rows in tables}


def _in_catalog(catalog: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Rows that small writes and deletes have left in the catalog itself, by the id of their table."""
    for table, name in catalog.execute(_SMALL_WRITES).fetchall():
        ((count,),) = catalog.execute(f'SELECT count(*) FROM "{name}" WHERE end_snapshot IS NULL')  # noqa: S608  a name of the catalog
        yield table, count
    for (name,) in catalog.execute(_SMALL_DELETES).fetchall():
        ((count,),) = catalog.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608  a name of the catalog
        yield int(name.rpartition("_")[2]), -count
