"""The examples of rule files, run: a tiny warehouse from `given`, judged by the engine, compared with `expect`.

`before` lists what earlier snapshots held, the oldest first; each is a day older than the next, unless
its row of `snapshot` says when it was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from pipeline.errors import ConfigError
from pipeline.judge import evaluate, ledger, link, propagation, sensitivity
from pipeline.judge.outcome import Moment
from pipeline.judge.rule import OUTSIDE, Rule, with_blockers
from pipeline.judge.sensitivity import SensitivityMap
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import connect
from pipeline.warehouse.schema import Column, Table

AS_OF = datetime(2026, 11, 21, 2, tzinfo=UTC)
"""The clock of an example that sets none."""

NEUTRAL: Mapping[str, Mapping[str, Any]] = {
    "asset": {"status": "ACTIVE", "level": "dataset", "detail_read": True},
    "asset_column": {"status": "ACTIVE"},
    "classification": {"status": "ACTIVE"},
    "process": {"status": "ACTIVE"},
    "scan_run": {"status": "Succeeded"},
    "immuta_source": {"detail_read": True, "handler_read": True},
    "access_request": {"type": "DATA_ACCESS"},
    "product_member": {"type": "DATA_ACCESS", "status": "APPROVED"},
    "link": {"method": "canonical_path", "confidence": 1.0},
    "waiver_match": {"owner_approved": False, "self_approved": False},
}
"""What an ordinary row says where an example is silent."""

_BLANK = {
    "VARCHAR": "",
    "BOOLEAN": False,
    "JSON": "{}",
    "VARCHAR[]": [],
}


@dataclass(frozen=True)
class Result:
    """How one example came out: what differs, nothing when it holds."""

    rule_id: str
    number: int
    name: str
    differences: tuple[str, ...]


def workbench() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory; one serves any number of examples, one after the other."""
    con = connect(":memory:")
    history.initialise(con)
    # a handful of rows: a second thread costs more than it does
    con.execute("set threads = 1")
    # the SQL of a user's pack is tried here, too: it gets what is in memory and nothing else
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def run(
    con: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], known: SensitivityMap, rule: Rule
) -> Iterator[Result]:
    """The result of every example of `rule` on a workbench; `rules` holds the rules that block it too."""
    for number, example in enumerate(rule.examples, 1):
        where = f"{rule.file.label}: example {number}"
        differences = tuple(_differences(con, rules, known, rule, example, where))
        yield Result(rule.id, number, example.get("name", ""), differences)


def _differences(
    con: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    known: SensitivityMap,
    rule: Rule,
    example: Mapping[str, Any],
    where: str,
) -> Iterator[str]:
    fill_for(con, example, known, where)
    yield from differences(con, rules, known, rule, example, where)


def differences(
    con: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    known: SensitivityMap,
    rule: Rule,
    example: Mapping[str, Any],
    where: str,
) -> Iterator[str]:
    """What the verdicts of `rule` on a workbench filled for the example are other than it expects."""
    involved = with_blockers(rules, rule) | {rule.id: rule}
    params = {member.id: dict(member.params) for member in involved.values()}
    params[rule.id] = rule.with_params(example.get("params", {}), where)
    number = len(example.get("before", ())) + 1
    moment = Moment(number, example.get("as_of", AS_OF), known.crosswalk())
    ledger.begin(con)
    outcome = evaluate.evaluate(con, involved, params, moment)[-1]
    if outcome.error:
        yield outcome.error
        return
    found = dict(
        con.execute(
            "select subject_id, (status, severity) from judged where rule_id = ?", [rule.id]
        ).fetchall()
    )
    yield from against(example, found)


