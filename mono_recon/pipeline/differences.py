"""What two issued versions of a date say differently, fact by fact.

Here belong the comparison and the causes that restatements between the two gave. What a fact is belongs to
``mono_recon.report.content``; the causes are found where a version is made.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from mono_recon.report.content import FACTS, facts
from mono_recon.warehouse.connect import Warehouse

_LINE = ["table_name", "row_key"]
_FACT = [*_LINE, "column_name"]
_CAUSES = " > "


def version_differences(warehouse: Warehouse, day: date, old: int, new: int) -> pl.DataFrame:
    """Compare two issued versions.

    Args:
        warehouse: The warehouse.
        day: Their business date.
        old: A version.
        new: Another one, earlier or later.

    Returns:
        As ``differences``.
    """
    restated = warehouse.query(
        "SELECT * FROM mono.report.restatements WHERE business_date = $day AND version > $after AND version <= $until",
        {"day": day, "after": min(old, new), "until": max(old, new)},
    )
    return differences(_tables(warehouse, day, old), _tables(warehouse, day, new), restated)


def differences(
    old: Mapping[str, pl.DataFrame], new: Mapping[str, pl.DataFrame], restated: pl.DataFrame
) -> pl.DataFrame:
    """Compare the facts of two versions.

    Args:
        old: The tables of a version that have facts.
        new: Those of another one.
        restated: Rows of ``report.restatements`` of the versions between them.

    Returns:
        One row per fact that differs, and one without column per line or break that only one of them has:
        ``table_name``, ``row_key``, ``column_name``, ``change`` (came, went or changed), ``old_value``,
        ``new_value`` and ``cause``, where a restatement gave one; of several all, in the order of the versions.
    """
    before, after = facts(old), facts(new)
    moved = pl.concat([_only_in(after, before, "came"), _only_in(before, after, "went")])
    values = [rows.group_by(_FACT).agg(pl.col("value").sort()) for rows in (before, after)]
    both = values[0].join(values[1], on=_FACT, suffix="_after").join(moved, on=_LINE, how="anti")
    changed = both.filter(pl.col("value") != pl.col("value_after")).select(
        *_FACT,
        pl.lit("changed").alias("change"),
        pl.col("value").list.join("|", ignore_nulls=False).alias("old_value"),
        pl.col("value_after").list.join("|", ignore_nulls=False).alias("new_value"),
    )
    return (
        pl.concat([moved, changed], how="diagonal")
        .join(_causes(restated), on=_FACT, how="left", nulls_equal=True)
        .select(*_FACT, "change", "old_value", "new_value", "cause")
        .sort(_FACT)
    )


def _only_in(rows: pl.DataFrame, others: pl.DataFrame, change: str) -> pl.DataFrame:
    lines = rows.select(_LINE).unique().join(others.select(_LINE).unique(), on=_LINE, how="anti")
    return lines.with_columns(pl.lit(None, pl.String).alias("column_name"), pl.lit(change).alias("change"))


def _causes(restated: pl.DataFrame) -> pl.DataFrame:
    """The causes of each fact; a new break bears the column of its type where it is a line that came here."""
    is_break = pl.col("table_name") == "breaks"
    named = restated.with_columns(pl.when(~is_break).then("column_name").alias("column_name"))
    return (
        named.sort("version")
        .group_by(_FACT, maintain_order=True)
        .agg(pl.col("cause").unique(maintain_order=True).str.join(_CAUSES))
    )


def _tables(warehouse: Warehouse, day: date, version: int) -> dict[str, pl.DataFrame]:
    key = {"day": day, "version": version}
    return {
        name: warehouse.query(
            f"SELECT * FROM mono.report.{name} WHERE business_date = $day AND version = $version",  # noqa: S608  a contract's name
            key,
        )
        for name in FACTS
    }
