"""The columns of a rule's SQL: which it must have, and the statement that makes verdicts of them.

Imported by the process that runs the SQL of other people's packs: it needs little.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb

from pipeline.errors import RuleError

GUARANTEED = ("subject_id", "status", "reason")
FURTHER = ("severity", "subject_name")


def statement(
    con: duckdb.DuckDBPyConnection, sql: str, severity: str, bound: Mapping[str, Any]
) -> str:
    """The query for subject_id, status, severity, reason, subject_name and evidence that `sql` comes to.

    Raises:
        RuleError: as `check_columns`.
    """
    described = con.execute(f"describe {sql}", bound or None).fetchall()
    return verdicts(sql, severity, [row[0] for row in described])


def verdicts(sql: str, severity: str, columns: Sequence[str]) -> str:
    """The query of `statement` where it is known that `sql` has these columns.

    Raises:
        RuleError: as `check_columns`.
    """
    check_columns(columns)
    evidence = ", ".join(
        f"{_quoted(name)} := {_quoted(name)}"
        for name in columns
        if name not in (*GUARANTEED, *FURTHER)
    )
    own, name = (f"{name}::varchar" if name in columns else "null::varchar" for name in FURTHER)
    return (
        "select subject_id::varchar as subject_id, status::varchar as status, "
        f"coalesce({own}, '{severity}') as severity, reason::varchar as reason, "
        f"{name} as subject_name, "
        f"{f'to_json(struct_pack({evidence}))' if evidence else 'json_object()'} as evidence "
        f"from (\n{sql}\n)"
    )


def check_columns(columns: Sequence[str]) -> None:
    """Refuses SQL whose columns cannot be verdicts.

    Raises:
        RuleError: a required column is missing, or two have one name.
    """
    for name in GUARANTEED:
        if name not in columns:
            raise RuleError(
                f"its SQL has no column {name}; required: {', '.join(GUARANTEED)}; "
                f"it has: {', '.join(columns)}"
            )
    if len(set(columns)) < len(columns):
        raise RuleError(f"two columns of its SQL have one name: {', '.join(columns)}")


def bindable(uses: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the parameters that a rule uses, as DuckDB takes them."""
    return {name: _bindable(name, values[name]) for name in uses}


def _bindable(name: str, value: Any) -> Any:
    """Plain values and lists of them as they are; everything nested, and the crosswalk, as JSON text."""
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    )
    return json.dumps(value, ensure_ascii=False) if nested or name == "crosswalk" else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
