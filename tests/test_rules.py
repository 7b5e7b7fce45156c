"""Every rule file of the built-in pack: its examples hold, and they say enough."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
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


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(examples.workbench()) as made:
        yield made


@each_rule
def test_examples_hold(con: duckdb.DuckDBPyConnection, stated: Rule) -> None:
    """What a rule file says about its examples is what the engine finds."""
    wrong = [result for result in examples.run(con, RULES, KNOWN, stated) if result.differences]
    assert wrong == []


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
def test_nothing_said_depends_on_the_day(con: duckdb.DuckDBPyConnection, stated: Rule) -> None:
    """A day later, a subject with the same status has the same reason and evidence, so no new row is stored."""
    compared = 0
    for number, example in enumerate(stated.examples, 1):
        examples.fill_for(con, example, KNOWN, f"example {number}")
        as_of = example.get("as_of", examples.AS_OF)
        today, tomorrow = (_said(con, stated, example, as_of + day) for day in (TODAY, TOMORROW))
        for subject_id in today.keys() & tomorrow.keys():
            if today[subject_id][0] == tomorrow[subject_id][0]:
                assert today[subject_id] == tomorrow[subject_id]
                compared += 1
    assert compared > 0


TODAY, TOMORROW = timedelta(days=0), timedelta(days=1)


def _said(
    con: duckdb.DuckDBPyConnection, stated: Rule, example: Mapping[str, Any], as_of: datetime
) -> dict[str, list[Any]]:
    """What the SQL of a rule says of every subject at `as_of`; its blockers' verdicts may change with the day."""
    given = dict(stated.params) | example.get("params", {})
    evaluate.fill(con, stated, given | {"as_of": as_of, "crosswalk": KNOWN.crosswalk()})
    query = "select subject_id, status, severity, reason, evidence from found"
    return {subject_id: said for subject_id, *said in con.execute(query).fetchall()}
