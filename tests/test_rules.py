"""Every rule file of the built-in pack: its examples hold, and they say enough."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

import duckdb
import pytest

from pipeline import packs
from pipeline.judge import evaluate, examples, rule, sensitivity
from pipeline.judge.rule import Rule

PACKS = packs.load()
RULES = rule.load(PACKS)
KNOWN = sensitivity.load(PACKS)

each_rule = pytest.mark.parametrize("stated", RULES.values(), ids=RULES)


TODAY, TOMORROW = timedelta(days=0), timedelta(days=1)
Said = Mapping[str, list[Any]]


@dataclass(frozen=True)
class Tried:
    """One example of a rule: how it came out, and what the SQL says of each subject today and a day later."""

    differences: tuple[str, ...]
    today: Said
    tomorrow: Said


@pytest.fixture(scope="module")
def tried() -> Iterator[Callable[[str], list[Tried]]]:
    """A function that tries the examples of a rule; a rule is tried once, whoever asks."""
    with closing(examples.workbench()) as con:
        yield cache(partial(_tried, con))


def _tried(con: duckdb.DuckDBPyConnection, rule_id: str) -> list[Tried]:
    stated, found = RULES[rule_id], []
    for number, example in enumerate(stated.examples, 1):
        where = f"{stated.file.label}: example {number}"
        examples.fill_for(con, example, KNOWN, where)
        as_of = example.get("as_of", examples.AS_OF)
        today, tomorrow = (_said(con, stated, example, as_of + day) for day in (TODAY, TOMORROW))
        differences = examples.differences(con, RULES, KNOWN, stated, example, where)
        found.append(Tried(tuple(differences), today, tomorrow))
    return found


def _said(
    con: duckdb.DuckDBPyConnection, stated: Rule, example: Mapping[str, Any], as_of: datetime
) -> Said:
    """What the SQL of a rule says of every subject at `as_of`; its blockers' verdicts may change with the day."""
    given = dict(stated.params) | example.get("params", {})
    evaluate.fill(con, stated, given | {"as_of": as_of, "crosswalk": KNOWN.crosswalk()})
    query = "select subject_id, status, severity, reason, evidence from found"
    return {subject_id: said for subject_id, *said in con.execute(query).fetchall()}


@each_rule
def test_examples_hold(tried: Callable[[str], list[Tried]], stated: Rule) -> None:
    """What a rule file says about its examples is what the engine finds."""
    wrong = {
        number: example.differences
        for number, example in enumerate(tried(stated.id), 1)
        if example.differences
    }
    assert wrong == {}


@each_rule
def test_examples_cover_every_status(stated: Rule) -> None:
    """Each rule shows a pass, a fail, and what cannot be evaluated where its SQL can say so."""
    shown = {
        str(outcome).split()[0]
        for example in stated.examples
        for outcome in example["expect"].values()
    }
    assert {"pass", "fail"} <= shown
    assert ("'not_evaluated'" in stated.sql) == ("not_evaluated" in shown)


@each_rule
def test_examples_cover_every_severity(stated: Rule) -> None:
    """A rule that can escalate shows an escalated and an ordinary failure."""
    shown = [str(o) for example in stated.examples for o in example["expect"].values()]
    if "as severity" in stated.sql:
        assert "fail critical" in shown
        assert f"fail {stated.severity}" in shown


@each_rule
def test_nothing_said_depends_on_the_day(tried: Callable[[str], list[Tried]], stated: Rule) -> None:
    """A day later, a subject with the same status has the same reason and evidence, so no new row is stored."""
    compared = 0
    for example in tried(stated.id):
        for subject_id in example.today.keys() & example.tomorrow.keys():
            today, tomorrow = example.today[subject_id], example.tomorrow[subject_id]
            if today[0] == tomorrow[0]:
                assert today == tomorrow
                compared += 1
    assert compared > 0
