"""The calls of one level and source, made when a thread takes them: there are many, and few are under way."""

import threading
from collections import deque
from collections.abc import Iterator

from pipeline.collect.calls import Call
from pipeline.collect.walked import Walked


class Queue:
    """Hands out calls in the order they were added, to any number of threads, which may add more."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Walked, Iterator[Call]]] = deque()
        self._under_way = 0
        self._closed = self._stopped = False
        self._changed = threading.Condition()

    def add(self, outcome: Walked, calls: Iterator[Call]) -> None:
        """Adds the calls of an endpoint behind those that wait."""
        with self._changed:
            self._waiting.append((outcome, calls))
            self._changed.notify_all()

    def take(self) -> tuple[Walked, Call] | None:
        """The next call, for which `done` must be called; None once no more can come."""
        with self._changed:
            while not self._stopped:
                while self._waiting:
                    outcome, calls = self._waiting[0]
                    if (call := next(calls, None)) is not None:
                        self._under_way += 1
                        return outcome, call
                    self._waiting.popleft()
                if self._closed and not self._under_way:
                    return None
                self._changed.wait()
            return None

    def done(self) -> None:
        """Says that a call that was taken adds no more."""
        with self._changed:
            self._under_way -= 1
            if not self._under_way:
                self._changed.notify_all()

    def close(self) -> None:
        """Says that only calls under way add more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Hands out nothing any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
