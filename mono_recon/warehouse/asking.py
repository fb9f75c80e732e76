"""Questions that people put to the warehouse in SQL.

Here belongs how a question is asked: in an engine that can read nothing but the lake and be set to nothing
else, within limits of time, memory and size. What a question may be is in ``permitted``.
"""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.attach import connect_to_read, quoted
from mono_recon.warehouse.permitted import QuestionError, check

_TOLD_AS_TEXT = frozenset({"interval", "blob", "bit", "bignum", "geometry", "variant", "time with time zone"})
_NESTED = frozenset({"list", "struct", "map", "array", "union"})
_BATCH_ROWS = 100_000
_BYTES_PER_MB = 1_000_000
_NOT_COUNTED_MB = 500
_HELD = Path("/proc/self/statm")
_ASK_LESS = "ask for less, or ask from Python with mono_recon.connect(), which sets no limit"
_TABLES = """
    SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'mono' AND NOT internal
    UNION ALL
    SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'mono' AND NOT internal
"""

Parts = list[Any]
"""Portions of rows as Arrow has them; its library has no types."""


class RunawayError(Exception):
    """A question that takes more than it is given; the message says of what, and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a question may take.

    Attributes:
        seconds: Time until the last row.
        memory_mb: Memory of the engine, in MB of 10^6 bytes; it may put as much aside on disk.
        answer_mb: Size of the rows in memory.
    """

    seconds: float = 60
    memory_mb: int = 2000
    answer_mb: int = 500


def ask(places: Places, sql: str, limits: Limits | None = None) -> pl.DataFrame:
    """Answer one SELECT, in a process that does nothing else meanwhile: its memory is bounded as a whole.

    Args:
        places: Where the warehouse lies.
        sql: The question; schemas report, core and raw are on the search path.
        limits: What it may take.

    Returns:
        The rows. Columns of types that not every form of answer has are text: intervals, bytes and the like as
        DuckDB writes them, nested ones as JSON. Lists of plain values stay lists.

    Raises:
        QuestionError: It is something else, or DuckDB refuses it.
        RunawayError: It takes more than its limits.
        WarehouseError: There is no warehouse, or it cannot be opened.
    """
    allowed = limits or Limits()
    with connect_to_read(places) as connection:
        _confine(connection, places, allowed)
        check(sql, connection.execute(_TABLES).fetchall())
        try:
            with _bounded_memory(allowed):
                parts = _within(allowed.seconds, connection, lambda: _collected(connection, sql, allowed))
        # Once rows are handed out, its errors come through Arrow, which knows their words alone.
        except (duckdb.Error, OSError, MemoryError) as error:
            told = str(error).partition("\n")[0]
            if isinstance(error, MemoryError) or "Out of Memory Error" in told:
                raise RunawayError(f"it takes more than {allowed.memory_mb} MB of memory; {_ASK_LESS}") from None
            raise QuestionError(told) from error
    # Not within the bound: where Polars gets no memory it ends the process.
    return pl.concat([pl.DataFrame(part) for part in parts])


def _confine(connection: duckdb.DuckDBPyConnection, places: Places, limits: Limits) -> None:
    """Let an engine that has the lake attached reach nothing else, and take no more setting."""
    connection.execute(f"SET memory_limit = '{limits.memory_mb} MB'")
    connection.execute(f"SET max_temp_directory_size = '{limits.memory_mb} MB'")
    connection.execute(f"SET allowed_directories = [{quoted(f'{places.files}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


@contextmanager
def _bounded_memory(limits: Limits) -> Iterator[None]:
    """Let the process hold little more than it is given: the engine does not count all that it takes.

    Only Linux tells how much is held; elsewhere the engine's own limit has to do.
    """
    if not _HELD.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    bytes_held = int(_HELD.read_text(encoding="utf-8").split()[5]) * resource.getpagesize()
    more = (limits.memory_mb + limits.answer_mb + _NOT_COUNTED_MB) * _BYTES_PER_MB
    bounds = [bound for bound in (bytes_held + more, *before) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _within(seconds: float, connection: duckdb.DuckDBPyConnection, collect: Callable[[], Parts]) -> Parts:
    """What a function on a connection returns, which is stopped when its time is up or the user interrupts it.

    It works in a thread of its own: the engine does not look for an interrupt while it hands out rows.
    """
    with ThreadPoolExecutor(1) as pool:
        rows = pool.submit(collect)
        try:
            if rows not in wait([rows], seconds).done:
                raise RunawayError(f"stopped after {seconds:g} s; ask for less, or give it more with --timeout")
        finally:
            # An interrupt that comes between two statements is forgotten.
            while not rows.done():
                connection.interrupt()
                wait([rows], 0.1)
        return rows.result()


def _collected(connection: duckdb.DuckDBPyConnection, sql: str, limits: Limits) -> Parts:
    """The rows in portions, the first of which is empty."""
    reader = _tellable(connection.sql(sql)).to_arrow_reader(_BATCH_ROWS)
    parts: Parts = [reader.schema.empty_table()]
    size = 0
    for batch in reader:
        parts.append(batch)
        size += batch.nbytes
        if size > limits.answer_mb * _BYTES_PER_MB:
            raise RunawayError(f"the answer is larger than {limits.answer_mb} MB; {_ASK_LESS}")
    return parts


def _tellable(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Rows whose columns every form of answer has."""
    positions = [f"#{number}" for number in range(1, len(rows.columns) + 1)]
    told = [_told(column, kind) for column, kind in zip(positions, rows.types, strict=True)]
    names = _distinct(rows.columns)
    if told == positions and names == rows.columns:
        return rows
    names = [name.replace('"', '""') for name in names]
    return rows.project(", ".join(f'{column} AS "{name}"' for column, name in zip(told, names, strict=True)))


def _distinct(names: list[str]) -> list[str]:
    """Names of columns, each once: of equal ones those behind the first are numbered."""
    taken = set(names)
    distinct: list[str] = []
    for name in names:
        free = (f"{name}_{number}" for number in count(1))
        distinct.append(name if name not in distinct else next(each for each in free if each not in taken))
        taken.add(distinct[-1])
    return distinct


def _told(column: str, kind: DuckDBPyType) -> str:
    """A column, or the text that stands for it."""
    if kind.id in _TOLD_AS_TEXT:
        return f"{column}::VARCHAR"
    if kind.id == "list":
        ((_, element),) = kind.children
        is_plain = isinstance(element, DuckDBPyType) and element.id not in _TOLD_AS_TEXT | _NESTED
    else:
        is_plain = kind.id not in _NESTED
    return column if is_plain else f"to_json({column})::VARCHAR"
