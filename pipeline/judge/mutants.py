"""Mutants: small changes to the SQL of a rule that its examples should notice (mutation testing).

A mutant that every example still holds for is one that survives: a part of the rule that no example
tells from its opposite. What only words a verdict (reason, name, evidence) is not changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from pipeline.errors import RuleError
from pipeline.judge import examples
from pipeline.judge.mutations import CHANGES
from pipeline.judge.rule import Rule
from pipeline.judge.said import bindable
from pipeline.judge.sensitivity import SensitivityMap

DECIDING = ("subject_id", "status", "severity")
"""The columns of a rule's SQL that say who is judged and how; any other only explains."""


@dataclass(frozen=True)
class Mutant:
    """A changed rule, and what was changed in words."""

    rule: Rule
    change: str


@dataclass(frozen=True)
class Survey:
    """How many mutants of a rule its examples noticed, and what was changed in those they did not."""

    rule_id: str
    killed: int
    survivors: tuple[str, ...]

    @property
    def total(self) -> int:
        """All mutants that DuckDB accepts."""
        return self.killed + len(self.survivors)

    @property
    def share(self) -> float:
        """Killed of all; 1 where there is nothing to change."""
        return self.killed / self.total if self.total else 1.0


def survey(
    con: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    known: SensitivityMap,
    rule: Rule,
    *,
    most: int | None = None,
) -> Survey:
    """How the mutants of `rule` fare on a workbench of `examples`: all of them, or `most` at even distances.

    Raises:
        RuleError: the SQL cannot be taken apart.
    """
    values = dict(rule.params) | {"as_of": examples.AS_OF, "crosswalk": known.crosswalk()}
    alive = list(mutants(con, rule, values, most))
    total = len(alive)
    for number, example in enumerate(rule.examples, 1):
        trial = _Trial(con, rules, known, rule, example, f"{rule.file.label}: example {number}")
        alive = [mutant for mutant in alive if trial.holds_for(mutant.rule)]
    return Survey(rule.id, total - len(alive), tuple(mutant.change for mutant in alive))


class _Trial:
    """A workbench filled for one example of a rule."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        rules: Mapping[str, Rule],
        known: SensitivityMap,
        rule: Rule,
        example: Mapping[str, Any],
        where: str,
    ) -> None:
        self._con, self._rules, self._known = con, rules, known
        self._example, self._where = example, where
        given, as_of = example.get("given", {}), example.get("as_of", examples.AS_OF)
        examples.fill_for(con, example, known, where)
        clock = {"as_of": as_of, "crosswalk": known.crosswalk()}
        self._values = dict(rule.params) | clock | example.get("params", {})
        self._said = _said(con, rule, self._values)
        # without blockers and gaps, what the SQL says is what is judged
        self._plain = not rule.blocked_by and not {"gap", "reconciliation"} & given.keys()

    def holds_for(self, variant: Rule) -> bool:
        """Whether the example holds for another form of the rule, too."""
        says = _said(self._con, variant, self._values)
        if says is None or says == self._said:
            return says is not None
        if self._plain:
            return not any(examples.against(self._example, says))
        return not any(
            examples.differences(
                self._con, self._rules, self._known, variant, self._example, self._where
            )
        )


def _said(
    con: duckdb.DuckDBPyConnection, rule: Rule, values: Mapping[str, Any]
) -> dict[str, tuple[str, str]] | None:
    """Status and severity by subject as the SQL of a rule gives them; None where it fails, or names one twice."""
    try:
        # not as a relation, which is planned once to be described and once more to be run
        con.execute(
            f"select columns(lambda c: c in {DECIDING}) from (\n{rule.sql}\n)",
            bindable(rule.uses, values) or None,
        )
        names, found = [column[0] for column in con.description or ()], con.fetchall()
    except duckdb.Error:
        return None
    verdicts = [dict(zip(names, row, strict=True)) for row in found]
    said = {
        str(verdict["subject_id"]): (verdict["status"], verdict.get("severity") or rule.severity)
        for verdict in verdicts
    }
    return said if len(said) == len(verdicts) else None


def mutants(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    values: Mapping[str, Any],
    most: int | None = None,
) -> Iterator[Mutant]:
    """Every mutant of `rule` that DuckDB accepts with these parameters, no two with the same SQL.

    Raises:
        RuleError: as `survey`.
    """
    tree = _parsed(rule)
    found = [
        (place, words, changed)
        for place, node in enumerate(tree.walk())
        if not _only_explains(node)
        for change in CHANGES
        for words, changed in change(node)
    ]
    step = 1 if most is None else max(1, len(found) // most)
    seen = {tree.sql(dialect="duckdb")}
    for place, words, changed in found[::step]:
        sql = _with(tree, place, changed)
        if sql not in seen and (uses := _accepted(con, sql, values)) is not None:
            seen.add(sql)
            yield Mutant(replace(rule, sql=sql, uses=uses), words)


def _parsed(rule: Rule) -> exp.Expression:
    try:
        return sqlglot.parse_one(rule.sql, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise RuleError(f"{rule.id}: its SQL cannot be taken apart: {error}") from error


def _with(tree: exp.Expression, place: int, changed: exp.Expression | None) -> str:
    """The SQL of `tree` with its node number `place` (in the order of `walk`) changed, or gone."""
    copy = tree.copy()
    node = next(node for at, node in enumerate(copy.walk()) if at == place)
    node.replace(changed.copy()) if changed is not None else node.pop()
    return str(copy.sql(dialect="duckdb"))


def _accepted(
    con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]
) -> frozenset[str] | None:
    """The parameters that `sql` names; None where DuckDB does not take it for a query."""
    try:
        uses = frozenset(con.extract_statements(sql)[0].named_parameters)
        con.execute(f"describe {sql}", bindable(uses, values) or None).fetchall()
    except duckdb.Error:
        return None
    return uses


def _only_explains(node: exp.Expression) -> bool:
    """Whether the node is in a column of the outermost select that decides nothing."""
    inside: exp.Expression | None = node
    while inside is not None:
        above = inside.parent
        if (
            isinstance(above, exp.Select)
            and above.parent is None
            and inside.arg_key == "expressions"
        ):
            return inside.alias_or_name not in DECIDING
        inside = above
    return False
