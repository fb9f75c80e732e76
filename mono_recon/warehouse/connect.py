"""The warehouse: one connection to the lake, with transactions and typed reading and writing.

Here belongs what is true of every table. Which tables there are is in ``ddl``, what is asked of them
in ``held`` and ``reading``.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import duckdb
import polars as pl

from mono_recon.schemas.table import Table, polars_schema, schema_name, table_name
from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.attach import attach_to_read, attach_to_write, quoted, start_engine, use_all_cores, use_utc
from mono_recon.warehouse.compact import compact, compact_whole, sizes
from mono_recon.warehouse.ddl import create_tables, keep_bodies_out
from mono_recon.warehouse.lock import WriterLock
from mono_recon.warehouse.publish import publish, published
from mono_recon.warehouse.unwritten import describe_unwritten

_MANY = 500_000
"""Statements of which a second core takes more than it costs."""

_LONG = 5_000_000
"""Rows of a history in which the looking for a few of them does."""


class _Lent:
    """A frame that DuckDB may read until it is taken back.

    DuckDB keeps what was registered inside a transaction until the transaction ends; this much it may keep.
    """

    def __init__(self, frame: pl.DataFrame, *, is_filtered: bool) -> None:
        # Arrow, which DuckDB lets filter, cannot compare texts as Polars holds them; copied they can be.
        self._rows: Any = frame.to_arrow() if is_filtered else frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows, by Arrow's protocol."""
        return self._rows.__arrow_c_stream__(requested_schema)

    def take_back(self) -> None:
        """Let go of the rows."""
        self._rows = None


class Warehouse:
    """An open lake; a context manager that closes it.

    Frames given to a statement are tables there under their names. Instants come back in UTC.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, places: Places, on_close: ExitStack) -> None:
        self._connection = connection
        self._places = places
        self._on_close = on_close
        self._is_in_transaction = False
        self._held: set[str] = set()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one commit, or a part of the one it stands in; on any exception nothing remains."""
        if self._is_in_transaction:
            yield
            return
        with _transaction(self._connection):
            self._is_in_transaction = True
            try:
                yield
            finally:
                self._is_in_transaction = False

    def query(
        self, sql: str, params: Sequence[object] | Mapping[str, object] | None = None, **frames: pl.DataFrame
    ) -> pl.DataFrame:
        """Run one statement that returns rows.

        Args:
            sql: The statement; tables are named ``mono.<schema>.<table>``.
            params: Values of ``?`` or of ``$name``.
            **frames: Frames that the statement reads.
        """
        with self._frames(frames):
            # Not sql(): with parameters it takes ten times as long, through a copy of its own.
            return self._connection.execute(sql, params).pl()

    def hold(self, name: str, sql: str) -> None:
        """Hold the answer to a question in memory, as a table that later questions may name; outside a transaction."""
        self._connection.execute(f"CREATE TEMP TABLE {name} AS {sql}")
        self._held.add(name)

    def holds(self, name: str) -> bool:
        """Whether an answer is held under a name."""
        return name in self._held

    def append(self, table: type[Table], frame: pl.DataFrame) -> None:
        """Add rows to a table, by the names of its columns.

        Raises:
            ValueError: The frame lacks a column, has one too many, or one of another dtype.
        """
        _check(table, frame)
        if not frame.is_empty():
            sql = f"INSERT INTO {_name(table)} BY NAME SELECT * FROM incoming"  # noqa: S608  a contract's name
            self._write(sql, incoming=frame, is_filtered=False)

    def append_file(self, table: type[Table], file: Path) -> None:
        """Add the rows of a Parquet file with exactly a table's columns, of which the lake gets a copy.

        Raises:
            duckdb.Error: The file has other columns.
        """
        own = self._places.files / schema_name(table) / table_name(table) / f"ducklake-{uuid4()}.parquet"
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, own)
        named = {"name": table_name(table), "schema": schema_name(table), "file": str(own)}
        self._connection.execute("CALL ducklake_add_data_files('mono', $name, $file, schema => $schema)", named)

    def delete(self, table: type[Table], keys: pl.DataFrame) -> None:
        """Delete the rows that are equal to one of the keys in all of its columns; nulls are equal."""
        if not keys.is_empty():
            matches = " AND ".join(_equal(key, key.name) for key in keys)
            self._write(f"DELETE FROM {_name(table)} AS held USING incoming WHERE {matches}", incoming=keys)  # noqa: S608  names of contracts

    def update(self, table: type[Table], keys: pl.DataFrame, values: pl.DataFrame) -> None:
        """Give rows new values.

        Args:
            table: Table to change.
            keys: What they are found by: columns of the table with their present values.
            values: Columns of the table with their new values, row by row beside ``keys``.
        """
        if keys.is_empty():
            return
        incoming = pl.concat([keys.rename(lambda name: f"present {name}"), values], how="horizontal")
        matches = " AND ".join(_equal(key, f"present {key.name}") for key in keys)
        changes = ", ".join(f'"{name}" = incoming."{name}"' for name in values.columns)
        self._write(f"UPDATE {_name(table)} AS held SET {changes} FROM incoming WHERE {matches}", incoming=incoming)  # noqa: S608  names of contracts

    def beside(self) -> Self:
        """The same lake for another thread to read meanwhile; what this one has not committed is not there."""
        with ExitStack() as opened:
            connection = opened.enter_context(self._connection.cursor())
            use_utc(connection)
            return type(self)(connection, self._places, opened.pop_all())

    def snapshot(self) -> int:
        """Number of the state that is committed; a write makes it greater."""
        ((number,),) = self._connection.execute("SELECT max(snapshot_id) FROM mono.snapshots()").fetchall()
        return int(number)

    def publish(self) -> None:
        """Bring the published copy of the catalog up to date, if it is not."""
        if self._published_state() != self._state("__ducklake_metadata_mono"):
            publish(self._places.catalog)

    def expect(self, statements: int = 0) -> None:
        """Let the engine use every core for many new statements or a long history, else one, which takes less time."""
        _, _, rows = sizes(self._connection)
        if statements < _MANY and rows < _LONG:
            self._connection.execute("SET threads = 1")
        else:
            use_all_cores(self._connection)

    def compact(self, turns: int = 1, *, whole: bool = False) -> None:
        """Put small files together and remove what was replaced long ago; no row changes.

        Args:
            turns: After how many ingests or dates this is done: so many tables have their turn.
            whole: All files of all tables rather than the most crowded ones.
        """
        if whole:
            compact_whole(self._connection)
        else:
            compact(self._connection, turns)

    def sizes(self) -> tuple[int, int]:
        """How many data files there are at present, and their bytes."""
        files, size, _ = sizes(self._connection)
        return files, size

    def close(self) -> None:
        """Close the lake and let the next writer in."""
        self._on_close.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _published_state(self) -> list[tuple[object, ...]]:
        self._connection.execute(
            f"ATTACH {quoted(published(self._places.catalog))} AS published (TYPE sqlite, READ_ONLY)"
        )
        try:
            return self._state("published")
        except duckdb.Error:
            return []  # there is none, or it cannot be read
        finally:
            self._connection.execute("DETACH published")

    def _state(self, catalog: str) -> list[tuple[object, ...]]:
        return self._connection.execute(
            "SELECT max(snapshot_id), (SELECT value FROM"  # noqa: S608  one of two names written above
            f" {catalog}.ducklake_metadata WHERE key = 'data_path') FROM {catalog}.ducklake_snapshot"
        ).fetchall()

    def _write(self, sql: str, *, incoming: pl.DataFrame, is_filtered: bool = True) -> None:
        with self._frames({"incoming": incoming}, is_filtered=is_filtered):
            self._connection.execute(sql)

    @contextmanager
    def _frames(self, frames: Mapping[str, pl.DataFrame], *, is_filtered: bool = True) -> Iterator[None]:
        lent = {name: _Lent(frame, is_filtered=is_filtered) for name, frame in frames.items()}
        for name, rows in lent.items():
            self._connection.register(name, rows)
        try:
            yield
        finally:
            for name, rows in lent.items():
                self._connection.unregister(name)
                rows.take_back()


