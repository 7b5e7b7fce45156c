"""Reproducible chance: every draw is a hash of the seed and of what is drawn for."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def bits(seed: int, *key: object, size: int = 16) -> bytes:
    """`size` bytes that depend on nothing but the seed and the key."""
    return blake2b(f"{seed}/{key}".encode(), digest_size=size).digest()


def number(below: int, seed: int, *key: object) -> int:
    """Integer in [0, below)."""
    return int.from_bytes(bits(seed, *key, size=8)) % below


def share(seed: int, *key: object) -> float:
    """Number in [0, 1)."""
    return int.from_bytes(bits(seed, *key, size=6)) / 2**48


def pick(options: Sequence[T], seed: int, *key: object) -> T:
    """One of the options."""
    return options[number(len(options), seed, *key)]


def sample(options: Sequence[T], count: int, seed: int, *key: object) -> list[T]:
    """`count` distinct options (fewer when there are not so many), in a drawn order."""
    left = list(options)
    return [
        left.pop(number(len(left), seed, *key, turn)) for turn in range(min(count, len(options)))
    ]


def as_guid(raw: bytes) -> str:
    """Sixteen bytes in the usual notation of a guid, marked as version 4."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def guid(seed: int, *key: object) -> str:
    """Guid that belongs to the key."""
    return as_guid(bits(seed, *key))


def cuid(seed: int, *key: object) -> str:
    """Identifier in the style of a cuid: `c` and 24 letters or digits."""
    value = int.from_bytes(bits(seed, *key))
    letters = []
    for _ in range(24):
        value, digit = divmod(value, 36)
        letters.append(_DIGITS[digit])
    return "c" + "".join(letters)


def switched(seed: int, day: int, odds: float, period: int, turn: int, *key: object) -> bool:
    """Whether a state that is drawn anew every `period` days is on.

    `turn` spreads the days of drawing, so that each day some subjects change and most do not.
    """
    return share(seed, (day + turn) // period, *key) < odds


def last_switch(
    seed: int, day: int, odds: float, period: int, turn: int, since: int, *key: object
) -> int:
    """Day after `since` on which `switched` took its present value; `since` if it has had it ever since."""
    epoch = (day + turn) // period
    now = share(seed, epoch, *key) < odds
    while (began := epoch * period - turn) > since:
        epoch -= 1
        if (share(seed, epoch, *key) < odds) != now:
            return began
    return since
