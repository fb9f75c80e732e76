"""What every table contract shares: the base model, the column types and the column helper.

Here belongs what is true of all tables. A table's own columns live in ``raw``, ``core`` and
``report``; nothing here knows a database or a file format.
"""

import re
from functools import cache
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl

Instant = Annotated[pl.Datetime, "us", "UTC"]
"""A moment, in UTC with microseconds."""

Texts = Annotated[pl.List, pl.String]
"""A sorted list of texts."""

ID_PATTERN = r"^[A-Za-z]{2,7}_[A-Za-z0-9_-]{22}$"
"""Form of every id that Mono gives; case-sensitive."""

SHA256_PATTERN = r"^[0-9a-f]{64}$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"


class Table(pa.DataFrameModel):
    """A table's contract: column names, order, types and row rules.

    The docstring of a subclass is the table's description and the description of a field is the
    column's; the warehouse carries both as comments and the data dictionary is made from them. A
    table is named after its class and lies in the schema named after its module.
    """

    class Config:
        """Exactly these columns; nothing is cast to fit."""

        strict = True
        coerce = False


def column(description: str, *, nullable: bool = False, **rules: Any) -> Any:  # noqa: ANN401
    """A column with its meaning, unit and source.

    Typed ``Any`` because pandera's own ``Field`` stands for a value of the annotated type.
    """
    return pa.Field(description=description, nullable=nullable, **rules)


def schema_name(model: type[Table]) -> str:
    """The warehouse schema of a table: ``raw``, ``core`` or ``report``."""
    return model.__module__.rpartition(".")[2]


def table_name(model: type[Table]) -> str:
    """The name of a table: its class in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()


@cache
def polars_schema(model: type[Table]) -> pl.Schema:
    """The names and dtypes of a table's columns, in the contract's order."""
    return pl.Schema(model.empty().schema)


def entity_column(model: type[Table]) -> str:
    """The column that names what a row of a table of ``core`` is about: its first."""
    return polars_schema(model).names()[0]


def describe(model: type[Table]) -> dict[str, str]:
    """Each column's description, in the contract's order."""
    return {name: str(col.description) for name, col in model.to_schema().columns.items()}
