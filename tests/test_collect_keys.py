"""Keys: what an endpoint is asked about, packed until its calls are made."""

import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect import keys
from pipeline.collect.keys import Keys, parts

VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()


@given(st.lists(st.tuples(st.text(), VALUES), max_size=20))
def test_rows_come_back_as_they_were(rows: list[tuple[Any, ...]]) -> None:
    """Every row, in order, as often as asked; keys are text whatever they are."""
    found = Keys(["key", "place"], iter(rows))
    assert (len(found), found.names) == (len(rows), ("key", "place"))
    assert list(found) == list(found) == rows
    numbered = Keys(["place", "key"], [(None, 7), (None, "8")])
    assert list(numbered.texts()) == ["7", "8"]


def test_many_keys_take_little_more_than_their_text() -> None:
    """A hundred thousand keys are no hundred thousand objects, also while some of them are asked for."""
    count = 10 * keys.AT_A_TIME
    tracemalloc.start()
    try:
        found = Keys(["key"], ((f"{number:036d}",) for number in range(count)))
        for number, text in enumerate(found.texts()):
            if number == count // 2:
                held, _ = tracemalloc.get_traced_memory()
                assert int(text) == number
    finally:
        tracemalloc.stop()
    assert held / count < 80


def test_parts_are_as_large_as_asked_for() -> None:
    """Things in lists of that many, the last one shorter; none of nothing."""
    assert list(parts(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(parts([], 2)) == []
