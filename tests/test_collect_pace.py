"""The limiter never sends too fast, lets everybody wait where the service says so, and finds its rate again."""

import threading
from collections import deque
from dataclasses import dataclass

import pytest
from collecting import Clock
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.pace import (
    BACK_OFF,
    CALM_FIRST_S,
    CALM_LONGEST_S,
    SLOWEST_PER_S,
    START,
    Pace,
)
from pipeline.collect.width import FIRST, Width

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
    assert clock.now <= refused_at + max(wait_s, 1 / (25.0 * START)) + 1e-9


def test_who_slept_when_another_was_refused_waits_again() -> None:
    """A caller that already had its moment does not send into the pause."""
    pace, clock = paced(1.0)
    plain = clock.sleep
    refused: list[float] = []

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
    assert pace.per_second == pytest.approx(20.0 * START * BACK_OFF)


def test_one_refusal_does_not_take_more_than_half() -> None:
    """A run that sent little is told little about the limit by a refusal."""
    pace, clock = paced(20.0)
    for _ in range(5):
        pace.wait()
        clock.now += 1.0
    pace.refused(1.0)
    assert pace.per_second == pytest.approx(10.0 * START * BACK_OFF)


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
    """A service that grants `per_second` with a burst of one second, and counts what it granted.

    Every refusal blocks everybody for `blocks_s`.
    """

    per_second: float
    blocks_s: float = 0.0
    blocked_until: float = 0.0
    tokens: float = 0.0
    asked_at: float = 0.0
    granted: int = 0

    def asks(self, now: float) -> bool:
        self.tokens += (now - self.asked_at) * self.per_second
        self.tokens, self.asked_at = min(self.tokens, self.per_second), now
        if now < self.blocked_until:
            return False
        if self.tokens < 1:
            self.blocked_until = now + self.blocks_s
            return False
        self.tokens -= 1
        self.granted += 1
        return True


@pytest.mark.parametrize(
    ("ceiling", "per_second", "blocks_s", "share"),
    [
        (25.0, 25.0, 0.0, 0.99),
        (25.0, 25.0, 5.0, 0.98),
        (30.0, 25.0, 0.0, 0.98),
        (30.0, 25.0, 5.0, 0.91),
        (50.0, 25.0, 5.0, 0.91),
        (25.0, 24.0, 0.0, 0.95),
        (25.0, 10.0, 0.0, 0.95),
        (25.0, 3.0, 0.0, 0.95),
    ],
)
def test_a_limit_is_used_nearly_in_full(
    ceiling: float, per_second: float, blocks_s: float, share: float
) -> None:
    """Known or not, and also where each refusal blocks for 5 s: of what could be had in ten minutes, nearly all."""
    pace, clock = paced(ceiling)
    bucket = Bucket(per_second, blocks_s)
    while clock.now < 600:
        pace.wait()
        if not bucket.asks(clock.now):
            pace.refused(blocks_s or 1.0)
    assert bucket.granted >= share * per_second * 600
    assert pace.refusals < 20


def test_the_rate_starts_just_under_its_ceiling() -> None:
    """A documented limit of 25 a second is met with 24, and with 25 after a calm while."""
    pace, clock = paced(25.0)
    assert pace.per_second == 24.0
    clock.now += CALM_FIRST_S
    pace.wait()
    assert pace.per_second == 25.0


def test_the_width_doubles_until_the_first_bad_answer() -> None:
    """Few requests at first; each round of good answers doubles them; a bad one halves them; then one more a round."""
    width, widths = Width(), []
    here = deque(width.enter() for _ in range(FIRST))
    for overloaded in (False, False, True, False, False):
        for _ in range(len(here)):
            width.leave(here.popleft(), overloaded=overloaded)
            here.extend(width.enter() for _ in range(int(width.width) - width.under_way))
        widths.append(width.width)
    assert FIRST == 2
    assert widths[:3] == [4, 8, 4]
    assert 4.9 < widths[3] < 5.1
    assert 5.6 < widths[4] < 6.1


def test_a_width_that_is_not_used_does_not_grow() -> None:
    """The number of threads is the ceiling: a hundred good answers to one thread leave no room for ten."""
    width = Width()
    for _ in range(100):
        width.leave(width.enter(), overloaded=False)
    assert width.width == FIRST


@given(st.lists(st.booleans(), max_size=200))
def test_there_is_always_room_for_one(overloaded: list[bool]) -> None:
    """No pattern of answers closes the way, and what is under way is never more than the width."""
    width = Width()
    for bad in overloaded:
        here = [width.enter() for _ in range(int(width.width))]
        assert width.under_way <= width.width
        for number in here:
            width.leave(number, overloaded=bad)
        assert width.width >= 1
        assert width.under_way == 0


def test_who_finds_no_room_waits_for_it_or_for_the_end() -> None:
    """A third caller comes in when one of two leaves, a fourth when the run is stopped."""
    pace = Pace(10.0)
    here = [pace.width.enter() for _ in range(FIRST)]
    come: deque[int] = deque()
    threads = [threading.Thread(target=lambda: come.append(pace.width.enter())) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert not come
    pace.width.leave(here[0], overloaded=True)
    pace.width.leave(here[1], overloaded=False)
    threads_left = [thread for thread in threads if thread.is_alive()]
    assert len(threads_left) >= 1
    pace.stop()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(come) == [3, 4]


def test_a_stopped_limiter_lets_everybody_go() -> None:
    """Threads that wait come back at once when the run ends."""
    pace = Pace(0.01)
    pace.wait()
    pace.refused(100.0)
    back: deque[int] = deque()

    def come_back(number: int) -> None:
        pace.wait()
        back.append(number)

    threads = [threading.Thread(target=come_back, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert not back
    pace.stopped.set()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(back) == [0, 1, 2, 3]
