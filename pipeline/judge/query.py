"""What a query is made of, as DuckDB takes it apart: the relations that it names, and the names of its columns."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.errors import RuleError


@dataclass(frozen=True)
class Query:
    """A query's `relations` (tables, views and table macros), and its `columns`; None where only binding it would tell."""

    relations: frozenset[str]
    columns: tuple[str, ...] | None


_TAKEN_APART: dict[str, Query] = {}
"""By text: all rules share the views, and taking a query apart takes as long as some rules."""


def taken_apart(con: duckdb.DuckDBPyConnection, sql: str) -> Query:
    """What `sql` is made of; `con` is any connection.

    Raises:
        RuleError: DuckDB cannot say, or it is nested hundreds deep.
    """
    if sql not in _TAKEN_APART:
        rows = con.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
        try:
            tree = json.loads(rows[0][0])
        except RecursionError as error:
            raise RuleError("its SQL is nested too deeply to be taken apart") from error
        if tree["error"]:
            raise RuleError(f"the tables it reads cannot be told: {tree['error_message']}")
        _TAKEN_APART[sql] = Query(frozenset(_relations(tree)), _columns(tree))
    return _TAKEN_APART[sql]


def _relations(tree: Any) -> Iterator[str]:
    """Names of tables, views and table macros anywhere in a serialised query."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            match node.get("type"):
                case "BASE_TABLE":
                    yield node["table_name"]
                case "TABLE_FUNCTION":
                    yield str(node["function"]["function_name"]).removesuffix("_at")
            todo += [part for part in node.values() if isinstance(part, dict | list)]
        else:
            todo += [part for part in node if isinstance(part, dict | list)]


def _columns(tree: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What the select list itself says; a union has the columns of its first part."""
    node = tree["statements"][0]["node"]
    while node.get("children"):
        node = node["children"][0]
    names = [_name(expression) for expression in node.get("select_list", ())]
    return tuple(names) if names and all(names) else None


def _name(expression: Mapping[str, Any]) -> str:
    """The name of the column that an expression makes; nothing where it may make several, or none is written down."""
    if expression["class"] == "STAR" or expression.get("function_name") == "unnest":
        return ""
    if expression["class"] == "COLUMN_REF" and not expression["alias"]:
        return str(expression["column_names"][-1])
    return str(expression["alias"])
