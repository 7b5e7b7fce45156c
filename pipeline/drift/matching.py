"""Which live object a declared one is: by its key, as the V2 API finds what it updates."""

from collections.abc import Callable, Iterable

from pipeline.drift.facts import Declared, Live, Pair
from pipeline.drift.live import Row, Table


def by_key(
    table: Table,
    declared: Iterable[Declared],
    *,
    key: Callable[[Row], str],
    aside: Callable[[Row], str],
) -> tuple[list[Pair], list[Live]]:
    """Pairs by key, and what is live and not declared.

    `aside` says why a row is no live object of its own ('' = it is one): deleted, or made by Immuta.
    """
    found: dict[str, Live] = {}
    for row in table.rows:
        live = Live(key(row), row["name"] or "", (row,), (table.place(row),), aside(row))
        other = found.get(live.key)
        # of two with one key the one that is in force counts
        if other is None or (other.aside and not live.aside):
            found[live.key] = live
    hidden = table.hidden({str(row["id"]) for row in table.rows})
    pairs = [_pair(one, found, hidden) for one in declared]
    taken = {pair.declared.key for pair in pairs}
    return pairs, [live for name, live in found.items() if name not in taken and not live.aside]


def _pair(declared: Declared, found: dict[str, Live], hidden: str) -> Pair:
    live = found.get(declared.key)
    if live is not None and live.aside != "deleted":
        return Pair(declared, live)
    if live is not None:
        return Pair(declared, None, note="the live one is deleted")
    name = declared.payload.get("name")
    other = next((one for one in found.values() if one.name == name and not one.aside), None)
    note = f"a live one of that name has the key {other.key!r}" if other and name else ""
    return Pair(declared, None, why=hidden, note=note)
