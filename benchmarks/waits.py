"""A clock on which nobody waits for a rate limit: it runs as the machine's does, and jumps where a limiter would sleep.

What a walk takes by this clock is what it takes at the limit: answers, loading and everything else take as long as they
do, only that the moments to send at come at once. A walk of hours is so measured in what its work alone takes.
"""

import threading
import time


class SkippedWaits:
    """The clock and the sleep of one limiter, for any number of threads."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self._lock = threading.Lock()
        self._asked = threading.local()

    def now(self) -> float:
        """Seconds by this clock."""
        with self._lock:
            return self._now()

    def clock(self) -> float:
        """Seconds by this clock; the thread's next sleep begins then."""
        found = self._asked.at = self.now()
        return found

    def sleep(self, seconds: float) -> None:
        """Jumps to the end of the sleep, unless another thread's has led beyond it."""
        with self._lock:
            self.skipped_s += max(self._asked.at + seconds - self._now(), 0.0)

    def _now(self) -> float:
        return time.monotonic() + self.skipped_s
