"""The data dictionary: every table and column of the warehouse as a page.

Here belongs the way from the table contracts to ``docs/data-dictionary.md``. What a column means is
written in its contract, never on the page: ``python -m mono_recon.schemas.dictionary`` writes it anew.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from mono_recon.schemas import core, raw, report
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

_INTRODUCTION = """# Data dictionary

Made from the table contracts by `python -m mono_recon.schemas.dictionary`; do not edit it. The warehouse carries
the same descriptions as comments. Columns that end in `_minor` are centavos; an instant is in UTC with microseconds;
`null` marks a column that may be empty.
"""


def data_dictionary() -> str:
    """The page, in Markdown: tables in the order of their contracts, grouped by schema."""
    return "\n".join([_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for schema in (raw, core, report):
        yield f"## {schema_name(schema.TABLES[0])}\n"
        for table in schema.TABLES:
            yield _section(table)


def _section(table: type[Table]) -> str:
    nullable = {name for name, column in table.to_schema().columns.items() if column.nullable}
    dtypes = polars_schema(table)
    rows = [
        f"| `{name}` | {_TYPES[dtypes[name]]} | {'null' if name in nullable else ''} | {_cell(meaning)} |"
        for name, meaning in describe(table).items()
    ]
    purpose = " ".join((table.__doc__ or "").split())
    header = "| Column | Type | | Meaning |\n|---|---|---|---|"
    return "\n".join([f"### {schema_name(table)}.{table_name(table)}\n", f"{purpose}\n", header, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(data_dictionary(), encoding="utf-8")
