"""Calls under way: every one is taken once, calls may add others, and nobody waits for what cannot come."""

import threading
from collections.abc import Iterator

from collecting import endpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collect.calls import Call
from pipeline.collect.endpoint import Request, Source
from pipeline.collect.queue import Queue
from pipeline.collect.walked import Walked

OUTCOME = Walked(Source("toy", (), "", ()), endpoint())


def calls(names: list[str]) -> Iterator[Call]:
    return (Call(Request("GET", "main", "/things"), name) for name in names)


def taken_by(queue: Queue, threads: int, parts: int) -> list[str]:
    """What the threads took; each call of one letter adds `parts` others."""
    found: list[str] = []

    def work() -> None:
        while (taken := queue.take()) is not None:
            outcome, call = taken
            key = call.key or ""
            found.append(key)
            if len(key) == 1:
                queue.add(outcome, calls([f"{key}{part}" for part in range(parts)]))
            queue.done()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert not any(worker.is_alive() for worker in workers)
    return found


@given(
    lists=st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=4),
    threads=st.integers(1, 4),
    parts=st.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_every_call_is_taken_once(lists: list[list[str]], threads: int, parts: int) -> None:
    """Those of the level and those that calls add, by however many threads, which all end."""
    queue = Queue()
    for names in lists:
        queue.add(OUTCOME, calls(names))
    queue.close()
    found = taken_by(queue, threads, parts)
    given = [name for names in lists for name in names]
    assert sorted(found) == sorted(given + [f"{n}{part}" for n in given for part in range(parts)])


def test_calls_are_made_when_they_are_taken() -> None:
    """However many there are: in the order they were added, none before its turn."""
    made: list[str] = []

    def lazily() -> Iterator[Call]:
        for call in calls(["a", "b", "c"]):
            made.append(call.key or "")
            yield call

    queue = Queue()
    queue.add(OUTCOME, lazily())
    assert made == []
    assert queue.take() is not None
    assert made == ["a"]


def test_a_stopped_queue_lets_everybody_go() -> None:
    """Also who waits for calls that are under way, and although there are calls left."""
    queue = Queue()
    queue.add(OUTCOME, calls(["a", "b"]))
    assert queue.take() is not None
    queue.stop()
    assert taken_by(queue, 2, 0) == []
