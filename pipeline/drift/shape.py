"""Shapes of payloads as data: which keys there are, and what may stand under each."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.drift.document import Entry, Node
from pipeline.errors import UsageError

NEAR = 0.8
"""How alike an undocumented key must be to a documented one to be taken for a slip of the pen."""


class PayloadError(UsageError):
    """A payload that Immuta's V2 API would not take; the message names file, line and key."""


SECRETS = ("password", "content", "connectionstring", "username")
"""Words in the paths of values that no message repeats: it may end in the log of a build."""


@dataclass(frozen=True)
class At:
    """Where in a file a value stands: label of the file, and the path of keys to it."""

    label: str
    path: str = ""

    def inside(self, key: str) -> "At":
        """Where the value under a key stands."""
        return At(self.label, f"{self.path}.{key}" if self.path else key)

    def item(self, number: int) -> "At":
        """Where an item of a list stands."""
        return At(self.label, f"{self.path}[{number}]")

    def error(self, line: int, problem: str) -> PayloadError:
        """An error about the value here."""
        return PayloadError(
            f"{self.label}:{line}: {f'{self.path}: ' if self.path else ''}{problem}"
        )

    def described(self, value: object) -> str:
        """What a message calls the value here; one that may be a secret goes by its type alone."""
        if not any(word in self.path.lower() for word in SECRETS):
            return described(value)
        if isinstance(value, str):
            return "text"
        return "a number or flag" if isinstance(value, (bool, int, float)) else described(value)


Shape = Callable[[Node, At, dict[str, int]], Any]
"""Reads a node: plain values come back, and the line of every path is noted.

Raises PayloadError where the node is not of the shape.
"""


def described(value: object) -> str:
    """What a message calls a value of a file."""
    if isinstance(value, bool):
        return f"the flag {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return repr(value)
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"


def text(node: Node, at: At, lines: dict[str, int]) -> str | None:
    """Text; null is nothing said."""
    lines[at.path] = node.line
    if node.value is None or isinstance(node.value, str):
        return node.value
    cure = "; put it in quotes" if isinstance(node.value, (bool, int, float)) else ""
    raise at.error(node.line, f"must be text, not {at.described(node.value)}{cure}")


def flag(node: Node, at: At, lines: dict[str, int]) -> bool | None:
    """A flag, true or false; null is nothing said."""
    lines[at.path] = node.line
    if node.value is None or isinstance(node.value, bool):
        return node.value
    raise at.error(node.line, f"must be true or false, not {at.described(node.value)}")


def number(node: Node, at: At, lines: dict[str, int]) -> int | float | None:
    """A number; null is nothing said."""
    lines[at.path] = node.line
    if node.value is None or (
        isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    ):
        return node.value
    raise at.error(node.line, f"must be a number, not {at.described(node.value)}")


def anything(node: Node, at: At, lines: dict[str, int]) -> Any:
    """Whatever is there: keys that the documentation leaves open."""
    lines[at.path] = node.line
    if isinstance(node.value, list):
        return [anything(part, at.item(i), lines) for i, part in enumerate(node.value)]
    if isinstance(node.value, dict):
        return {k: anything(e.node, at.inside(k), lines) for k, e in node.value.items()}
    return node.value


def one_of(*valid: str) -> Shape:
    """One of these words."""

    def word(node: Node, at: At, lines: dict[str, int]) -> str:
        lines[at.path] = node.line
        if isinstance(node.value, str) and node.value in valid:
            return node.value
        raise at.error(node.line, f"{at.described(node.value)} is not one of {', '.join(valid)}")

    return word


def many(shape: Shape, *, or_one: bool = False) -> Shape:
    """A list of a shape; with `or_one`, also a single one that stands for a list of itself."""

    def listed(node: Node, at: At, lines: dict[str, int]) -> list[Any] | None:
        lines[at.path] = node.line
        if node.value is None:
            return None
        if isinstance(node.value, list):
            for i, part in enumerate(node.value):
                if part.value is None:
                    raise at.item(i).error(part.line, "an item of a list must say something")
            return [shape(part, at.item(i), lines) for i, part in enumerate(node.value)]
        if or_one and isinstance(node.value, dict):
            return [shape(node, at, lines)]
        raise at.error(node.line, f"must be a list, not {at.described(node.value)}")

    return listed


@dataclass(frozen=True)
class Keys:
    """A mapping with these keys; `also` are other spellings, and `open` that undocumented keys are let pass."""

    keys: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    open: bool = False

    def __call__(self, node: Node, at: At, lines: dict[str, int]) -> dict[str, Any] | None:
        """The values by key, other spellings brought to the first one."""
        lines[at.path] = node.line
        if node.value is None:
            return None
        if not isinstance(node.value, dict):
            raise at.error(node.line, f"must be a mapping, not {at.described(node.value)}")
        found: dict[str, Any] = {}
        for key, entry in node.value.items():
            name = self.also.get(key, key)
            if name in found:
                raise at.inside(key).error(entry.line, f"says the same as {name}: give one of them")
            found[name] = self._shape(name, entry, at)(entry.node, at.inside(name), lines)
        for key in self.required:
            if found.get(key) is None:
                raise at.error(node.line, f"{key} is missing")
        return found

    def _shape(self, key: str, entry: Entry, at: At) -> Shape:
        shape = self.keys.get(key)
        if shape is not None:
            return shape
        valid = (*self.keys, *self.also)
        if self.open and not nearest(key, valid, NEAR):
            return anything
        near = nearest(key, valid, 0.0)
        raise at.inside(key).error(
            entry.line, f"no such key; the nearest is {near}; valid are {', '.join(sorted(valid))}"
        )


def nearest(key: str, valid: Iterable[str], cutoff: float) -> str:
    """The valid key most like `key`, whatever its case; '' if none is as alike as that."""
    by_fold = {name.lower(): name for name in valid}
    found = difflib.get_close_matches(key.lower(), by_fold, 1, cutoff)
    return by_fold[found[0]] if found else ""
