"""Wording of numbers and names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judge.subjects import SUBJECTS
from pipeline.report import exceptions, words
from pipeline.report.page import Figure


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_all_and_nothing_are_claimed_only_when_they_are_true(part, rest):
    """No rounding gives 100 % while something fails, nor 0 % while something passes."""
    assert words.percent(part, part + rest) not in ("100 %", "100.0 %")
    if part:
        assert words.percent(part, part + rest) not in ("0 %", "0.0 %")


@pytest.mark.parametrize(
    ("num", "den", "blind", "shown"),
    [
        (12, 340, 0, "3.5 %"),
        (3, 12, 0, ""),
        (340, 340, 0, "100 %"),
        (340, 340, 1, ""),
        (339, 340, 0, "99.7 %"),
        (99_999, 100_000, 0, "99.9 %"),
        (1, 100_000, 0, "0.1 %"),
        (50, 100, 10, "50.0 %, incomplete"),
    ],
)
def test_a_rate_is_printed_only_where_it_may_be(num, den, blind, shown):
    """Small populations have no rate, unevaluated members forbid "all", low coverage is named."""
    assert words.rate(num, den, blind) == shown


def test_the_count_stands_before_the_rate():
    """A figure reads `12 of 340`, its rate apart."""
    figure = Figure("K", "things", 12, 1340)
    assert (figure.counted, figure.rate) == ("12 of 1,340", "0.9 %")


def test_a_figure_without_a_number_says_why():
    """What could not be evaluated shows its cause and no number."""
    figure = Figure("K", "things", None, cause="no directory feed")
    assert (figure.counted, figure.rate) == ("not evaluated: no directory feed", "")


def test_low_coverage_takes_the_colour():
    """Below 95 % evaluated a figure is not coloured."""
    assert Figure("K", "things", 90, 95, not_evaluated=5).coloured
    assert not Figure("K", "things", 90, 94, not_evaluated=6).coloured


def test_signs_are_typographic_and_no_change_is_said():
    """Changes carry a sign; none is ±0."""
    assert [words.signed(n) for n in (5, -5, 0)] == ["+5", "\N{MINUS SIGN}5", "±0"]


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\ufeff"])
def test_characters_that_hide_or_reorder_are_named(hidden):
    """A direction override, a zero-width or a control character becomes its code point."""
    assert words.visible(f"a{hidden}b") == f"a[U+{ord(hidden):04X}]b"


def test_every_kind_of_subject_has_words() -> None:
    """No report names a kind of subject as the tables do, whatever a rule is about."""
    assert set(exceptions.SUBJECTS) >= set(SUBJECTS)
    assert len(set(exceptions.SUBJECTS.values())) == len(exceptions.SUBJECTS)
    assert not any("_" in said for said in exceptions.SUBJECTS.values())
