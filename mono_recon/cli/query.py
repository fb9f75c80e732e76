"""``query``: one read-only question to the warehouse."""

import sys
from typing import Literal

import polars as pl

from mono_recon.cli.answer import Answer, table
from mono_recon.cli.session import Shared
from mono_recon.warehouse.asking import ask

Form = Literal["table", "csv", "json", "parquet"]


def query(sql: str, /, *, format: Form = "table", session: Shared) -> Answer:  # noqa: A002  the option's name
    """Ask the warehouse one SELECT; schemas report, core and raw are on the search path.

    Args:
        sql: The question.
        format: How the rows are written to standard output.
        session: Global options.
    """
    rows = ask(session.settings().warehouse, sql)
    if format == "csv":
        rows.with_columns(pl.col(pl.List(pl.String)).list.join("|")).write_csv(sys.stdout)
    elif format == "json":
        sys.stdout.write(rows.write_json() + "\n")
    elif format == "parquet":
        rows.write_parquet(sys.stdout.buffer)
    else:
        return Answer(rows.to_dicts(), lambda console: console.print(table(rows.columns, rows.iter_rows())))
    return Answer(None, lambda _console: None)
