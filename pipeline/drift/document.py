"""A YAML or JSON file as values that know their line; nothing in it is ever executed, expanded or guessed.

Read as the YAML 1.2 core schema reads it: `no` and `2026-01-01` are text, as they are in JSON.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import UsageError

# the parser in C reads ten times as fast, where PyYAML was built with it
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEPTH = 60
"""How deep values may be nested; no payload comes near it."""

_NULL = re.compile(r"|~|null|Null|NULL")
_FLAG = {**dict.fromkeys(("true", "True", "TRUE"), True),
         **dict.fromkeys(("false", "False", "FALSE"), False)}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Node:
    """One value of a file and the line it starts in; lists and mappings hold nodes."""

    value: "Scalar | list[Node] | dict[str, Entry]"
    line: int


@dataclass(frozen=True)
class Entry:
    """What a mapping says under one key, and the line of the key."""

    line: int
    node: Node


class DocumentError(UsageError):
    """A file that is not plain YAML or JSON; the message names file and line."""


def read(path: Path, label: str) -> list[Node]:
    """The documents of a file, those without content left out; `label` is what messages call it.

    Raises:
        DocumentError: not UTF-8, not YAML or JSON, a key given twice, or more than plain data.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{label}: not UTF-8 text: byte {error.start}") from error
    except OSError as error:
        raise DocumentError(f"{label}: cannot be read: {error.strerror}") from error
    nodes = _json(text, label) if path.suffix == ".json" else list(_yaml(text, label))
    return [node for node in nodes if node.value is not None]


def plain(node: Node) -> Any:
    """The value of a node without its lines."""
    if isinstance(node.value, list):
        return [plain(part) for part in node.value]
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    return node.value


class _Open:
    """A list or mapping that is still being read: its parts so far, and the key that waits for its value."""

    def __init__(self, line: int, *, mapping: bool) -> None:
        self.line = line
        self.parts: list[Node] | dict[str, Entry] = {} if mapping else []
        self.key: tuple[str, int] | None = None


class _Builder:
    """Puts together the nodes that a parser meets in turn, without recursion: nesting is hostile input too."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._open: list[_Open] = []
        self.roots: list[Node] = []

    def start(self, line: int, *, mapping: bool) -> None:
        if self._open and self._waits_for_key():
            raise self.error(line, "a key must be text")
        if len(self._open) >= DEPTH:
            raise self.error(line, f"nested more than {DEPTH} deep")
        self._open.append(_Open(line, mapping=mapping))

    def end(self) -> None:
        done = self._open.pop()
        self._place(Node(done.parts, done.line))

    def scalar(self, value: Scalar, text: str, line: int) -> None:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise self.error(line, "half of a surrogate pair is no text")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(line, "a number that is too large")
        if self._open and self._waits_for_key():
            parent = self._open[-1]
            assert isinstance(parent.parts, dict)  # noqa: S101
            if text in parent.parts:
                first = parent.parts[text].line
                raise self.error(line, f"{text}: given twice, first in line {first}")
            parent.key = (text, line)
        else:
            self._place(Node(value, line))

    def error(self, line: int, problem: str) -> DocumentError:
        return DocumentError(f"{self._label}:{line}: {problem}")

    def _waits_for_key(self) -> bool:
        return isinstance(self._open[-1].parts, dict) and self._open[-1].key is None

    def _place(self, node: Node) -> None:
        if not self._open:
            self.roots.append(node)
            return
        parent = self._open[-1]
        if isinstance(parent.parts, list):
            parent.parts.append(node)
        elif parent.key is not None:
            key, line = parent.key
            parent.parts[key] = Entry(line, node)
            parent.key = None


def _yaml(text: str, label: str) -> Iterator[Node]:
    """The documents of a YAML text: parsed as events, so that nothing is built before it was looked at."""
    build = _Builder(label)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            _take(event, build)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise build.error(line, f"not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{label}: not valid YAML: {' '.join(str(error).split())}") from error
    return iter(build.roots)


def _take(event: yaml.Event, build: _Builder) -> None:
    line = event.start_mark.line + 1 if event.start_mark else 1
    if getattr(event, "anchor", None) is not None:
        raise build.error(line, "anchors and aliases (&, *) are not read: write the value out")
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise build.error(line, f"tags are not read: {tag}; put text in quotes instead")
    if isinstance(event, yaml.ScalarEvent):
        # only a plain scalar can be anything but text
        value = _resolved(event.value) if event.implicit[0] else event.value
        build.scalar(value, event.value, line)
    elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
        build.start(line, mapping=isinstance(event, yaml.MappingStartEvent))
    elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
        build.end()


def _resolved(text: str) -> Scalar:
    """A plain scalar as the YAML 1.2 core schema has it (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if _NULL.fullmatch(text):
        return None
    if text in _FLAG:
        return _FLAG[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


_BLANK = re.compile(r"[ \t\n\r]*")


def _json(text: str, label: str) -> list[Node]:
    """The one document of a JSON text; the standard decoder reads its scalars."""
    build = _Builder(label)
    decoder = json.JSONDecoder(parse_constant=_no_number)
    at, line = 0, 1
    before: str | None = None  # the last token; None = at the start
    closers: list[str] = []
    while True:
        gap = _BLANK.match(text, at)
        assert gap is not None  # noqa: S101
        line += gap[0].count("\n")
        at = gap.end()
        if at == len(text):
            break
        mark = text[at]
        if not _fits(mark, before, closers):
            raise build.error(line, f"not valid JSON: unexpected {mark!r}")
        if mark in "{[":
            build.start(line, mapping=mark == "{")
            closers.append("}" if mark == "{" else "]")
            before = "open" if mark == "[" else "open object"
            at += 1
        elif mark in "}]":
            build.end()
            closers.pop()
            before, at = "value", at + 1
        elif mark in ",:":
            before, at = mark, at + 1
        else:
            try:
                value, end = decoder.raw_decode(text, at)
            except ValueError as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                raise build.error(line, f"not valid JSON: {reason}") from error
            key = closers[-1:] == ["}"] and before != ":"
            build.scalar(value, value if isinstance(value, str) else "", line)
            before, at = "key" if key else "value", end
    if before is not None and (closers or before != "value"):
        raise build.error(line, "not valid JSON: it ends too early")
    return build.roots


def _fits(mark: str, before: str | None, closers: list[str]) -> bool:
    """Whether a token that starts with `mark` may follow; `before` is the kind of the last one."""
    inside = closers[-1] if closers else ""
    if mark == ":":
        return before == "key"
    if mark == ",":
        return before == "value" and bool(inside)
    if mark in "}]":
        return mark == inside and before in ("value", "open", "open object")
    if inside == "}" and before in ("open object", ","):
        return mark == '"'
    return before in (None, "open", ":") or (before == "," and inside == "]")


def _no_number(name: str) -> Scalar:
    raise ValueError(f"{name} is not JSON")
