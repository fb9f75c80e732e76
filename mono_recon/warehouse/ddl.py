"""Schemas, tables, views and macros of the lake, made from the table contracts.

Here belongs what the lake consists of. Every table and column carries its description as a comment:
together they are the data dictionary. An older lake is given the columns that it lacks.
"""

import hashlib
from collections.abc import Iterator

import duckdb
import polars as pl

from mono_recon.core.states import BATCH, COLLECTION, TRANSFER, StateMachine
from mono_recon.schemas import core, raw, report
from mono_recon.schemas.table import Table, describe, polars_schema, schema_name, table_name
from mono_recon.warehouse.errors import WarehouseError

VERSION = 1
"""Raised when an older lake needs more than new tables, columns and views."""

TABLES: tuple[type[Table], ...] = (*raw.TABLES, *core.TABLES, *report.TABLES)

_WITH_BODIES = ("deliveries", "copies", "export_pages", "quarantine")
_TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Int64(): "BIGINT",
    pl.Boolean(): "BOOLEAN",
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
    pl.List(pl.String()): "VARCHAR[]",
}

_VERSION_COLUMNS = {
    "version": "Number of the format; a program that knows a lower one refuses the warehouse",
    "ddl_sha256": "SHA-256 of the statements that tables, views and macros were last made with",
}
_PESOS = """
    CREATE OR REPLACE MACRO mono.report.pesos(minor) AS
    CAST(CAST(minor AS DECIMAL(20, 0)) * 0.01 AS DECIMAL(22, 2))
"""
_BUSINESS_DATE = """
    CREATE OR REPLACE MACRO mono.report.business_date(ts, ends_at := INTERVAL 24 HOURS) AS
    CAST(timezone('America/Bogota', ts) + (INTERVAL 24 HOURS - ends_at) AS DATE)
"""


def create_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Bring an attached lake to this version's tables, views and macros; does nothing if it is there.

    Returns:
        Whether anything was done.

    Raises:
        WarehouseError: The lake was made by a newer version, or rows are in the way of a new column.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS mono.main.lake_version (version BIGINT, ddl_sha256 VARCHAR)")
    statements = list(_statements())
    fingerprint = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    stored = connection.execute("SELECT version, ddl_sha256 FROM mono.main.lake_version").fetchall()
    if stored == [(VERSION, fingerprint)]:
        return False
    if stored and stored[0][0] > VERSION:
        raise WarehouseError(
            f"the warehouse has format {stored[0][0]} and this version of mono-recon knows {VERSION};"
            " install the version that wrote it"
        )
    _add_columns(connection)
    for statement in statements:
        connection.execute(statement)
    connection.execute("DELETE FROM mono.main.lake_version")
    connection.execute("INSERT INTO mono.main.lake_version VALUES (?, ?)", [VERSION, fingerprint])
    return True


def keep_bodies_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Let no body stay in the catalog, as other small writes do: each run copies the catalog.

    Only possible once the tables are committed.
    """
    for name in _WITH_BODIES:
        connection.execute(
            "CALL mono.set_option('data_inlining_row_limit', 0, schema => 'raw', table_name => $name)", {"name": name}
        )


def _add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Give tables of an older lake the columns that their contracts have gained."""
    rows = connection.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE database_name = 'mono'"
    ).fetchall()
    there: dict[str, set[str]] = {}
    for table, column in rows:
        there.setdefault(table, set()).add(column)
    for contract in TABLES:
        name, columns = _name(contract), _columns(contract)
        missing = sorted(columns.keys() - there.get(name, columns.keys()))
        if any(columns[column].endswith("NOT NULL") for column in missing):
            _drop_if_empty(connection, name, missing)
        else:
            for column in missing:
                connection.execute(f'ALTER TABLE mono.{name} ADD COLUMN "{column}" {columns[column]}')


