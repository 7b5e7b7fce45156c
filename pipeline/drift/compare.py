"""Drift: one line per object and path on which what is declared and what is live are held against each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from pipeline.drift.declared import KINDS
from pipeline.drift.facts import (
    Answer,
    Conditions,
    Declared,
    Found,
    Live,
    Pair,
    Place,
    Stated,
    Told,
    Untold,
    Value,
)
from pipeline.drift.live import Snapshot

MISSING, UNEXPECTED, DIFFERENT = "missing", "unexpected", "different"
SAME, NOT_COMPARABLE = "same", "not comparable"
VERDICTS = (MISSING, UNEXPECTED, DIFFERENT, NOT_COMPARABLE, SAME)
DRIFT = (MISSING, UNEXPECTED, DIFFERENT)

NOT_SHOWN = "Immuta does not show it"
NOT_DECLARED = "the file says nothing of it"


@dataclass(frozen=True)
class Line:
    """One verdict about a path of an object, or about the object itself where `path` is empty.

    `hole` = not comparable because an answer is missing from the snapshot.
    """

    kind: str
    key: str
    verdict: str
    path: str = ""
    declared: Value = None
    live: Value = None
    why: str = ""
    hole: bool = False
    label: str = ""
    line: int = 0
    places: tuple[Place, ...] = ()


def drift(con: duckdb.DuckDBPyConnection, declared: Sequence[Declared]) -> list[Line]:
    """Every line, by kind, key and path; kinds that nothing declares are left out."""
    snapshot = Snapshot(con)
    lines: list[Line] = []
    for kind, module in KINDS.items():
        ours = [one for one in declared if one.kind == kind]
        if not ours:
            continue
        pairs, unexpected = module.match(snapshot, ours)
        lines += [_unexpected(kind, live) for live in unexpected]
        for pair in pairs:
            if pair.live is None:
                lines.append(_absent(pair))
            else:
                stated, found = module.sides(snapshot, pair, pair.live)
                lines += _object(pair, pair.live, stated, found)
    order = {kind: at for at, kind in enumerate(KINDS)}
    return sorted(lines, key=lambda line: (order[line.kind], line.key, line.path))


def _unexpected(kind: str, live: Live) -> Line:
    return Line(kind, live.key, UNEXPECTED, live=live.name, why="not declared", places=live.places)


def _absent(pair: Pair) -> Line:
    one = pair.declared
    why = "; ".join(part for part in (pair.why, pair.note) if part)
    return Line(
        one.kind,
        one.key,
        NOT_COMPARABLE if pair.why else MISSING,
        why=why or "Immuta has none",
        hole=bool(pair.why) and pair.hole,
        label=one.label,
        line=one.line,
    )


def _object(pair: Pair, live: Live, stated: Stated, found: Found) -> Iterator[Line]:
    for path, ours in stated.items():
        yield from _path(pair.declared, path, ours, found.get(path, Untold(NOT_SHOWN)))
    for path, answer in found.items():
        if path not in stated and isinstance(answer, Told) and _says_something(answer.value):
            yield _line(pair.declared, path, None, answer, NOT_COMPARABLE, NOT_DECLARED)
    if not stated:
        answer = Told(live.name, live.places)
        yield _line(
            pair.declared, "", live.name, answer, SAME, "it is there; nothing else is declared"
        )


def _path(one: Declared, path: str, ours: Value, answer: Answer) -> Iterator[Line]:
    if isinstance(answer, Untold):
        shown = _shown(ours) if isinstance(ours, Conditions) else ours
        yield Line(
            one.kind, one.key, NOT_COMPARABLE, path, shown, None, answer.why, answer.hole,
            one.label, one.line_of(path),
        )  # fmt: skip
        return
    theirs = answer.value
    if isinstance(ours, Conditions) and isinstance(theirs, Conditions):
        joined = len(ours.items) > 1 and len(theirs.items) > 1
        if joined and ours.operator != theirs.operator:
            whole = Told(_shown(theirs), answer.places, answer.note)
            yield _line(one, path, _shown(ours), whole, DIFFERENT)
            return
        ours, answer = ours.items, Told(theirs.items, answer.places, answer.note)
    same = ours == answer.value
    yield _line(one, path, ours, answer, SAME if same else DIFFERENT)


def _line(one: Declared, path: str, ours: Value, answer: Told, verdict: str, why: str = "") -> Line:
    live = _shown(answer.value) if isinstance(answer.value, Conditions) else answer.value
    return Line(
        one.kind, one.key, verdict, path, ours, live, why or answer.note, False,
        one.label, one.line_of(path), answer.places,
    )  # fmt: skip


def _shown(conditions: Conditions) -> str:
    """Conditions in one line."""
    if not conditions.items:
        return "none"
    word = f"{conditions.operator} of: " if len(conditions.items) > 1 else ""
    return f"{word}{', '.join(conditions.items)}"


def _says_something(value: Value) -> bool:
    return bool(value.items if isinstance(value, Conditions) else value)


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """Objects by verdict, the gravest on any of their paths; one with a hole, or of which nothing can be compared, is not `same`."""
    about: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        about.setdefault((line.kind, line.key), []).append(line)
    worst = [of_object(found) for found in about.values()]
    return {verdict: worst.count(verdict) for verdict in VERDICTS}


def of_object(lines: Sequence[Line]) -> str:
    """The verdict on one object, out of the lines about it."""
    found = {line.verdict for line in lines}
    grave = next((verdict for verdict in DRIFT if verdict in found), None)
    if grave is not None:
        return grave
    # what Immuta never shows takes nothing away from what it shows
    told = SAME in found and not any(line.hole for line in lines)
    return SAME if told else NOT_COMPARABLE
