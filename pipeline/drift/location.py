"""Which data sources a declared collection is: those whose remote tables lie where its connection points."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pipeline.drift.facts import Declared, Live, Pair
from pipeline.drift.live import Row, Table


class Location(NamedTuple):
    """Where tables lie, in lower case."""

    host: str
    database: str
    schema: str


def by_location(table: Table, declared: Iterable[Declared]) -> tuple[list[Pair], list[Live]]:
    """Pairs by the place that a connection points at, and the places with data sources that nobody declares."""
    live, off = _placed(table, deleted=False), _placed(table, deleted=True)
    hidden = unseen(table)
    pairs: list[Pair] = []
    taken: set[Location] = set()
    for one in declared:
        if not one.payload["connection"].get("hostname"):
            # Google BigQuery has none: what is registered there cannot be told apart
            why_not = "without a hostname its data sources cannot be told from others"
            pairs.append(Pair(one, None, why_not, hole=False))
            continue
        covered = [location for location in live if _covers(one.payload, location)]
        taken.update(covered)
        if covered:
            rows = tuple(row for location in covered for row in live[location])
            found = Live(one.key, one.key, rows, tuple(map(table.place, rows)))
            pairs.append(Pair(one, found))
            continue
        gone = sum(len(rows) for location, rows in off.items() if _covers(one.payload, location))
        note = f"{gone} data sources there are disabled" if gone else ""
        pairs.append(Pair(one, None, hidden, note))
    return pairs, [
        Live(
            "/".join(location),
            f"{len(rows)} data sources, e.g. {rows[0]['name']}",
            tuple(rows),
            tuple(map(table.place, rows)),
        )
        for location, rows in sorted(live.items())
        if location not in taken
    ]


def unseen(table: Table) -> str:
    """Why there may be data sources anywhere that are not seen: '' if all are."""
    hidden = table.hidden({str(row["id"]) for row in table.rows})
    unplaced = [row for row in table.rows if not row["host"] and not row["deleted"]]
    if hidden or not unplaced:
        return hidden
    some = f"{len(unplaced)} data sources the remote table is not known, e.g. {unplaced[0]['name']}"
    return f"of {some}"


def _placed(table: Table, *, deleted: bool) -> dict[Location, list[Row]]:
    """The data sources whose remote table is known, by host, database and schema without regard to case."""
    found: dict[Location, list[Row]] = defaultdict(list)
    for row in table.rows:
        if row["host"] and row["deleted"] == deleted:
            words = (row["host"], row["database_name"], row["schema_name"])
            found[Location(*(str(word or "").lower() for word in words))].append(row)
    return found


def _covers(payload: Mapping[str, Any], location: Location) -> bool:
    """Whether the connection of a payload points at a place."""
    connection = payload["connection"]
    wanted = (connection.get("hostname"), connection.get("database"), connection.get("schema"))
    return all(
        want is None or want.lower() == have for want, have in zip(wanted, location, strict=True)
    )
