"""What a question from the command line may be: one SELECT over the lake's own tables.

Here belongs the reading of a question before it is asked. It is judged by its parsed form, so that neither
quotes nor comments nor the depth at which something stands make a difference, and by what it may use, not
by what it may not. How the engine is confined besides is in ``asking``.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

_TABLE_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_tables",
        "duckdb_views",
        "generate_series",
        "json_each",
        "json_tree",
        "range",
        "repeat",
        "repeat_row",
        "snapshots",
        "table_changes",
        "table_deletions",
        "table_insertions",
        "unnest",
    }
)
"""They make rows of their arguments, or tell of the lake."""

_FUNCTIONS_THAT_DO_MORE = frozenset(
    {
        "current_setting",
        "currval",
        "getenv",
        "getvariable",
        "json_serialize_plan",
        "nextval",
        "pg_sleep",
        "setseed",
        "sleep_ms",
        "write_log",
    }
)
"""Functions of a value that also tell of the machine, plan another statement, wait or leave something behind."""

_SCHEMAS = ("report", "core", "raw")
_DESCRIPTION = "information_schema"
_PARSE = "SELECT json_serialize_sql($sql)"


class QuestionError(ValueError):
    """A question that is not one SELECT over the warehouse's tables."""


@dataclass
class _Used:
    """What a statement names, wherever it stands in it."""

    tables: list[tuple[str, str, str]] = field(default_factory=list)
    table_functions: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    subqueries: set[str] = field(default_factory=set)


def check(sql: str, tables: Collection[tuple[str, str]]) -> None:
    """Refuse a question that is anything but one SELECT, or that reads elsewhere.

    Args:
        sql: The question.
        tables: Schema and name of the tables and views that may be asked.

    Raises:
        QuestionError: It is something else; the message names what is refused.
    """
    used = _used(_statement(sql))
    refused = sorted(used.table_functions - _TABLE_FUNCTIONS)
    if refused:
        raise QuestionError(f"{', '.join(refused)}: ask the warehouse's own tables, not functions that read elsewhere")
    refused = sorted(used.functions & _FUNCTIONS_THAT_DO_MORE)
    if refused:
        raise QuestionError(f"{', '.join(refused)}: not in a question; it does more than compute a value")
    for catalog, schema, table in used.tables:
        if not _may_be_asked(catalog, schema, table, used.subqueries, tables):
            name = ".".join(part for part in (catalog, schema, table) if part)
            raise QuestionError(
                f"{name}: ask the warehouse's own tables, there is none of that name; SHOW ALL TABLES lists them"
            )


def _may_be_asked(
    catalog: str, schema: str, table: str, subqueries: Collection[str], tables: Collection[tuple[str, str]]
) -> bool:
    if catalog not in {"", "mono"}:
        return False
    if schema == _DESCRIPTION:
        return True
    if schema:
        return (schema, table) in tables
    return table in subqueries or any((each, table) in tables for each in _SCHEMAS)


def _statement(sql: str) -> object:
    """The parsed form of the one SELECT in a text."""
    with duckdb.connect(":memory:") as parser:
        ((text,),) = parser.execute(_PARSE, {"sql": sql}).fetchall()
    try:
        parsed = json.loads(text)
    except RecursionError:
        raise QuestionError("it is nested too deeply; ask it in steps, with WITH") from None
    if parsed.get("error"):
        raise QuestionError(f"ask one SELECT and nothing else: {parsed.get('error_message', 'it cannot be read')}")
    if len(parsed["statements"]) != 1:
        raise QuestionError(f"ask one SELECT, not {len(parsed['statements'])} statements")
    return parsed


def _used(parsed: object) -> _Used:
    used = _Used()
    for node in _nodes(parsed):
        kind = node.get("type")
        if kind == "BASE_TABLE":
            names = (node["catalog_name"], node["schema_name"], node["table_name"])
            used.tables.append((names[0].lower(), names[1].lower(), names[2].lower()))
        elif kind == "TABLE_FUNCTION":
            used.table_functions.add(node["function"]["function_name"])
        elif kind == "FUNCTION":
            used.functions.add(node["function_name"])
        if "cte_map" in node:
            used.subqueries.update(entry["key"].lower() for entry in node["cte_map"]["map"])
    # The function of a table function is a node of its own; what it may be has been said.
    used.functions -= used.table_functions
    return used


def _nodes(parsed: object) -> Iterator[dict[str, Any]]:
    """Every object of a parsed statement."""
    left = [parsed]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            left += node.values()
        elif isinstance(node, list):
            left += node
