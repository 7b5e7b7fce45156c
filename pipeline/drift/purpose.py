"""Purposes: the payload of `POST /api/v2/purpose` and the answer of `GET /governance/purpose`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.drift.document import Node
from pipeline.drift.facts import Declared, Found, Live, Pair, Part, Stated, given, nothing
from pipeline.drift.live import Row, Snapshot
from pipeline.drift.matching import by_key
from pipeline.drift.shape import At, Keys, many, text

KEY = "name"
FOLDERS = ("purpose", "purposes")


def _nested(node: Node, at: At, lines: dict[str, int]) -> Mapping[str, Any] | None:
    return _KEYS(node, at, lines)


_KEYS = Keys(
    {"name": text, "description": text, "acknowledgement": text, "subpurposes": many(_nested)},
    required=("name",),
)


def shape(node: Node, at: At, lines: dict[str, int]) -> Mapping[str, Any]:
    """The payload of a purpose and of those below it.

    Raises:
        PayloadError: it is none.
    """
    return _KEYS(node, at, lines) or {}


def spread(payload: Mapping[str, Any]) -> list[Part]:
    """The purpose and all below it by full name: those are named `Parent.Child`, whether or not the file says so."""
    return list(_spread(payload, "", ""))


def _spread(payload: Mapping[str, Any], parent: str, path: str) -> Iterator[Part]:
    name = payload["name"]
    if parent and not name.startswith(f"{parent}."):
        name = f"{parent}.{name}"
    yield Part(name, payload, path)
    for at, child in enumerate(payload.get("subpurposes") or ()):
        yield from _spread(child, name, f"{path}subpurposes[{at}].")


def match(snapshot: Snapshot, declared: Iterable[Declared]) -> tuple[list[Pair], list[Live]]:
    """Every declared purpose with the live one of its name, and the live ones that nobody declares."""
    return by_key(snapshot.table("immuta_purpose"), declared, key=_full_name, aside=_aside)


def _full_name(row: Row) -> str:
    name, parent = str(row["name"]), row.get("parent_name")
    return name if not parent or name.startswith(f"{parent}.") else f"{parent}.{name}"


def _aside(row: Row) -> str:
    return "deleted" if row["deleted"] else "made by Immuta" if row["system_generated"] else ""


def sides(snapshot: Snapshot, pair: Pair, live: Live) -> tuple[Stated, Found]:
    """What file and answer say of one purpose, by path."""
    table, row = snapshot.table("immuta_purpose"), live.rows[0]
    found: Found = {
        key: table.told(row, key, nothing(row.get(key)))
        for key in ("description", "acknowledgement")
    }
    return given(pair.declared.payload, "description", "acknowledgement"), found
