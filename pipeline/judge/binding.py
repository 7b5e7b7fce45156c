"""Whether the SQL of a rule fits the tables there are, before anything is judged."""

import re

import duckdb

from pipeline.errors import RuleError
from pipeline.judge import examples, said
from pipeline.judge.rule import Rule
from pipeline.judge.sensitivity import SensitivityMap

_LINE = re.compile(r"LINE (\d+):")


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
