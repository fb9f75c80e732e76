"""The data dictionary: every table and column of the warehouse as a page.

Here belongs the way from the table contracts to ``docs/data-dictionary.md``. What a column means is
written in its contract, never on the page: ``python -m mono_recon.schemas.dictionary`` writes it anew.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from mono_recon.schemas import core, raw, report
from mono_recon.schemas.origins import ORIGINS
from mono_recon.schemas.table import Table, describe, polars_schema, schema_name, table_name

PAGE = Path("docs") / "data-dictionary.md"
"""Where the page lies, from the root of the project."""

_TYPES = {
    pl.String(): "text",
    pl.Int64(): "integer",
    pl.Boolean(): "true or false",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "instant",
    pl.List(pl.String()): "list of texts",
}

_UNITS = {
    "bytes": "bytes",
    "byte_offset": "bytes",
    "mtime_ns": "nanoseconds",
    "age_days": "days",
    "age_business_days": "business days",
}
_NUMBERS = frozenset(
    {"version", "previous_version", "supersedes", "intake", "line", "page_number", "row_index", "http_status"}
)
"""Integers that number something and count nothing."""

_INTRODUCTION = """# Data dictionary

Made from the table contracts by `python -m mono_recon.schemas.dictionary`; do not edit it. The warehouse carries
the same descriptions as comments.

- `null` marks a column that may be empty.
- Amounts are whole centavos in columns that end in `_minor`; 1600000 is COP 16,000.00. `pesos(amount_minor)` gives
  them as pesos, exactly.
- Instants are in UTC with microseconds. `business_date(instant)` gives the date in Bogotá; where the business date
  ends before midnight, `business_date(instant, ends_at := INTERVAL 18 HOURS)`.
- *Mono's field* is where a value comes from: a path in `event.data` of a webhook and in the row of an export,
  `event.type` and `timestamp` of the envelope, or a parameter of the request. Columns without one are ours: clocks of
  the archive, places, conclusions.

Views, with the columns of their tables: `report.latest_<table>` has the rows of the latest version of each business
date; `core.latest_transfers`, `core.latest_batches` and `core.latest_collections` have the latest statement about
each transfer, batch and collection intent.
"""


def data_dictionary() -> str:
    """The page, in Markdown: tables in the order of their contracts, grouped by schema."""
    return "\n".join([_INTRODUCTION, *_sections()])


def unit(column: str, dtype: pl.DataType) -> str:
    """What a column's values are counted in; empty where they are text or number something."""
    if column.endswith("_minor"):
        return "centavos"
    if dtype == pl.Datetime("us", "UTC"):
        return "UTC, µs"
    if dtype != pl.Int64() or column in _NUMBERS:
        return ""
    return _UNITS.get(column, "count")


def _sections() -> Iterator[str]:
    for schema in (raw, core, report):
        yield f"## {schema_name(schema.TABLES[0])}\n"
        for table in schema.TABLES:
            yield _section(table)


def _section(table: type[Table]) -> str:
    nullable = {name for name, column in table.to_schema().columns.items() if column.nullable}
    dtypes = polars_schema(table)
    origins = ORIGINS.get(table, {})
    rows = [
        f"| `{name}` | {_TYPES[dtypes[name]]} | {'null' if name in nullable else ''} | {unit(name, dtypes[name])}"
        f" | {_cell(meaning)} | {_cell(origins.get(name, ''))} |"
        for name, meaning in describe(table).items()
    ]
    purpose = " ".join((table.__doc__ or "").split())
    header = "| Column | Type | | Unit | Meaning | Mono's field |\n|---|---|---|---|---|---|"
    return "\n".join([f"### {schema_name(table)}.{table_name(table)}\n", f"{purpose}\n", header, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(data_dictionary(), encoding="utf-8")
