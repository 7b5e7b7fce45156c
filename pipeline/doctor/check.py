"""What a check says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing looked at: `result` is ok, warning or fails."""

    about: str
    place: str
    result: str
    detail: str
