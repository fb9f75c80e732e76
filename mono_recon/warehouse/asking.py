"""Questions that people put to the warehouse in SQL.

Here belongs what such a question may be: one SELECT over the lake's own tables.
"""

import json

import duckdb
import polars as pl

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.attach import connect_to_read

_READING_NOTHING = frozenset({"generate_series", "range", "unnest"})
_CHECKER = "SELECT json_serialize_sql($sql)"


class QuestionError(ValueError):
    """A question that is not one SELECT over the warehouse's tables."""


def ask(places: Places, sql: str) -> pl.DataFrame:
    """Answer one SELECT.

    Args:
        places: Where the warehouse lies.
        sql: The question; schemas report, core and raw are on the search path.

    Raises:
        QuestionError: It is something else, or DuckDB refuses it.
        WarehouseError: There is no warehouse, or it cannot be opened.
    """
    _check(sql)
    try:
        with connect_to_read(places) as connection:
            return connection.sql(sql).pl()
    except duckdb.Error as error:
        raise QuestionError(str(error).splitlines()[0]) from error


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
