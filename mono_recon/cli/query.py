"""``query``: one read-only question to the warehouse."""

import json
import sys
from typing import Literal

import polars as pl

from mono_recon.cli.answer import Answer, table
from mono_recon.cli.failures import UsageError
from mono_recon.cli.session import Shared
from mono_recon.warehouse.asking import ask

Form = Literal["table", "csv", "json", "parquet"]

_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def query(sql: str, /, *, format: Form = "table", session: Shared) -> Answer | None:  # noqa: A002  the option's name
    """Ask the warehouse one SELECT; schemas report, core and raw are on the search path.

    Args:
        sql: The question.
        format: How the rows are written to standard output.
        session: Global options.
    """
    rows = ask(session.settings().warehouse, sql)
    try:
        return _written(rows.with_columns(_whole(column) for column in rows.iter_columns()), format)
    except pl.exceptions.PanicException as error:
        raise UsageError("a column holds a date that no calendar has; cast it to VARCHAR") from error


def _written(rows: pl.DataFrame, form: Form) -> Answer | None:
    if form == "parquet":
        rows.write_parquet(sys.stdout.buffer)
        return None
    told = rows.with_columns(pl.col(pl.Datetime("us", "UTC")).dt.strftime(_INSTANT))
    if form == "csv":
        told.with_columns(pl.col(pl.List).cast(pl.List(pl.String)).list.join("|")).write_csv(sys.stdout.buffer)
        return None
    if form == "json":
        sys.stdout.write(told.write_json() + "\n")
        return None
    return Answer(json.loads(told.write_json()), lambda console: console.print(table(told.columns, told.iter_rows())))


def _whole(column: pl.Series) -> pl.Series:
    """Whole numbers as such: DuckDB adds centavos up to 128 bits, which JSON and Parquet hold as decimals."""
    if column.dtype != pl.Decimal(38, 0):
        return column
    integers = column.cast(pl.Int64, strict=False)
    return integers if integers.null_count() == column.null_count() else column
