"""Conditions of subscription policies written as text, as far as they can be understood for certain.

Immuta's words for them: documentation.immuta.com, Advanced DSL policy builder functions and variables.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_CLAUSES = 64
"""What would take more is left unread: alternatives multiply with every AND between them."""

DEEPEST = 40
"""Brackets and NOTs around one another: the text is anybody's, and reading it calls itself."""

_FUNCTIONS = {"isingroups": ("group", 1), "hasattribute": ("attribute", 2)}
_WORD = re.compile(
    r"\s*(?:(?P<mark>[(),])|(?P<join>AND|OR|NOT)\b|@(?P<function>\w+)|'(?P<text>[^'@*\\]*)')",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\s*$")


class Literal(NamedTuple):
    """A group somebody is in, or an attribute somebody has; `negated` = is not, has not."""

    kind: str
    name: str
    value: str | None
    negated: bool


Clause = frozenset[Literal]
"""Literals that must hold together."""


class UnreadableError(ValueError):
    """The text says more than is understood for certain."""


def clauses(text: str) -> list[Clause]:
    """The alternatives of a condition: it holds where every literal of one of them does.

    Raises:
        UnreadableError: any other function, a variable or wildcard in a value, several groups in one call
            (whether all or any are meant is not documented), too many alternatives, or no condition at all.
    """
    words = list(_words(text))
    _check_depth(words)
    found, rest = _either(words, 0, negated=False)
    if rest != len(words):
        raise UnreadableError(f"unexpected {words[rest][1]!r}")
    return found


def _words(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while not _BLANK.match(text, position):
        word = _WORD.match(text, position)
        if word is None or word.lastgroup is None:
            raise UnreadableError(f"not understood at character {position + 1}")
        value = word[word.lastgroup]
        yield word.lastgroup, value.lower() if word.lastgroup != "text" else value
        position = word.end()


def _check_depth(words: list[tuple[str, str]]) -> None:
    depth = 0
    for word in words:
        depth += {("mark", "("): 1, ("mark", ")"): -1, ("join", "not"): 1}.get(word, 0)
        if depth > DEEPEST:
            raise UnreadableError(f"more than {DEEPEST} brackets and NOTs")


def _either(words: list[tuple[str, str]], at: int, *, negated: bool) -> tuple[list[Clause], int]:
    return _joined(words, at, "or", negated=negated)


def _joined(
    words: list[tuple[str, str]], at: int, join: str, *, negated: bool
) -> tuple[list[Clause], int]:
    """Parts joined by `join`; under a NOT the two joins change places (De Morgan)."""

    def part(start: int) -> tuple[list[Clause], int]:
        if join == "or":
            return _joined(words, start, "and", negated=negated)
        return _single(words, start, negated=negated)

    found, at = part(at)
    while words[at : at + 1] == [("join", join)]:
        other, at = part(at + 1)
        adds = (join == "or") is not negated
        found = found + other if adds else [one | two for one in found for two in other]
        if len(found) > MOST_CLAUSES:
            raise UnreadableError(f"more than {MOST_CLAUSES} alternatives")
    return found, at


def _single(words: list[tuple[str, str]], at: int, *, negated: bool) -> tuple[list[Clause], int]:
    kind, word = words[at] if at < len(words) else ("end", "")
    if (kind, word) == ("join", "not"):
        return _single(words, at + 1, negated=not negated)
    if (kind, word) == ("mark", "("):
        found, at = _either(words, at + 1, negated=negated)
        return found, _mark(words, at, ")")
    if kind != "function":
        raise UnreadableError(f"a condition is missing before {word!r}")
    if word not in _FUNCTIONS:
        raise UnreadableError(f"@{word} is not evaluated")
    literal, at = _call(words, at, negated)
    return [frozenset({literal})], at


def _call(words: list[tuple[str, str]], at: int, negated: bool) -> tuple[Literal, int]:
    kind, count = _FUNCTIONS[words[at][1]]
    at = _mark(words, at + 1, "(")
    values: list[str] = []
    while True:
        if at >= len(words) or words[at][0] != "text":
            raise UnreadableError(f"a text in quotes is missing in the call for a {kind}")
        values.append(words[at][1])
        if words[at + 1 : at + 2] != [("mark", ",")]:
            break
        at += 2
    if len(values) != count:
        raise UnreadableError(f"{len(values)} values where {count} can be evaluated")
    literal = Literal(kind, values[0], values[1] if count == 2 else None, negated)
    return literal, _mark(words, at + 1, ")")


def _mark(words: list[tuple[str, str]], at: int, mark: str) -> int:
    if words[at : at + 1] != [("mark", mark)]:
        raise UnreadableError(f"{mark} is missing")
    return at + 1
