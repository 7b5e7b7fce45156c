"""Ctrl-C, remembered: a library that it falls into may take it for an error of its own, or for none at all."""

import signal
from types import FrameType

_happened: list[int] = []
"""Signals so far; of the process, as its handler is."""


def watch() -> None:
    """Lets Ctrl-C raise `KeyboardInterrupt`, as ever, and be known of afterwards."""
    _happened.clear()
    signal.signal(signal.SIGINT, _note)


def happened() -> bool:
    """Whether there was a Ctrl-C since this process has been watching."""
    return bool(_happened)


def check() -> None:
    """Ends what is about to begin, if a Ctrl-C came before and was swallowed.

    Raises:
        KeyboardInterrupt: there was one.
    """
    if _happened:
        raise KeyboardInterrupt


def _note(number: int, frame: FrameType | None) -> None:
    _happened.append(number)
    signal.default_int_handler(number, frame)
