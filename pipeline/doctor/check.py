"""What a check says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing looked at: `result` is ok, warning or fails.

    `collections` has all names where `detail` only counts them: the collections that are visible, or lack a role.
    """

    about: str
    place: str
    result: str
    detail: str
    collections: tuple[str, ...] = ()
