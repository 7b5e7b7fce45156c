"""The pace of requests: one limiter that all workers of a source share.

It starts just under the documented limit. After a refusal everybody waits as long as the service
says, and the rate drops to just under what was served lately; after a calm period, which doubles
with every refusal, it probes upwards again.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

CALM_FIRST_S = 20.0
CALM_LONGEST_S = 300.0
BACK_OFF = 0.97
PROBE = 1.05
WINDOW_S = 10.0


class Pace:
    """Hands out moments to send at, in order; `clock` and `sleep` are given for tests."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.per_second = per_second
        self._ceiling = per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = clock()
        self._calm_until = self._next
        self._calm_s = CALM_FIRST_S
        self._served: deque[float] = deque()
        self.refusals = 0

    def wait(self) -> None:
        """Returns when the caller may send its request."""
        with self._lock:
            now = self._clock()
            if self.per_second < self._ceiling and now >= self._calm_until:
                self.per_second = min(self.per_second * PROBE, self._ceiling)
                self._calm_until = now + self._calm_s
            at = max(self._next, now)
            self._next = at + 1.0 / self.per_second
            self._served.append(at)
            while self._served and self._served[0] < at - WINDOW_S:
                self._served.popleft()
        if (delay := at - now) > 0:
            self._sleep(delay)

    def refused(self, retry_after_s: float) -> None:
        """Takes note of a refusal: nobody sends before `retry_after_s` is over, and the rate drops."""
        with self._lock:
            now = self._clock()
            self.refusals += 1
            if now >= self._next - 1.0 / self.per_second or self._next < now + retry_after_s:
                self._next = max(self._next, now + retry_after_s)
            recent = [at for at in self._served if at <= now]
            span = max(now - recent[0], 1.0) if recent else 1.0
            served_rate = max(len(recent) - 1, 1) / span
            self.per_second = max(min(served_rate, self.per_second) * BACK_OFF, 0.5)
            self._calm_until = now + retry_after_s + self._calm_s
            self._calm_s = min(self._calm_s * 2, CALM_LONGEST_S)
