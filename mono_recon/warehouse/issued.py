"""What has been issued: the versions of each date and their tables.

Here belong the questions about issued reports. They never change; how a new one is made belongs to
``pipeline``.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from mono_recon.reconcile.inputs import OPENING
from mono_recon.schemas.report import TABLES, Breaks
from mono_recon.schemas.table import polars_schema, table_name
from mono_recon.warehouse.connect import Warehouse

_MODELS = {table_name(model): model for model in TABLES}


class Issue(NamedTuple):
    """One issued version of a date."""

    business_date: date
    version: int
    as_of: datetime
    settings_sha256: str
    code_version: str


def latest_issues(warehouse: Warehouse) -> dict[date, Issue]:
    """The latest version of each date that has been issued, oldest date first."""
    columns = ", ".join(Issue._fields)
    rows = warehouse.query(f"SELECT {columns} FROM mono.report.latest_issues ORDER BY business_date")  # noqa: S608  constants
    return {row[0]: Issue(*row) for row in rows.iter_rows()}


def issued_tables(warehouse: Warehouse, day: date, version: int, names: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Tables of an issued version, with exactly their contracts' columns.

    Args:
        warehouse: The warehouse.
        day: Business date.
        version: Its version.
        names: Tables of schema ``report``.
    """
    found = {}
    for name in names:
        rows = warehouse.query(
            f"SELECT * FROM mono.report.{name} WHERE business_date = $day AND version = $version",  # noqa: S608  a contract's name
            {"day": day, "version": version},
        )
        found[name] = rows.select(polars_schema(_MODELS[name]).names())
    return found


def open_breaks(warehouse: Warehouse, day: date, version: int) -> pl.DataFrame:
    """``OPENING`` of the breaks and timing items that an issued version left open."""
    (listed,) = issued_tables(warehouse, day, version, [table_name(Breaks)]).values()
    return listed.filter(pl.col("status") == "open", pl.col("class").is_in(["break", "timing"])).select(OPENING.names())
