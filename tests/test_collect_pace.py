"""The limiter never sends too fast, lets everybody wait where the service says so, and finds its rate again."""

import threading
from collections import deque
from dataclasses import dataclass

import pytest
from collecting import Clock
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.pace import BACK_OFF, CALM_FIRST_S, CALM_LONGEST_S, SLOWEST_PER_S, Pace

RATES = st.floats(0.2, 200.0)


def paced(per_second: float) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(per_second, clock=clock, sleep=clock.sleep), clock


@given(RATES, st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60), st.floats(0.1, 20.0))
def test_no_window_holds_more_than_the_ceiling(
    per_second: float, pauses: list[float], window_s: float
) -> None:
    """However callers come, any window holds at most its length times the ceiling, and one."""
    pace, clock = paced(per_second)
    sent = []
    for pause in pauses:
        clock.now += pause
        pace.wait()
        sent.append(clock.now)
    for first, start in enumerate(sent):
        within = [at for at in sent[first:] if at < start + window_s]
        assert len(within) <= window_s * per_second * 1.000001 + 1


@given(RATES, st.lists(st.tuples(st.booleans(), st.floats(0.0, 120.0)), max_size=120))
def test_the_rate_stays_between_its_floor_and_its_ceiling(
    per_second: float, answers: list[tuple[bool, float]]
) -> None:
    """No pattern of refusals takes the rate below one in two seconds, or above what was configured."""
    pace, _ = paced(per_second)
    for refused, wait_s in answers:
        pace.wait()
        if refused:
            pace.refused(wait_s)
        assert min(SLOWEST_PER_S, per_second) <= pace.per_second <= per_second


@given(st.floats(0.0, 120.0), st.integers(1, 50))
def test_nobody_sends_before_a_pause_is_over(wait_s: float, before: int) -> None:
    """A refusal holds for every caller, and the first one after it is not late."""
    pace, clock = paced(25.0)
    for _ in range(before):
        pace.wait()
    refused_at = clock.now
    pace.refused(wait_s)
    pace.wait()
    assert clock.now >= refused_at + wait_s
    assert clock.now <= refused_at + max(wait_s, 1 / 25.0) + 1e-9


def test_who_slept_when_another_was_refused_waits_again() -> None:
    """A caller that already had its moment does not send into the pause."""
    pace, clock = paced(1.0)
    plain, refused = clock.sleep, []

    def sleep(seconds: float) -> None:
        plain(seconds)
        if not refused:
            refused.append(clock.now)
            pace.refused(30.0)

    pace._sleep = sleep
    pace.wait()
    pace.wait()
    assert clock.now >= refused[0] + 30.0


def test_refusals_of_one_moment_are_one_event() -> None:
    """Eight requests that were under way at the same time lower the rate once, not eight times."""
    pace, clock = paced(20.0)
    for _ in range(8):
        pace.wait()
    for _ in range(8):
        clock.now += 0.01
        pace.refused(5.0)
    assert pace.refusals == 8
    assert pace.per_second == pytest.approx(20.0 * BACK_OFF)


def test_one_refusal_does_not_take_more_than_half() -> None:
    """A run that sent little is told little about the limit by a refusal."""
    pace, clock = paced(20.0)
    for _ in range(5):
        pace.wait()
        clock.now += 1.0
    pace.refused(1.0)
    assert pace.per_second == pytest.approx(10.0 * BACK_OFF)


def test_the_rate_recovers_step_by_step_after_a_calm_period() -> None:
    """Nothing changes before the calm period is over; long after it the ceiling is reached again."""
    pace, clock = paced(10.0)
    for _ in range(3):
        clock.now += 2.0
        pace.wait()
        pace.refused(1.0)
    lowered, calm_s = pace.per_second, 4 * CALM_FIRST_S
    clock.now += 1.0 + calm_s - 0.5
    pace.wait()
    assert pace.per_second == lowered
    clock.now += 1.0
    pace.wait()
    assert lowered < pace.per_second < 10.0
    for _ in range(200):
        clock.now += CALM_LONGEST_S
        pace.wait()
    assert pace.per_second == 10.0


def test_every_further_refusal_makes_the_calm_period_longer() -> None:
    """Probing costs a refusal each time, so it is done ever more seldom."""
    pace, clock = paced(10.0)
    lengths = []
    for _ in range(8):
        clock.now += 1.0
        pace.wait()
        pace.refused(0.5)
        lengths.append(pace._calm_until - clock.now - 0.5)
    assert lengths[:4] == pytest.approx([20.0, 40.0, 80.0, 160.0])
    assert lengths[-1] == pytest.approx(CALM_LONGEST_S)


@dataclass
class Bucket:
    """A service that grants `per_second` with a burst of one second, and counts what it granted."""

    per_second: float
    tokens: float = 0.0
    asked_at: float = 0.0
    granted: int = 0

    def asks(self, now: float) -> bool:
        self.tokens += (now - self.asked_at) * self.per_second
        self.tokens, self.asked_at = min(self.tokens, self.per_second), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        self.granted += 1
        return True


@pytest.mark.parametrize("per_second", [3.0, 10.0, 24.0])
def test_an_unknown_limit_is_used_nearly_in_full(per_second: float) -> None:
    """Against a plain token bucket the limiter gets 95 % of what could be had, with few refusals."""
    pace, clock = paced(25.0)
    bucket = Bucket(per_second)
    while clock.now < 600:
        pace.wait()
        if not bucket.asks(clock.now):
            pace.refused(1.0)
    assert bucket.granted >= 0.95 * per_second * 600
    assert pace.refusals < 20


def test_a_stopped_limiter_lets_everybody_go() -> None:
    """Threads that wait come back at once when the run ends."""
    pace = Pace(0.01)
    pace.wait()
    pace.refused(100.0)
    back: deque[int] = deque()
    threads = [
        threading.Thread(target=lambda n=number: (pace.wait(), back.append(n)))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    assert not back
    pace.stopped.set()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(back) == [0, 1, 2, 3]
