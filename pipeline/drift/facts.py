"""What both sides are brought to before they are compared: one value per path of the V2 payload."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Plain = str | bool | int | float | None


@dataclass(frozen=True)
class Conditions:
    """Conditions joined by `any` or `all`; with fewer than two the word has no meaning."""

    operator: str
    items: tuple[str, ...]


Value = Plain | tuple[str, ...] | Conditions
"""A tuple is a set: sorted, without repeats."""


@dataclass(frozen=True)
class Place:
    """The item of a stored page that a live value was read from."""

    table: str
    page_id: int
    item: str


@dataclass(frozen=True)
class Told:
    """What Immuta says, and where; `note` adds what the value alone does not show."""

    value: Value
    places: tuple[Place, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Untold:
    """Immuta does not say; `hole` = it would, but the answer is missing from the snapshot."""

    why: str
    hole: bool = False


Answer = Told | Untold
Stated = dict[str, Value]
"""What a file says, by path."""

Found = dict[str, Answer]
"""What Immuta says, by path."""


@dataclass(frozen=True)
class Part:
    """One object that a payload declares: its key, what is said of it, and the path in the payload where it is said."""

    key: str
    payload: Mapping[str, Any]
    prefix: str = ""


@dataclass(frozen=True)
class Declared:
    """One object that a file declares; `lines` has the line of every path in the file."""

    kind: str
    key: str
    payload: Mapping[str, Any]
    label: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)
    prefix: str = ""

    def line_of(self, path: str) -> int:
        """The line of the path, or of what is around it."""
        path = self.prefix + path
        while path and path not in self.lines:
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""
        return self.lines.get(path, self.line)


@dataclass(frozen=True)
class Live:
    """One object that Immuta has; `rows` are those of its own table, `aside` says why nobody declares it."""

    key: str
    name: str
    rows: tuple[Mapping[str, Any], ...]
    places: tuple[Place, ...]
    aside: str = ""


@dataclass(frozen=True)
class Pair:
    """A declared object and its live one; without one, `why` is what keeps it from being called missing, '' for nothing.

    `hole` = that is an answer missing from the snapshot.
    """

    declared: Declared
    live: Live | None
    why: str = ""
    note: str = ""
    hole: bool = True


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """The items as a set is written: sorted, without repeats."""
    return tuple(sorted(set(items)))


def listed(value: Any) -> list[Any]:
    """A list of an answer; a single object stands for a list of itself, anything else for none."""
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def nothing(text: Any) -> str | None:
    """Text as it is compared: ends trimmed, and none where it is empty."""
    stripped = str(text).strip() if text is not None else ""
    return stripped or None


def given(payload: Mapping[str, Any], *keys: str) -> Stated:
    """The values of the keys that a payload has, by key; null is nothing said."""
    return {
        key: nothing(value) if isinstance(value := payload[key], str) else value
        for key in keys
        if payload.get(key) is not None
    }
