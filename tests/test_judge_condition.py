"""Conditions written as text: what they mean, and that anything doubtful is left unread."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judge.condition import MOST_CLAUSES, Literal, UnreadableError, clauses

NAMES = ("A", "B", "C")

expressions = st.recursive(
    st.sampled_from(NAMES).map(lambda name: ("in", name)),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=6,
)


def _written(expression):
    match expression:
        case ("in", name):
            return f"@isInGroups('{name}')"
        case ("not", inner):
            return f"NOT ({_written(inner)})"
        case (join, one, two):
            return f"({_written(one)} {join.upper()} {_written(two)})"


def _true(expression, groups):
    match expression:
        case ("in", name):
            return name in groups
        case ("not", inner):
            return not _true(inner, groups)
        case ("and", one, two):
            return _true(one, groups) and _true(two, groups)
        case ("or", one, two):
            return _true(one, groups) or _true(two, groups)


def _met(found, groups):
    return any(all((one.name in groups) is not one.negated for one in clause) for clause in found)


@given(expressions)
def test_alternatives_mean_what_the_text_says(expression):
    """For every set of groups somebody can be in, the alternatives hold where the expression does."""
    found = clauses(_written(expression))
    for chosen in product([False, True], repeat=len(NAMES)):
        groups = {name for name, there in zip(NAMES, chosen, strict=True) if there}
        assert _met(found, groups) == _true(expression, groups)


@given(
    st.text(alphabet=st.sampled_from("@isInGroups('A') ANDORNOT,hasAttribute\"\\\n"), max_size=80)
)
def test_any_text_is_read_or_refused(text):
    """Whatever somebody wrote as a condition, reading it either gives alternatives or says that it cannot."""
    try:
        found = clauses(text)
    except UnreadableError as problem:
        found = [str(problem)]
    assert all(found)
    assert found


def test_and_binds_closer_than_or_and_case_of_words_does_not_matter():
    """`a or b and c` is `a or (b and c)`."""
    found = clauses("@isInGroups('A') or @isInGroups('B') And @HASATTRIBUTE('K', 'v')")
    assert found == [
        frozenset({Literal("group", "A", None, False)}),
        frozenset({Literal("group", "B", None, False), Literal("attribute", "K", "v", False)}),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a condition is missing"),
        ("@isInGroups('A') AND", "a condition is missing"),
        ("@isInGroups('A') @isInGroups('B')", "unexpected"),
        ("(@isInGroups('A')", r"\) is missing"),
        ("@isInGroups('A'", r"\) is missing"),
        ("@isInGroups(A)", "not understood"),
        ("@isInGroups()", "a text in quotes is missing"),
        ("@isInGroups('A', 'B')", "2 values where 1"),
        ("@hasAttribute('K')", "1 values where 2"),
        ("@hasAttribute('K', '@database')", "not understood"),
        ("@hasAttribute('K', 'a.*')", "not understood"),
        ("@hasTagAsAttribute('K', 'dataSource')", "@hastagasattribute is not evaluated"),
        ("(" * 5000 + "@isInGroups('A')" + ")" * 5000, "brackets"),
        ("NOT " * 5000 + "@isInGroups('A')", "brackets and NOTs"),
        (" AND ".join(f"(@isInGroups('a{n}') OR @isInGroups('b{n}'))" for n in range(8)), f"more than {MOST_CLAUSES}"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(text, problem):
    """Half a condition, another function, a variable, a wildcard or a bomb is never guessed at."""
    with pytest.raises(UnreadableError, match=problem):
        clauses(text)