def _drop_if_empty(connection: duckdb.DuckDBPyConnection, table: str, missing: list[str]) -> None:
    """Drop a table, which is made anew afterwards: a column that takes no null cannot be added to it."""
    if connection.execute(f"SELECT 1 FROM mono.{table} LIMIT 1").fetchall():  # noqa: S608  a contract's name
        raise WarehouseError(
            f"table {table} of the warehouse has rows without the new column {', '.join(missing)}; move the"
            " warehouse away and let mono-recon ingest make it anew from the archive"
        )
    connection.execute(f"DROP TABLE mono.{table}")


def _statements() -> Iterator[str]:
    yield "CALL mono.set_option('parquet_compression', 'zstd')"
    # A higher level takes half as much time again for a twentieth fewer bytes; the newer pages save both.
    yield "CALL mono.set_option('parquet_compression_level', '1')"
    yield "CALL mono.set_option('parquet_version', '2')"
    for schema in ("raw", "core", "report"):
        yield f"CREATE SCHEMA IF NOT EXISTS mono.{schema}"
    for table in TABLES:
        yield from _table(table)
    yield "COMMENT ON TABLE mono.main.lake_version IS 'The format of this warehouse, one row'"
    for column, meaning in _VERSION_COLUMNS.items():
        yield f"COMMENT ON COLUMN mono.main.lake_version.{column} IS {_text(meaning)}"
    yield _PESOS
    yield _BUSINESS_DATE
    for table in report.TABLES:
        yield _latest_version(table)
    yield _latest_state("transfers", core.TransferObservations, "transfer_id", TRANSFER)
    yield _latest_state("batches", core.BatchObservations, "batch_id", BATCH)
    yield _latest_state("collections", core.CollectionObservations, "intent_id", COLLECTION)


def _table(table: type[Table]) -> Iterator[str]:
    name = f"mono.{_name(table)}"
    columns = ", ".join(f'"{column}" {definition}' for column, definition in _columns(table).items())
    yield f"CREATE TABLE IF NOT EXISTS {name} ({columns})"
    yield f"COMMENT ON TABLE {name} IS {_text(' '.join((table.__doc__ or '').split()))}"
    for column, meaning in describe(table).items():
        yield f'COMMENT ON COLUMN {name}."{column}" IS {_text(meaning)}'


def _columns(table: type[Table]) -> dict[str, str]:
    """The type of each column, with NOT NULL where the contract takes no null."""
    rules = table.to_schema().columns
    return {
        name: _TYPES[dtype] + ("" if rules[name].nullable else " NOT NULL")
        for name, dtype in polars_schema(table).items()
    }


def _latest_version(table: type[Table]) -> str:
    """A view of the latest version of each date; one that has no rows leaves none of an earlier one."""
    return (
        f"CREATE OR REPLACE VIEW mono.report.latest_{table_name(table)} AS"  # noqa: S608  contracts' names
        f" SELECT * FROM mono.{_name(table)} SEMI JOIN (SELECT business_date, max(version) AS version"
        " FROM mono.report.issues GROUP BY business_date) AS latest USING (business_date, version)"
    )


def _latest_state(view: str, table: type[Table], entity: str, machine: StateMachine) -> str:
    """A view of the last observation of each entity, in the order in which timelines are made."""
    ranks = " ".join(f"WHEN {_text(state)} THEN {rank}" for state, rank in machine.ranks.items())
    return (
        f"CREATE OR REPLACE VIEW mono.core.latest_{view} AS"  # noqa: S608  contracts' names
        " SELECT * EXCLUDE (to_the_second) FROM (SELECT *,"
        f" bool_or(occurred_at = date_trunc('second', occurred_at)) OVER (PARTITION BY {entity}) AS to_the_second"
        f" FROM mono.{_name(table)}) QUALIFY row_number() OVER (PARTITION BY {entity} ORDER BY"
        " CASE WHEN to_the_second THEN date_trunc('second', occurred_at) ELSE occurred_at END DESC,"
        f" CASE state {ranks} ELSE {machine.last_rank} END DESC,"
        " coalesce(event_at, known_at) DESC, channel = 'export' DESC, source_ref DESC) = 1"
    )


def _name(table: type[Table]) -> str:
    return f"{schema_name(table)}.{table_name(table)}"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
