"""Ctrl-C counts, also where a library takes it for a module that cannot be imported."""

import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pipeline import interruption


@pytest.fixture(autouse=True)
def _watched() -> Iterator[None]:
    """This process watches for Ctrl-C, and forgets it afterwards."""
    before = signal.getsignal(signal.SIGINT)
    interruption.watch()
    yield
    interruption.watch()
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_raises_where_it_falls() -> None:
    """As without us: `KeyboardInterrupt`."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert interruption.happened()


def test_what_was_swallowed_ends_the_next_step() -> None:
    """Without a Ctrl-C the next step begins; after one that nobody passed on it does not."""
    interruption.check()
    with suppress(BaseException):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interruption.check()
