"""Examples of rules: snapshots before the one that is judged."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import pytest

from pipeline import packs
from pipeline.collect.reconcile import APPROXIMATE_TOLERANCE
from pipeline.judge import examples, rule
from pipeline.judge.sensitivity import SensitivityMap

NOTHING = SensitivityMap(())


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(examples.workbench()) as made:
        yield made


def test_snapshots_before_are_history(con: duckdb.DuckDBPyConnection) -> None:
    """What an earlier snapshot held is in its own days, the plain names show the last one."""
    asked = datetime(2026, 10, 1, tzinfo=UTC)
    before = [{"snapshot": [{"as_of": asked}], "asset": [{"guid": "a"}]}, {"asset": [{"guid": "b"}]}]  # fmt: skip
    example = {"before": before, "given": {"asset": [{"guid": "b"}, {"guid": "c"}]}}
    examples.fill_for(con, example, NOTHING, "test")
    rows = con.execute("select guid, valid_from, valid_to from history.asset order by all")
    assert rows.fetchall() == [("a", 1, 2), ("b", 2, 3), ("b", 3, None), ("c", 3, None)]
    assert con.execute("select guid from asset order by all").fetchall() == [("b",), ("c",)]
    moments = [as_of for (as_of,) in con.execute("select as_of from snapshot order by number").fetchall()]  # fmt: skip
    assert moments[0] == asked
    assert (moments[2] - moments[1]).days == 1
    assert moments[2] == examples.AS_OF


def test_the_tolerance_in_evidence_is_the_one_applied() -> None:
    """EVD-001 shows how far off an approximate count may be, as the collection has it."""
    stated = rule.load(packs.load())["EVD-001"]
    assert f"\n    {APPROXIMATE_TOLERANCE * 100} as approximate_tolerance_percent" in stated.sql


def test_an_example_leaves_nothing_behind(con: duckdb.DuckDBPyConnection) -> None:
    """One that gives no earlier snapshot has a single one."""
    examples.fill_for(con, {"given": {"asset": [{"guid": "z"}]}}, NOTHING, "test")
    assert con.execute("select number from snapshot").fetchall() == [(1,)]
    assert con.execute("select guid, valid_from from history.asset").fetchall() == [("z", 1)]
