"""``query``: one read-only question to the warehouse."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Annotated, Literal

import polars as pl
from cyclopts import Parameter, validators
from rich.console import Console

from mono_recon.cli.answer import Answer, table
from mono_recon.cli.failures import FAILED, UsageError
from mono_recon.cli.session import Shared
from mono_recon.warehouse.asking import Limits, ask

Form = Literal["table", "csv", "json", "parquet"]
Question = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""SQL may begin with a comment."""

Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"
_SHOWN_ROWS = 1000
_GRACE = 5
"""Seconds that the engine has to stop in; it looks only between two portions of rows."""


def query(
    sql: Question,
    /,
    *,
    format: Form = "table",  # noqa: A002  the option's name
    timeout: Seconds = 60,
    session: Shared,
) -> Answer | None:
    """Ask the warehouse one SELECT; schemas report, core and raw are on the search path.

    DESCRIBE, SUMMARIZE and SHOW ALL TABLES are answered too.

    Args:
        sql: The question.
        format: How the rows are written to standard output; a table shows the first thousand.
        timeout: Seconds after which the question is stopped.
        session: Global options.
    """
    with _ended_after(timeout + _GRACE):
        rows = ask(session.settings().warehouse, sql, Limits(seconds=timeout))
    try:
        return _written(rows.with_columns(_whole(column) for column in rows.iter_columns()), format)
    except pl.exceptions.PanicException as error:
        raise UsageError("a column holds a date that no calendar has; cast it to VARCHAR") from error


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End the process where the engine does not stop: within one value it never looks."""

    def end() -> None:
        sys.stderr.write(f"mono-recon: stopped after {seconds:g} s; one single value takes longer than that\n")
        sys.stderr.flush()
        os._exit(FAILED)

    watchdog = Timer(seconds, end)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _written(rows: pl.DataFrame, form: Form) -> Answer | None:
    if form == "parquet":
        rows.write_parquet(sys.stdout.buffer)
        return None
    told = rows.with_columns(
        pl.col(pl.Datetime("us", "UTC")).dt.strftime(_INSTANT), pl.col(pl.Date).dt.strftime("%Y-%m-%d")
    )
    if form == "csv":
        told.with_columns(pl.col(pl.List).cast(pl.List(pl.String)).list.join("|")).write_csv(sys.stdout.buffer)
        return None
    if form == "json":
        sys.stdout.write(told.write_json() + "\n")
        return None
    return Answer(lambda: json.loads(told.write_json()), lambda console: _show(told, console))


def _show(told: pl.DataFrame, console: Console) -> None:
    console.print(table(told.columns, told.head(_SHOWN_ROWS).iter_rows()))
    if told.height > _SHOWN_ROWS:
        sys.stderr.write(f"the first {_SHOWN_ROWS} of {told.height} rows; --format csv, json or parquet gives all\n")


def _whole(column: pl.Series) -> pl.Series:
    """Whole numbers as such: DuckDB adds centavos up to 128 bits, which JSON and Parquet hold as decimals."""
    if column.dtype != pl.Decimal(38, 0):
        return column
    integers = column.cast(pl.Int64, strict=False)
    return integers if integers.null_count() == column.null_count() else column