def against(example: Mapping[str, Any], found: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Where (status, severity) by subject id are other than the example expects."""
    expected = {str(key): str(value) for key, value in example.get("expect", {}).items()}
    for subject_id in sorted(expected.keys() | found.keys()):
        status, severity = found.get(subject_id, (OUTSIDE, ""))
        wanted_status, _, wanted_severity = expected.get(subject_id, OUTSIDE).partition(" ")
        if status != wanted_status or (wanted_severity and severity != wanted_severity):
            wanted = f"{wanted_status} {wanted_severity}".strip()
            yield f"{subject_id}: expected {wanted}, found {status} {severity}".strip()


def fill_for(
    con: duckdb.DuckDBPyConnection, example: Mapping[str, Any], known: SensitivityMap, where: str
) -> None:
    """Makes a workbench hold what an example gives: its snapshot, and those before it.

    Raises:
        ConfigError: an unknown table or column.
    """
    as_of = example.get("as_of", AS_OF)
    fill(con, example.get("given", {}), known, as_of, where, example.get("before", ()))


def fill(
    con: duckdb.DuckDBPyConnection,
    given: Mapping[str, list[Mapping[str, Any]]],
    known: SensitivityMap,
    as_of: datetime,
    where: str,
    before: Sequence[Mapping[str, list[Mapping[str, Any]]]] = (),
) -> None:
    """Makes a workbench hold one snapshot of the `given` rows, the snapshots `before` it, and nothing else.

    The sensitivity map and what is derived from the rows of the last snapshot are worked out as for
    any snapshot, unless they are given.

    Raises:
        ConfigError: an unknown table or column.
    """
    _clear(con)
    last = len(before) + 1
    for number, earlier in enumerate(before, 1):
        then = as_of - timedelta(days=last - number)
        _add(con, earlier, number, then, where, ended=True)
    _add(con, given, last, as_of, where)
    if "sensitivity" not in given:
        sensitivity.write(con, known, last)
    # a link has two ends
    if "link" not in given and {"asset", "immuta_source"} <= given.keys():
        link.write(con, last)
    if "lineage_edge" in given and "carried_class" not in given:
        propagation.write(con, last)


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    """Empties the few tables of a workbench that anything was ever written to."""
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() and not temporary and estimated_size > 0"
    ).fetchall()
    for place, name in rows:
        con.execute(f"delete from {place}.{name}")


def _add(
    con: duckdb.DuckDBPyConnection,
    rows: Mapping[str, list[Mapping[str, Any]]],
    number: int,
    as_of: datetime,
    where: str,
    *,
    ended: bool = False,
) -> None:
    """Adds snapshot `number`, with rows that are in force in it and, unless `ended`, from then on."""
    about = {"number": number, "id": f"example-{number}", "as_of": as_of, "judged_at": as_of}
    told: list[Mapping[str, Any]] = [{**about, **row} for row in rows.get("snapshot", [{}])]
    for name, added in {**rows, "snapshot": told}.items():
        insert(con, name, added, as_of, where, number, ended=ended)


def insert(
    con: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    as_of: datetime,
    where: str,
    number: int = 1,
    *,
    ended: bool = False,
) -> None:
    """Adds rows as of snapshot `number`; those that have `ended` are gone from the next.

    Raises:
        ConfigError: an unknown table or column.
    """
    whole = [completed(table, row, as_of, where) for row in rows]
    if not whole:
        return
    target = table
    if schema.tables()[table].historised:
        target = f"history.{table}"
        added = {"valid_from": number, "row_hash": 0} | ({"valid_to": number + 1} if ended else {})
        whole = [values | added for values in whole]
    marks = f"({', '.join('?' * len(whole[0]))})"
    con.execute(
        f"insert into {target} ({', '.join(whole[0])}) values {', '.join([marks] * len(whole))}",
        [value for values in whole for value in values.values()],
    )


def completed(table: str, row: Mapping[str, Any], as_of: datetime, where: str) -> dict[str, Any]:
    """The whole row: neutral values in required columns that `row` leaves out, null in others.

    Raises:
        ConfigError: an unknown table or column.
    """
    if table not in schema.tables():
        raise ConfigError(f"{where}: no table {table}; tables: {', '.join(schema.tables())}")
    about = schema.tables()[table]
    names = [column.name for column in about.columns]
    for name in row:
        if name not in names:
            raise ConfigError(f"{where}: {table} has no column {name}; columns: {', '.join(names)}")
    return {column.name: _value(about, column, row, as_of) for column in about.columns}


def _value(table: Table, column: Column, row: Mapping[str, Any], as_of: datetime) -> Any:
    if column.name in row:
        value = row[column.name]
        return json.dumps(value) if column.type == "JSON" else value
    if table.name == "classification" and column.name == "entity_guid":
        return row.get("column_guid") or row["asset_guid"]
    neutral = NEUTRAL.get(table.name, {})
    if column.name in neutral:
        return neutral[column.name]
    if not column.required:
        return None
    return as_of if column.type == "TIMESTAMP WITH TIME ZONE" else _BLANK.get(column.type, 0)
