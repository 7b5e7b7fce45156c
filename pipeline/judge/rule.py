"""Rules: one YAML file each, checked when loaded; what a file may say is all in `REQUIRED` and `OPTIONAL`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import yaml

from pipeline.errors import ConfigError
from pipeline.judge import document, params
from pipeline.judge.document import Document
from pipeline.judge.registers.kinds import REGISTERS
from pipeline.judge.subjects import SUBJECTS
from pipeline.packs import PackFile, Packs

SEVERITIES = ("critical", "high", "medium", "low", "info")
STATUSES = ("pass", "fail", "not_evaluated")
CONFIDENCES = ("exact", "derived", "heuristic")
OUTSIDE = "outside"
"""In an example: the subject is no member of the population."""

REQUIRED = ("id", "title", "severity", "subject", "why", "fix", "sql", "examples")
OPTIONAL = ("params", "confidence", "blocked_by", "registers")
EXAMPLE_KEYS = ("name", "before", "given", "expect", "params", "as_of")
GIVEN_BY_US = ("as_of", "crosswalk")
"""Parameters every rule may use: the clock of the snapshot, and class key -> equivalent tags."""

ID = re.compile(r"[A-Z][A-Z0-9]{1,9}-\d{3}")
_CHOICES = {
    "severity": SEVERITIES,
    "subject": tuple(SUBJECTS),
    "confidence": CONFIDENCES,
}


@dataclass(frozen=True)
class Rule:
    """One rule as its file states it; `uses` are the parameters that its SQL names, `sql_line` is where it begins."""

    id: str
    title: str
    severity: str
    subject: str
    why: str
    fix: str
    confidence: str
    params: Mapping[str, Any]
    sql: str
    sql_line: int
    blocked_by: tuple[str, ...]
    registers: tuple[str, ...]
    examples: tuple[Mapping[str, Any], ...]
    uses: frozenset[str]
    file: PackFile

    def with_params(self, changes: Mapping[str, Any], where: str) -> dict[str, Any]:
        """The parameters with `changes`; `where` names their place in messages.

        Raises:
            ConfigError: as `params.overridden`.
        """
        return params.overridden(self.id, self.params, changes, where)


_PARSED: dict[PackFile, Rule] = {}
"""By file, digest included: a run asks for the rules before it collects and again when it judges."""


def load(packs: Packs) -> dict[str, Rule]:
    """Every rule of the packs by id, each after the rules that block it.

    Raises:
        ConfigError: a rule file is wrong; the message says where and lists what is valid.
    """
    gone = removed(packs)
    found: dict[str, Rule] = {}
    with duckdb.connect() as scratch:
        for file in packs.files("rules", ".yaml"):
            if not _is_rule(file):
                continue
            if file not in _PARSED:
                _PARSED[file] = parse(file, scratch)
            rule = _PARSED[file]
            if rule.id in gone:
                raise ConfigError(
                    f"{file.label}: {rule.id} was removed once; an id is never reused"
                )
            if rule.id in found:
                other = found[rule.id].file.label
                raise ConfigError(f"{file.label}: {rule.id} is the id of {other} already")
            found[rule.id] = rule
    return ordered(found)


def removed(packs: Packs) -> list[str]:
    """The ids of rules that were taken out for good."""
    text = packs.file("rules/removed.yaml").path.read_text(encoding="utf-8")
    return [str(rule_id) for rule_id in yaml.safe_load(text) or []]


def effective(
    rules: Mapping[str, Rule], overrides: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The parameters of every rule: its own, replaced by what the configuration sets.

    Raises:
        ConfigError: an override names an unknown rule or parameter, or is of another kind.
    """
    for rule_id in overrides:
        if rule_id not in rules:
            raise ConfigError(f"params.{rule_id}: no such rule; rules: {', '.join(sorted(rules))}")
    return {
        rule.id: rule.with_params(overrides.get(rule.id, {}), f"params.{rule.id}")
        for rule in rules.values()
    }


def parse(file: PackFile, scratch: duckdb.DuckDBPyConnection) -> Rule:
    """The rule in `file`; `scratch` is any connection, to read the SQL with.

    Raises:
        ConfigError: as `load`.
    """
    doc = document.read(file)
    _check_keys(doc)
    values = doc.values
    if not ID.fullmatch(str(values["id"])):
        raise doc.error("id", f"{values['id']!r} is not like OWN-001")
    for key, choices in _CHOICES.items():
        if values.get(key, choices[0]) not in choices:
            raise doc.error(key, f"{values[key]!r} is not one of {', '.join(choices)}")
    defaults = values.get("params") or {}
    if not isinstance(defaults, dict):
        raise doc.error("params", "not a mapping of names to defaults")
    for name, value in defaults.items():
        if problem := params.unstorable(value):
            raise doc.error("params", f"{name}: {problem}")
    blocked_by = values.get("blocked_by") or []
    if not isinstance(blocked_by, list):
        raise doc.error("blocked_by", "not a list of rule ids")
    return Rule(
        id=values["id"],
        title=values["title"],
        severity=values["severity"],
        subject=values["subject"],
        why=values["why"],
        fix=values["fix"],
        confidence=values.get("confidence", "exact"),
        params=defaults,
        sql=values["sql"].strip().rstrip(";"),
        sql_line=doc.begins["sql"],
        blocked_by=tuple(blocked_by),
        registers=_registers(doc),
        examples=_examples(doc),
        uses=_uses(doc, defaults, scratch),
        file=file,
    )


