"""Who owns the data sources of a collection: as its payload says, and as Govern lists people with access."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.drift.facts import Answer, Found, Live, Stated, Told, Untold, unique
from pipeline.drift.live import Row, Snapshot, Table
from pipeline.drift.shape import Keys, many, one_of, text

FEW = 3
"""How many data sources a note names."""

OWNERS = many(
    Keys({"type": one_of("user", "group"), "name": text, "iam": text}, required=("type", "name")),
    or_one=True,
)
"""`owners` of a payload."""


def add(
    snapshot: Snapshot,
    declared: Sequence[Mapping[str, Any]],
    live: Live,
    stated: Stated,
    found: Found,
) -> None:
    """Adds who owns the data sources: people by name; groups are listed as the people in them."""
    groups = unique(one["name"] for one in declared if one["type"] == "group")
    if groups:
        stated["owners.groups"] = groups
        found["owners.groups"] = _owning_groups(snapshot, live)
    users = {one["name"]: one.get("iam") for one in declared if one["type"] == "user"}
    stated["owners.users"] = unique(users)
    table = snapshot.table("immuta_membership")
    sources = {row["id"] for row in live.rows}
    unread = [row for row in live.rows if str(row["id"]) in table.gaps]
    if table.cut or unread:
        why = table.cut or f"who owns {some(unread)} could not be read"
        found["owners.users"] = Untold(why, hole=True)
        return
    owners = _owning(table, sources)
    owned: dict[str, set[int]] = defaultdict(set)
    for row in owners:
        owned[_owner(row, users)].add(row["source_id"])
    everywhere = unique(name for name, on in owned.items() if on == sources)
    others = [name for name in owned if name not in users]
    if others and groups and set(users) <= set(everywhere):
        found["owners.users"] = Untold("the other owners may be in the declared groups")
        return
    partly = [
        f"{name} on {len(on)} of {len(sources)}" for name, on in owned.items() if on != sources
    ]
    places = tuple(table.place(row) for row in owners) or live.places
    note = "whoever posts the payload is an owner too" if len(others) == 1 else ""
    found["owners.users"] = Told(unique((*everywhere, *partly)), places, note)


def _owning_groups(snapshot: Snapshot, live: Live) -> Answer:
    """The groups that own every data source; most tenants list their members instead, then nothing tells."""
    table = snapshot.table("immuta_group_access")
    sources = {row["id"] for row in live.rows}
    owners = _owning(table, sources)
    if not owners or table.cut:
        return Untold("owners are listed as people, not as groups")
    owned: dict[str, set[int]] = defaultdict(set)
    for row in owners:
        owned[str(row["name"])].add(row["source_id"])
    everywhere = unique(name for name, on in owned.items() if on == sources)
    return Told(everywhere, tuple(table.place(row) for row in owners))


def _owning(table: Table, sources: Iterable[int]) -> list[Row]:
    return [
        row
        for source in sorted(sources)
        for row in table.of("source_id", source)
        if row["state"] == "owner"
    ]


def _owner(row: Row, users: Mapping[str, str | None]) -> str:
    """The name under which an owner is declared, else the one in the identity provider."""
    for name in (row["user_id"], row["name"]):
        if name in users:
            wanted, iam = users[name], row["iam_id"]
            return str(name) if iam is None or wanted in (None, iam) else f"{name} of {iam}"
    return str(row["user_id"] or row["name"])


def some(rows: Sequence[Row]) -> str:
    """How many data sources, and the names of a few."""
    names = ", ".join(str(row["name"]) for row in rows[:FEW])
    return f"{len(rows)} ({names}{', ...' if len(rows) > FEW else ''})"
