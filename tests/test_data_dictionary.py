import polars as pl
import pytest

from mono_recon.schemas import core, raw, report
from mono_recon.schemas.dictionary import data_dictionary, unit
from mono_recon.schemas.origins import ORIGINS
from mono_recon.schemas.table import Table, describe, polars_schema, schema_name, table_name

TABLES: list[type[Table]] = [*raw.TABLES, *core.TABLES, *report.TABLES]
OURS = {"channel", "known_at", "source_ref"}
"""Of the columns of what Mono stated, those that the archive says."""

BY_HAND = {core.Resolutions, core.Adjustments}


def name(table: type[Table]) -> str:
    return f"{schema_name(table)}.{table_name(table)}"


@pytest.mark.parametrize("table", TABLES, ids=name)
def test_every_column_has_a_line_with_its_meaning(table: type[Table]) -> None:
    (section,) = [part for part in data_dictionary().split("### ") if part.startswith(f"{name(table)}\n")]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert [row[0].strip("|` ") for row in rows] == list(describe(table))
    assert [len(row) for row in rows] == [6] * len(rows)
    assert all(row[4].strip() for row in rows)


@pytest.mark.parametrize("table", [table for table in core.TABLES if table not in BY_HAND], ids=name)
def test_every_column_of_what_mono_stated_names_monos_field(table: type[Table]) -> None:
    assert set(polars_schema(table)) - set(ORIGINS[table]) == OURS & set(polars_schema(table))


@pytest.mark.parametrize("table", ORIGINS, ids=name)
def test_a_field_is_named_for_columns_that_there_are(table: type[Table]) -> None:
    assert set(ORIGINS[table]) <= set(polars_schema(table))


def test_amounts_are_centavos_and_instants_in_utc() -> None:
    for table in TABLES:
        for column, dtype in polars_schema(table).items():
            assert (unit(column, dtype) == "centavos") == column.endswith("_minor"), column
            assert (unit(column, dtype) == "UTC, µs") == (dtype == pl.Datetime("us", "UTC")), column


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("bytes", "bytes"),
        ("mtime_ns", "nanoseconds"),
        ("age_business_days", "business days"),
        ("records_read", "count"),
        ("version", ""),
        ("line", ""),
    ],
)
def test_a_number_has_its_unit(column: str, expected: str) -> None:
    assert unit(column, pl.Int64()) == expected
    assert unit(column, pl.String()) == ""
