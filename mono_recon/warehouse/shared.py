"""One open lake for many short readings, as a web page makes them: opened once, each reading of one committed state.

Here belong when the lake is opened anew, and what tells one state of it from another. What is asked is the
business of who asks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import NamedTuple

import duckdb
import polars as pl

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.attach import attach_to_read, catalog_to_read, start_engine
from mono_recon.warehouse.errors import WarehouseError
from mono_recon.warehouse.stories import SubjectReader

_FIRST = 0
"""Number of the state of a lake in which no table was made yet."""

_COMMITTED_AT = (
    "SELECT snapshot_time::TIMESTAMPTZ FROM __ducklake_metadata_mono.ducklake_snapshot WHERE snapshot_id = ?"
)


class State(NamedTuple):
    """A committed state: equal states give equal answers.

    Attributes:
        snapshot: Its number in the catalog.
        committed_at: When it was committed; after a backup was put back, a number comes a second time.
    """

    snapshot: int
    committed_at: datetime


class Reading:
    """Questions that are all answered from one state."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, state: State) -> None:
        self._connection = connection
        self.state = state
        self.subjects = SubjectReader(connection)

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pl.DataFrame:
        """Run one statement that returns rows; tables are named ``mono.<schema>.<table>``."""
        return self._connection.execute(sql, params).pl()


class SharedLake:
    """A lake that any number of threads read at the same time; writers neither wait for it nor hold it up."""

    def __init__(self, places: Places, *, memory: str = "1GB") -> None:
        self._places = places
        self._memory = memory
        self._lock = Lock()
        self._open: tuple[tuple[int, int], duckdb.DuckDBPyConnection] | None = None

    @contextmanager
    def reading(self) -> Iterator[Reading | None]:
        """Read the state that is committed now; None where there is no warehouse, or nothing in it yet.

        Raises:
            WarehouseError: It cannot be opened or read.
        """
        if not self._places.catalog.exists():
            yield None
            return
        connection = self._cursor()
        try:
            connection.execute("BEGIN")
            # The lake reads its catalog over a connection of its own: first its state, then what is said of that.
            ((snapshot,),) = connection.execute("FROM mono.current_snapshot()").fetchall()
            ((committed_at,),) = connection.execute(_COMMITTED_AT, [snapshot]).fetchall()
            yield None if snapshot == _FIRST else Reading(connection, State(snapshot, committed_at))
        except (duckdb.IOException, duckdb.FatalException) as error:
            self.close()  # files that were moved or put back are found by opening anew
            raise WarehouseError(f"{self._places.catalog}: the warehouse cannot be read now ({error})") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the lake; readings that are under way end by themselves, and the next opens it anew."""
        with self._lock:
            self._open = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            try:
                place = catalog_to_read(self._places).stat()
            except OSError as error:
                raise WarehouseError(f"{self._places.catalog}: the warehouse cannot be read ({error})") from error
            catalog = (place.st_dev, place.st_ino)
            if self._open is None or self._open[0] != catalog:
                self._open = (catalog, self._engine())
            return self._open[1].cursor()

    def _engine(self) -> duckdb.DuckDBPyConnection:
        engine = start_engine()
        try:
            engine.execute("SET memory_limit = ?", [self._memory])
            attach_to_read(engine, self._places)
        except BaseException:
            engine.close()
            raise
        return engine
