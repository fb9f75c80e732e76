"""Questions that people put to the warehouse in SQL.

Here belongs what such a question may be: one SELECT over the lake's own tables.
"""

import json

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.attach import connect_to_read

_READING_NOTHING = frozenset({"generate_series", "range", "unnest"})
_CHECKER = "SELECT json_serialize_sql($sql)"
_TOLD_AS_TEXT = frozenset({"interval", "blob", "bit", "bignum", "geometry", "variant", "time with time zone"})
_NESTED = frozenset({"list", "struct", "map", "array", "union"})


class QuestionError(ValueError):
    """A question that is not one SELECT over the warehouse's tables."""


def ask(places: Places, sql: str) -> pl.DataFrame:
    """Answer one SELECT.

    Args:
        places: Where the warehouse lies.
        sql: The question; schemas report, core and raw are on the search path.

    Returns:
        The rows. Columns of types that not every form of answer has are text: intervals, bytes and the like as
        DuckDB writes them, nested ones as JSON. Lists of plain values stay lists.

    Raises:
        QuestionError: It is something else, or DuckDB refuses it.
        WarehouseError: There is no warehouse, or it cannot be opened.
    """
    _check(sql)
    try:
        with connect_to_read(places) as connection:
            return _tellable(connection.sql(sql)).pl()
    except duckdb.Error as error:
        raise QuestionError(str(error).splitlines()[0]) from error


def _tellable(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Rows whose columns every form of answer has."""
    positions = [f"#{number}" for number in range(1, len(rows.columns) + 1)]
    told = [_told(column, kind) for column, kind in zip(positions, rows.types, strict=True)]
    if told == positions:
        return rows
    names = [name.replace('"', '""') for name in rows.columns]
    return rows.project(", ".join(f'{column} AS "{name}"' for column, name in zip(told, names, strict=True)))


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


def _check(sql: str) -> None:
    with duckdb.connect(":memory:") as parser:
        ((text,),) = parser.execute(_CHECKER, {"sql": sql}).fetchall()
    parsed = json.loads(text)
    if parsed.get("error"):
        raise QuestionError(f"ask one SELECT and nothing else: {parsed.get('error_message', 'it cannot be read')}")
    if len(parsed["statements"]) != 1:
        raise QuestionError(f"ask one SELECT, not {len(parsed['statements'])} statements")
    functions = sorted(set(_table_functions(parsed)) - _READING_NOTHING)
    if functions:
        raise QuestionError(
            f"{', '.join(functions)}: ask the warehouse's own tables, not functions that read elsewhere"
        )


def _table_functions(node: object) -> list[str]:
    """Names of table functions anywhere in a parsed statement; files named as tables too."""
    if isinstance(node, list):
        return [name for each in node for name in _table_functions(each)]
    if not isinstance(node, dict):
        return []
    found = [name for each in node.values() for name in _table_functions(each)]
    if node.get("type") == "TABLE_FUNCTION":
        found.append(str(node.get("function", {}).get("function_name", "a table function")))
    if node.get("type") == "BASE_TABLE" and not str(node.get("table_name", "")).replace("_", "").isalnum():
        found.append(str(node["table_name"]))
    return found
