"""Frameworks: one YAML file each that says which rules give evidence relevant to which control; rules do not know frameworks.

What the rules come to for a control is the view `framework_coverage`: counts and a sentence, never a score.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.errors import ConfigError
from pipeline.judge import document, rule
from pipeline.judge.document import Document
from pipeline.packs import PackFile, Packs
from pipeline.warehouse import history, schema

FOLDER = "rules/frameworks"
KEYS = ("name", "version", "note", "controls")
CONTROL_KEYS = ("id", "title", "rules")


@dataclass(frozen=True)
class Control:
    """One control: its number, our own words for it, and the rules that look at what it is about."""

    id: str
    title: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Framework:
    """One framework as its file states it; `id` is the file's name without suffix."""

    id: str
    name: str
    version: str
    note: str
    controls: tuple[Control, ...]
    file: PackFile

    @property
    def rules(self) -> frozenset[str]:
        """The ids of all rules that it names, in force or not."""
        return frozenset(rule_id for control in self.controls for rule_id in control.rules)


def load(packs: Packs) -> dict[str, Framework]:
    """Every framework of the packs by id. A rule that no pack has is no mistake: it is not in force.

    Raises:
        ConfigError: an unknown or missing key, a control given twice, or what cannot be the id of a rule.
    """
    return {
        framework.id: framework
        for file in packs.files(FOLDER, ".yaml")
        for framework in [_framework(document.read(file))]
    }


def write(con: duckdb.DuckDBPyConnection, frameworks: Mapping[str, Framework], number: int) -> None:
    """Makes the mapping of snapshot `number` exactly this one."""
    stated = [
        {
            "id": framework.id,
            "name": framework.name,
            "version": framework.version,
            "note": framework.note,
            "sha256": framework.file.sha256,
            "pack": framework.file.pack,
        }
        for framework in frameworks.values()
    ]
    controls = [
        {
            "framework_id": framework.id,
            "id": control.id,
            "position": position,
            "title": control.title,
            "rules": control.rules,
        }
        for framework in frameworks.values()
        for position, control in enumerate(framework.controls, 1)
    ]
    _merge(con, "framework", stated, number)
    _merge(con, "framework_control", controls, number)


def _merge(
    con: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]], number: int
) -> None:
    table = schema.tables()[name]
    form = json.dumps([{column.name: column.type for column in table.columns}])
    con.execute(
        "create or replace temp table framework_staged as "
        f"select *, 0::ubigint as content_hash from (select unnest(from_json($rows, '{form}'), recursive := true))",
        {"rows": json.dumps(rows)},
    )
    history.merge(con, table, "framework_staged", number)
    con.execute("drop table framework_staged")


def _framework(doc: Document) -> Framework:
    for key in doc.values:
        if key not in KEYS:
            raise doc.error(key, f"unknown key; valid: {', '.join(KEYS)}")
    for key in KEYS:
        if not doc.values.get(key):
            raise doc.error(key, f"{key} is missing; required: {', '.join(KEYS)}")
    for key in ("name", "version", "note"):
        if not isinstance(doc.values[key], str):
            raise doc.error(key, f"{doc.values[key]!r} is not text; write it in quotes")
    if not isinstance(doc.values["controls"], list):
        raise doc.error("controls", f"not a list of controls with {', '.join(CONTROL_KEYS)}")
    controls: dict[str, Control] = {}
    lines: dict[str, int] = {}
    for line, stated in zip(doc.items["controls"], doc.values["controls"], strict=True):
        problem = next(_problems(stated), None)
        if not problem and stated["id"] in lines:
            problem = f"id: {stated['id']} is given twice, first in line {lines[stated['id']]}"
        if problem:
            raise ConfigError(f"{doc.file.label}:{line}: controls: {problem}")
        control = Control(stated["id"], stated["title"], tuple(stated["rules"]))
        controls[control.id], lines[control.id] = control, line
    return Framework(
        doc.file.path.stem,
        doc.values["name"],
        doc.values["version"],
        doc.values["note"],
        tuple(controls.values()),
        doc.file,
    )


def _problems(stated: Any) -> Iterator[str]:
    """What is wrong with one control of a file."""
    valid = ", ".join(CONTROL_KEYS)
    if not isinstance(stated, dict):
        yield f"{stated!r} is not a mapping with {valid}"
        return
    for key in stated:
        if key not in CONTROL_KEYS:
            yield f"{key}: unknown key; valid: {valid}"
    for key in ("id", "title"):
        if not isinstance(stated.get(key), str) or not stated[key].strip():
            yield f"{key}: {stated.get(key)!r} is not text; write it in quotes"
    rules = stated.get("rules")
    if not isinstance(rules, list):
        yield "rules: not a list of rule ids; a control that no rule looks at has []"
        return
    for place, rule_id in enumerate(rules):
        if not isinstance(rule_id, str) or not rule.ID.fullmatch(rule_id):
            yield f"rules: {rule_id!r} is not like OWN-001"
        if rule_id in rules[:place]:
            yield f"rules: {rule_id} is given twice"
