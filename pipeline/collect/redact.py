"""Secrets are replaced before a body is hashed or stored, and what was replaced is written down."""

import re
from typing import Any

import msgspec

from pipeline.errors import PageError

REDACTED = "[REDACTED]"

_IN_TEXT = re.compile(
    r"(?i)((?:password|pwd|secret|token|accountkey|sig|sas)\s*=\s*)"
    r"(?:\{(?:[^}]|\}\})*(?:\}|\Z)|[^;&\s]+)"
    r"|(://[^/@:\s]*:)[^/@\s]+(?=@)"
)
"""Secrets inside connection strings: `Password=...;`, `PWD={...};` and `scheme://user:password@host`."""


def redact(body: bytes, names: frozenset[str]) -> tuple[bytes, list[str]]:
    """`body` with the value of every key in `names`, and secrets in connection strings, replaced.

    With it come the JSON pointers of what was replaced.

    A body without any of them comes back as it is, byte for byte.

    Raises:
        PageError: the body cannot be searched; it must not be stored.
    """
    found: list[str] = []
    try:
        value = msgspec.json.decode(body)
        _walk(value, "", {name.lower() for name in names}, found)
        return (msgspec.json.encode(value), found) if found else (body, [])
    except (msgspec.DecodeError, RecursionError) as error:
        raise PageError(f"the body cannot be searched for secrets: {error}") from error


def _walk(value: Any, pointer: str, names: set[str], found: list[str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key.lower() in names and inner not in (None, "", REDACTED):
                value[key] = REDACTED
                found.append(here)
            else:
                value[key] = _searched(inner, here, names, found)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            value[position] = _searched(inner, f"{pointer}/{position}", names, found)


def _searched(value: Any, pointer: str, names: set[str], found: list[str]) -> Any:
    """The value without secrets; only texts are replaced, the rest is searched in place."""
    if not isinstance(value, str):
        _walk(value, pointer, names, found)
        return value
    clean = _without_secrets(value)
    if clean != value:
        found.append(pointer)
    return clean


def _without_secrets(text: str) -> str:
    return _IN_TEXT.sub(lambda found: f"{found[1] or found[2]}{REDACTED}", text)