def _registers(doc: Document) -> tuple[str, ...]:
    """The registers without which nothing that the rule says can be relied on."""
    names = doc.values.get("registers") or []
    if not isinstance(names, list) or not set(names) <= set(REGISTERS):
        raise doc.error("registers", f"not a list of registers; registers: {', '.join(REGISTERS)}")
    return tuple(names)


def _is_rule(file: PackFile) -> bool:
    parts = file.relative.split("/")
    return len(parts) == 3 and parts[1] != "frameworks"


def _check_keys(doc: Document) -> None:
    for key in doc.values:
        if key not in (*REQUIRED, *OPTIONAL):
            raise doc.error(key, f"unknown key; valid: {', '.join((*REQUIRED, *OPTIONAL))}")
    for key in REQUIRED:
        if not doc.values.get(key):
            raise doc.error(key, f"{key} is missing; required: {', '.join(REQUIRED)}")
    for key in ("id", "title", "why", "fix", "sql"):
        if not isinstance(doc.values[key], str):
            raise doc.error(key, f"{doc.values[key]!r} is not text")


def _uses(
    doc: Document, defaults: Mapping[str, Any], scratch: duckdb.DuckDBPyConnection
) -> frozenset[str]:
    """The parameters that the SQL names; every declared one must be among them, and no other."""
    try:
        statements = scratch.extract_statements(doc.values["sql"])
    except duckdb.Error as error:
        raise doc.error("sql", f"not valid SQL: {error}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise doc.error("sql", "not one select statement")
    uses = frozenset(statements[0].named_parameters)
    for name in defaults:
        if name in GIVEN_BY_US:
            raise doc.error("params", f"{name} is given to every rule; call yours something else")
        if name not in uses:
            raise doc.error("params", f"{name}: the SQL does not use ${name}")
    for name in sorted(uses):
        if name not in defaults and name not in GIVEN_BY_US:
            valid = ", ".join((*defaults, *GIVEN_BY_US))
            raise doc.error("sql", f"${name} is not a parameter; parameters: {valid}")
    return uses


def _examples(doc: Document) -> tuple[Mapping[str, Any], ...]:
    examples = doc.values["examples"]
    if not isinstance(examples, list):
        raise doc.error("examples", "not a list of examples")
    for number, example in enumerate(examples, 1):
        for key in example:
            if key not in EXAMPLE_KEYS:
                problem = f"example {number}: {key}: unknown key; valid: {', '.join(EXAMPLE_KEYS)}"
                raise doc.error("examples", problem)
        for subject_id, outcome in example.get("expect", {}).items():
            if not _is_outcome(outcome):
                raise doc.error(
                    "examples",
                    f"example {number}: {subject_id}: {outcome!r} is not one of "
                    f"{', '.join((*STATUSES, OUTSIDE))}, with or without a severity after it",
                )
    return tuple(examples)


def _is_outcome(outcome: Any) -> bool:
    status, _, severity = str(outcome).partition(" ")
    return status in (*STATUSES, OUTSIDE) and severity in ("", *SEVERITIES)


def ordered(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules so that each comes after the ones that block it."""
    placed: dict[str, Rule] = {}

    def place(rule: Rule, path: Sequence[str]) -> None:
        if rule.id in path:
            circle = " > ".join((*path, rule.id))
            raise ConfigError(f"{rule.file.label}: blocked_by: rules block each other: {circle}")
        for blocker in rule.blocked_by:
            if blocker not in rules:
                raise ConfigError(f"{rule.file.label}: blocked_by: there is no rule {blocker}")
            place(rules[blocker], (*path, rule.id))
        placed.setdefault(rule.id, rule)

    for rule_id in sorted(rules):
        place(rules[rule_id], ())
    return placed


def with_blockers(rules: Mapping[str, Rule], rule: Rule) -> dict[str, Rule]:
    """The rule and all rules that block it, each after its own blockers."""
    involved: dict[str, Rule] = {}
    for blocker in rule.blocked_by:
        involved |= with_blockers(rules, rules[blocker])
    return involved | {rule.id: rule}
