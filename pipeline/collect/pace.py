"""The pace of requests: one limiter that all workers of a source share.

It starts just under the documented limit. After a refusal everybody waits as long as the service
says, and the rate drops to just under what was served lately; after a calm period, which doubles
with every refusal, it probes upwards again.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from pipeline.collect.width import Width

CALM_FIRST_S = 20.0
CALM_LONGEST_S = 300.0
START = 0.96
"""Of the ceiling: the documented limit may be the ceiling, and the clocks of two machines differ."""
BACK_OFF = 0.97
AT_MOST_DOWN_TO = 0.5
"""Of the rate, at one refusal: few were served lately also where few were sent."""
PROBE = 1.05
WINDOW_S = 10.0
SLOWEST_PER_S = 0.5


class Pace:
    """Hands out moments to send at, in order; `clock` and `sleep` are given for tests."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._ceiling = per_second
        self._floor = min(SLOWEST_PER_S, per_second)
        self.per_second = max(per_second * START, self._floor)
        self.stopped = threading.Event()
        self.width = Width()
        self._clock, self._sleep = clock, sleep or self.stopped.wait
        self._lock = threading.Lock()
        self._next = clock()
        self._resumes_at = self._next
        self._calm_until = self._next + CALM_FIRST_S
        self._calm_s = CALM_FIRST_S
        self._sent: deque[float] = deque()
        self.refusals = 0

    def wait(self) -> None:
        """Returns when the caller may send its request, or when `stopped` is set."""
        while True:
            at, delay = self._moment()
            if delay > 0:
                self._sleep(delay)
            with self._lock:
                # who slept while somebody was refused gets a new moment, after the pause
                if at >= self._resumes_at or self.stopped.is_set():
                    self._sent.append(at)
                    while self._sent[0] < at - WINDOW_S:
                        self._sent.popleft()
                    return

    def refused(self, retry_after_s: float) -> None:
        """Takes note of a refusal: nobody sends before `retry_after_s` is over, and the rate drops."""
        with self._lock:
            now = self._clock()
            known = now < self._resumes_at
            self.refusals += 1
            self._resumes_at = max(self._resumes_at, now + retry_after_s)
            self._next = max(self._next, self._resumes_at)
            # what is refused during a pause was sent before it: the same event, not a second one
            if not known:
                served = max(self._served_per_s(now), self.per_second * AT_MOST_DOWN_TO)
                slower = min(served, self.per_second) * BACK_OFF
                self.per_second = max(slower, self._floor)
                self._calm_until = self._resumes_at + self._calm_s
                self._calm_s = min(self._calm_s * 2, CALM_LONGEST_S)

    def stop(self) -> None:
        """Lets everybody go who waits."""
        self.stopped.set()
        self.width.stop()

    def _moment(self) -> tuple[float, float]:
        """The next free moment, and the seconds until then."""
        with self._lock:
            now = self._clock()
            if self.per_second < self._ceiling and now >= self._calm_until:
                self.per_second = min(self.per_second * PROBE, self._ceiling)
                self._calm_until = now + self._calm_s
            at = max(self._next, now)
            self._next = at + 1.0 / self.per_second
            return at, at - now

    def _served_per_s(self, now: float) -> float:
        """What was served lately, pauses included; the present rate where that is too short to tell."""
        span_s = now - self._sent[0] if self._sent else 0.0
        return (len(self._sent) - 1) / span_s if span_s >= 1.0 else self.per_second