def open_warehouse(places: Places, *, read_only: bool, wait: bool = False) -> Warehouse:
    """Open the warehouse; a writer makes what is missing and keeps other writers out.

    Args:
        places: Catalog and folder of the data files, absolute.
        read_only: Readers neither block the writer nor are blocked by it.
        wait: A writer waits for another one to finish instead of being refused.

    Raises:
        WarehouseLocked: Another process is writing.
        WarehouseError: It cannot be opened; the message says what, where and what to do.
    """
    with ExitStack() as opened:
        if not read_only:
            places.catalog.parent.mkdir(parents=True, exist_ok=True)
            opened.enter_context(WriterLock.acquire(places.catalog.parent, wait=wait))
        connection = opened.enter_context(start_engine())
        if read_only:
            attach_to_read(connection, places)
        else:
            attach_to_write(connection, places)
            with _transaction(connection):
                describe_unwritten(connection)
            with _transaction(connection):
                is_changed = create_tables(connection)
            if is_changed:
                keep_bodies_out(connection)
        return Warehouse(connection, places, opened.pop_all())


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _name(table: type[Table]) -> str:
    return f"mono.{schema_name(table)}.{table_name(table)}"


def _equal(key: pl.Series, column: str) -> str:
    """A key's condition: plain equality where it will do, since only that lets files be skipped."""
    operator = "IS NOT DISTINCT FROM" if key.has_nulls() else "="
    return f'held."{key.name}" {operator} incoming."{column}"'


def _check(table: type[Table], frame: pl.DataFrame) -> None:
    given, wanted = dict(frame.schema), dict(polars_schema(table))
    wrong = sorted(name for name in given.keys() | wanted.keys() if given.get(name) != wanted.get(name))
    if wrong:
        parts = [f"{name} is {given.get(name, 'missing')}, not {wanted.get(name, 'there')}" for name in wrong]
        raise ValueError(f"{_name(table)}: {'; '.join(parts)}")
