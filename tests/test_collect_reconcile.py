"""The word for an endpoint: never better than what its numbers allow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.endpoint import Total
from pipeline.collect.reconcile import APPROXIMATE_TOLERANCE, verdict

FINE: dict[str, Any] = {
    "skipped": False,
    "failed": 0,
    "before": 100,
    "after": 100,
    "distinct": 100,
    "approximate": False,
}


@pytest.mark.parametrize(
    ("facts", "word", "note"),
    [
        ({}, "reconciled", None),
        ({"before": 0, "after": 0, "distinct": 0}, "reconciled", None),
        ({"skipped": True, "failed": 3}, "skipped", "switched off by configuration"),
        ({"failed": 1}, "incomplete", "1 answers are missing; see table gap"),
        ({"distinct": 99}, "incomplete", "99 distinct items for a stated total of 100"),
        ({"distinct": 101}, "weak", "more than the server says there are"),
        ({"lost": 1}, "incomplete", "1 items of the pages have no usable key"),
        ({"lost": -1}, "reconciled", None),
        ({"before": 98, "distinct": 99}, "reconciled", "moved from 98 to 100 during the walk"),
        ({"before": 102, "distinct": 101}, "reconciled", "moved from 102 to 100"),
        ({"before": 98, "distinct": 97}, "incomplete", "97 distinct items"),
        ({"approximate": True}, "weak", "calls its total approximate"),
        (
            {"approximate": True, "before": 1000, "after": 1000, "distinct": 996},
            "weak",
            "996 distinct items for a stated total of 1000, which the server calls approximate",
        ),
        ({"approximate": True, "distinct": 90}, "incomplete", "90 distinct items"),
        ({"before": None, "after": None}, "weak", "the server stated no total"),
        ({"unknown": "x.parent"}, "incomplete", "x.parent was not read"),
        ({"left_out": "x.parent"}, "skipped", "x.parent would have said"),
        ({"left_out": "x.parent", "unknown": "x.other"}, "incomplete", "x.other was not read"),
        ({"left_out": "x.parent", "failed": 1}, "incomplete", "1 answers are missing"),
        ({"lost": 1, "failed": 1}, "incomplete", "1 items of the pages have no usable key"),
        ({"before": None, "after": None, "lost": 2}, "incomplete", "2 items"),
    ],
)
def test_the_word_and_its_reason(facts: dict[str, Any], word: str, note: str | None) -> None:
    """Every way in which an endpoint can be short has its word, and says why."""
    found, why = verdict(Total.SERVER, **{**FINE, **facts})
    assert found == word
    assert (note is None) == (why is None)
    assert (note or "") in (why or "")


def test_a_list_that_nothing_counts_needs_no_excuse() -> None:
    """Where no total was to be expected the reason is empty."""
    facts = {**FINE, "before": None, "after": None}
    assert verdict(Total.NONE, **facts) == ("no_control_total", None)


@given(
    st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000), st.booleans()
)  # fmt: skip
def test_too_few_items_are_never_reconciled(
    before: int, after: int, distinct: int, approximate: bool
) -> None:
    """Fewer items than both totals are incomplete, or weak where the total itself is a guess."""
    facts = {**FINE, "before": before, "after": after, "distinct": distinct}
    word, _ = verdict(Total.SERVER, **{**facts, "approximate": approximate})
    if distinct < min(before, after):
        near = abs(distinct - after) <= APPROXIMATE_TOLERANCE * after
        assert word == ("weak" if approximate and near else "incomplete")
    if approximate:
        assert word != "reconciled"
