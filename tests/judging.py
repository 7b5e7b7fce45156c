"""Small estates for tests of the judge: a folder of results with snapshots made of a few rows."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from pipeline.judge import examples
from pipeline.packs import BUILTIN, Pack, Packs
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import Home, connect, revise

Given = Mapping[str, Sequence[Mapping[str, Any]]]

SIGNED = {"author": "ann@company.example", "approver": "ben@company.example"}
"""Whoever wrote and approved what a pack says of names and hosts."""

CONTACTS = """
select a.guid as subject_id,
    case
        when not a.detail_read then 'not_evaluated'
        when c.asset_guid is null then 'fail'
        else 'pass'
    end as status,
    'has or lacks an owner' as reason,
    a.qualified_name as subject_name,
    a.platform
from asset a
left join contact c on c.asset_guid = a.guid
"""


def seal(home: Home, number: int, given: Given) -> None:
    """Adds snapshot `number` with exactly the `given` rows, a day after the one before."""
    as_of = examples.AS_OF + timedelta(days=number - 1)
    with revise(home) as con:
        history.initialise(con)
        con.execute("begin transaction")
        snapshot = {"number": number, "id": f"day-{number}", "as_of": as_of}
        examples.insert(con, "snapshot", [snapshot], as_of, "test")
        examples.insert(con, "exchange", given.get("exchange", []), as_of, "test")
        held = con.execute("select table_name from duckdb_tables() where estimated_size > 0")
        touched = given.keys() | {name for (name,) in held.fetchall()}
        for name, table in schema.tables().items():
            if not table.historised or table.group == "judge" or name not in touched:
                continue
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            con.execute(f"create temp table arrived ({columns}, content_hash ubigint default 0)")
            for row in given.get(name, []):
                values = examples.completed(name, row, as_of, "test")
                con.execute(
                    f"insert into arrived ({', '.join(values)}) "
                    f"values ({', '.join('?' * len(values))})",
                    list(values.values()),
                )
            history.merge(con, table, "arrived", number)
            con.execute("drop table arrived")
        con.execute("commit")


def blank(folder: Path, template: Path) -> Home:
    """A folder of results like `template`, which has an empty warehouse: quicker than making one."""
    shutil.copytree(template, folder, symlinks=True)
    return Home(folder)


def pack(folder: Path, rules: Mapping[str, str | Mapping[str, Any]], name: str = BUILTIN) -> Packs:
    """A pack alone, with rules of the given SQL (or keys) about assets; as trusted as our own unless it has another name."""
    (folder / "rules" / "own").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "removed.yaml").write_text("[]")
    (folder / "rules" / "sensitivity.yaml").write_text(
        yaml.safe_dump({**SIGNED, "EMAIL": {"tier": 2, "purview": {"names": ["Example Mail"]}}})
    )
    for rule_id, about in rules.items():
        changes = {"sql": about} if isinstance(about, str) else about
        path = folder / "rules" / "own" / f"{rule_id.lower()}.yaml"
        path.write_text(yaml.safe_dump(document(rule_id) | dict(changes), sort_keys=False))
    return Packs((Pack(name, folder),))


def document(rule_id: str) -> dict[str, Any]:
    """The keys of a rule file that nothing is wrong with."""
    return {
        "id": rule_id,
        "title": "Assets have an owner",
        "severity": "high",
        "subject": "asset",
        "why": "Because.",
        "fix": "Add one.",
        "sql": CONTACTS,
        "examples": [{"given": {"asset": [{"guid": "a1"}]}, "expect": {"a1": "fail"}}],
    }


def ask(home: Home, query: str, at: int | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query to the newest warehouse, or to it as it was in snapshot `at`."""
    with connect(home.sealed(), read_only=True) as con:
        if at is not None:
            con.execute(f"set variable snapshot = {at}")
        return con.execute(query).fetchall()


def verdicts(home: Home, rule_id: str = "TST-001") -> dict[str, str]:
    """Status by subject of one rule in the newest snapshot."""
    return dict(ask(home, f"select subject_id, status from verdict where rule_id = '{rule_id}'"))
