"""How many requests are under way at once: few at first, more while answers are good, half after a bad one.

The width never grows past what can be used, so the number of threads is its ceiling.
"""

import threading

FIRST = 2
BACK_OFF = 0.5
"""Of the width, after an answer that shows overload."""


class Width:
    """Lets so many callers in at a time as the service bears."""

    def __init__(self, first: int = FIRST) -> None:
        self.width = float(first)
        self.under_way = 0
        self._most = 0
        self._entered = 0
        self._cut_at = 0
        self._starting = True
        self._stopped = False
        self._left = threading.Condition()

    def enter(self) -> int:
        """The caller's number, once there is room for it or `stop` was called."""
        with self._left:
            while self.under_way >= int(self.width) and not self._stopped:
                self._left.wait()
            self.under_way += 1
            self._most = max(self._most, self.under_way)
            self._entered += 1
            return self._entered

    def leave(self, number: int, *, overloaded: bool) -> None:
        """Makes room for the next one, and learns from the answer."""
        with self._left:
            self.under_way -= 1
            if not overloaded:
                # doubling in every round at first, by one in every round after the first bad answer
                more = 1.0 if self._starting else 1.0 / self.width
                self.width = max(min(self.width + more, self._most + 1.0), self.width)
            elif number > self._cut_at:
                # who was under way at the last cut says nothing new
                self._cut_at = self._entered
                self._starting = False
                self.width = max(1.0, self.width * BACK_OFF)
            self._left.notify_all()

    def stop(self) -> None:
        """Lets everybody in who waits: nothing is sent any more."""
        with self._left:
            self._stopped = True
            self._left.notify_all()
