"""Whether the SQL of a rule fits the tables there are, before anything is judged, and the statement that it becomes."""

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from pipeline.errors import RuleError
from pipeline.judge import examples, said
from pipeline.judge.rule import Rule
from pipeline.judge.sensitivity import SensitivityMap

_LINE = re.compile(r"LINE (\d+):")
_PARAMETER = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(?P<name>\w+)""", re.DOTALL
)
_CLOCK = "(select as_of from shown_snapshot)"
"""Where SQL finds the clock of the snapshot that it is asked of."""


def problem(con: duckdb.DuckDBPyConnection, rule: Rule, known: SensitivityMap) -> str | None:
    """What is wrong with the SQL of `rule` on a workbench, with its file and line; None when it fits."""
    values = dict(rule.params) | {"as_of": examples.AS_OF, "crosswalk": known.crosswalk()}
    try:
        described = con.execute(
            f"describe {rule.sql}", said.bindable(rule.uses, values) or None
        ).fetchall()
    except duckdb.Error as error:
        found = _LINE.search(str(error))
        line = rule.sql_line + (int(found[1]) - 1 if found else 0)
        words = " ".join(str(error).partition("LINE ")[0].split())
        return f"{rule.file.label}:{line}: sql: {words}"
    columns = [row[0] for row in described]
    try:
        said.check_columns(columns)
    except RuleError as error:
        return f"{rule.file.label}:{rule.sql_line}: sql: {error}"
    return None


def executed(con: duckdb.DuckDBPyConnection, rule: Rule, values: Mapping[str, Any]) -> str:
    """The statement that judges by `rule`, with the `values` of its parameters in their places; `con` is a workbench.

    It runs as it stands: `muster sql` answers with the verdicts of the newest snapshot.

    Raises:
        RuleError: the columns of the SQL cannot be verdicts.
        duckdb.Error: the SQL does not fit the tables.
    """
    bound = said.bindable(rule.uses, {**values, "as_of": examples.AS_OF})
    literals = {name: _literal(value) for name, value in bound.items()} | {"as_of": _CLOCK}
    statement = said.statement(con, rule.sql, rule.severity, bound)
    return _PARAMETER.sub(
        lambda found: literals[found["name"]] if found["name"] else found[0], statement
    )


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "null" if value is None else str(value).lower()
