"""Secrets are replaced before a body is hashed or stored, and what was replaced is written down."""

import json
import re
from typing import Any

import msgspec

from pipeline.collect.secret_text import REDACTED, folded, may_hold_secrets, without_secrets
from pipeline.errors import PageError

_PAGING = re.compile(r"(?:next|continuation|skip|page)token$")
"""Tokens that a walk goes on with: they open nothing, and a replay needs them."""
_NAMES_OF_PAIRS = ("name", "key", "keyName", "option", "property", "parameter")
_VALUES_OF_PAIRS = ("value", "content")


def redact(body: bytes, names: frozenset[str]) -> tuple[bytes, list[str]]:
    """`body` with the value of every key in `names`, and secrets in texts, replaced.

    With it come the JSON pointers of what was replaced; '' is the whole body, whose objects had the
    same key more than once. Keys are compared without case and punctuation, and by their ending:
    `db_password` and `Client-Secret` are secrets too. JSON inside a text is searched like the body.

    A body without any of them comes back as it is, byte for byte.

    Raises:
        PageError: the body cannot be searched; it must not be stored.
    """
    found: list[str] = []
    try:
        value = msgspec.json.decode(body)
        if not may_hold_secrets(body, tuple(map(folded, names))):
            return body, []
        value = _Search(names, found).searched(value, "")
        if _has_a_key_twice(body):
            # what the first of them says is in no decoded value
            found.append("")
        return (msgspec.json.encode(value), found) if found else (body, [])
    except (msgspec.DecodeError, RecursionError) as error:
        raise PageError(f"the body cannot be searched for secrets: {error}") from error


class _Search:
    """Replaces secrets in decoded JSON in place, and takes note of where."""

    def __init__(self, names: frozenset[str], found: list[str]) -> None:
        self._all = names
        self._names = tuple(folded(name) for name in names)
        self._known: dict[str, bool] = {}
        self._found = found

    def searched(self, value: Any, pointer: str) -> Any:
        """The value without secrets; only texts are replaced, the rest is searched in place."""
        if not isinstance(value, str):
            self._walk(value, pointer)
            return value
        clean = self._text_without(value)
        if clean != value:
            self._found.append(pointer)
        return clean

    def _walk(self, value: Any, pointer: str) -> None:
        if isinstance(value, dict):
            struck = self._paired(value)
            for key, inner in value.items():
                here = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                if (key in struck or self._is_secret(key)) and _says_something(inner):
                    value[key] = REDACTED
                    self._found.append(here)
                else:
                    value[key] = self.searched(inner, here)
        elif isinstance(value, list):
            for position, inner in enumerate(value):
                value[position] = self.searched(inner, f"{pointer}/{position}")

    def _is_secret(self, key: str) -> bool:
        if key not in self._known:
            name = folded(key)
            self._known[key] = name.endswith(self._names) and not _PAGING.search(name)
        return self._known[key]

    def _paired(self, value: dict[str, Any]) -> tuple[str, ...]:
        """The keys with the secret of an object that is itself a name and a value."""
        names = (value.get(key) for key in _NAMES_OF_PAIRS)
        if any(isinstance(name, str) and self._is_secret(name) for name in names):
            return _VALUES_OF_PAIRS
        return ()

    def _text_without(self, text: str) -> str:
        inner = text.strip()
        if inner[:1] in ("{", "[", '"'):
            try:
                clean, found = redact(inner.encode(), self._all)
            except (PageError, UnicodeEncodeError):
                # a text that only looks like JSON
                return without_secrets(text)
            return clean.decode() if found else text
        return without_secrets(text)


def _says_something(value: Any) -> bool:
    return not isinstance(value, bool) and value not in (None, "", REDACTED, [], {})


def _has_a_key_twice(body: bytes) -> bool:
    """Whether an object of a body has a key more than once: parsers keep one of the values."""
    repeats: list[bool] = []

    def count(pairs: list[tuple[str, Any]]) -> None:
        repeats.append(len({key for key, _ in pairs}) < len(pairs))

    json.loads(body, object_pairs_hook=count)
    return any(repeats)
