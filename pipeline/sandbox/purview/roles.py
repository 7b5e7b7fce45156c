"""Who has which role on which collection of Purview."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.sandbox import draws, signin
from pipeline.sandbox.people import Person, group_id, machine_id, of_domain
from pipeline.sandbox.vocabulary import DOMAINS

PREFIX = "purviewmetadatarole_builtin_"
ADMIN, READER, CURATOR, SOURCE_ADMIN, INSIGHTS = (
    PREFIX + name
    for name in (
        "collection-administrator",
        "purview-reader",
        "data-curator",
        "data-source-administrator",
        "insights-reader",
    )
)
RESTRICTED = {"rawhrs": True, "curhrs": True, "rawfin": True, "clm004": False}
"""Collections that take no roles over, and whether administrators of the one above still have theirs."""
GUARDED = "clm004"
"""The collection whose administrators are a small group that people enter on request, and nobody else."""
CHANGES_EVERY = 30


class Role(NamedTuple):
    """One role that can be given on a collection, with what it allows."""

    id: str
    title: str
    actions: tuple[str, ...]


ROLES = (
    Role(CURATOR, "Data Curator", ("data/read", "data/write", "collection/read", "policy/read")),
    Role(SOURCE_ADMIN, "Data Source Administrator",
         ("source/read", "source/write", "scan/read", "scan/write", "collection/read",
          "policy/bind", "policy/read")),
    Role(ADMIN, "Collection Administrator", ("collection/read", "collection/write")),
    Role(READER, "Purview Reader", ("data/read", "collection/read")),
    Role(INSIGHTS, "Insights Reader", ("insights/read",)),
)  # fmt: skip


@dataclass(slots=True)
class Holders:
    """Who has one role on one collection; `excluded` are left out although a group holds them."""

    people: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Policy:
    """The roles given on one collection itself, and what it takes over from the one above.

    `changes` counts how often it was changed.
    """

    collection: str
    parent: str | None
    inherits: bool
    inherits_admins: bool
    holders: dict[str, Holders]
    changes: int


def stranger_id(seed: int, number: int) -> str:
    """Object id that no directory knows: of somebody who was deleted there."""
    return draws.guid(seed, "deleted principal", number)


def policies(
    seed: int, day: int, people: Sequence[Person], tree: Sequence[tuple[str, str | None]]
) -> Iterator[Policy]:
    """The policy of every collection of `tree` (name and parent), in its order."""
    for at, (name, parent) in enumerate(tree):
        holders = _root(seed, people) if parent is None else _below(seed, day, people, name)
        yield Policy(
            name,
            parent,
            inherits=parent is not None and name not in RESTRICTED,
            inherits_admins=parent is not None and RESTRICTED.get(name, True),
            holders=holders,
            changes=1 + at % 4 + (day + at) // CHANGES_EVERY,
        )


def _root(seed: int, people: Sequence[Person]) -> dict[str, Holders]:
    """Roles on the root: the collector has every one of them."""
    us = signin.OBJECT_ID
    office = group_id(seed, "data-office")
    return {
        ADMIN: Holders([people[0].object_id, people[1].object_id, us]),
        READER: Holders([us], [group_id(seed, "all-staff")]),
        CURATOR: Holders([machine_id(seed, "catalog-sync"), us], [office]),
        SOURCE_ADMIN: Holders([us, machine_id(seed, "scanner"), stranger_id(seed, 0)]),
        INSIGHTS: Holders([us], [office]),
    }


def _below(seed: int, day: int, people: Sequence[Person], name: str) -> dict[str, Holders]:
    """Roles on a collection below the root: many on those of a business domain, few further down."""
    at = next(
        i for i, d in enumerate(DOMAINS) if name.endswith(d.collection[:3]) or name == d.collection
    )
    team = [person.object_id for person in of_domain(people, at)]
    found = {ADMIN: Holders([team[0]])}
    if name == GUARDED:
        found[ADMIN] = Holders([], [group_id(seed, "claims-administrators")])
    if name == DOMAINS[at].collection:
        found[CURATOR] = Holders(team[1:3], [group_id(seed, DOMAINS[at].key)] if at % 2 else [])
        found[SOURCE_ADMIN] = Holders(team[2:3], [group_id(seed, "platform-operations")])
        if at == 3:  # a collection that takes nothing over needs readers of its own
            found[READER] = Holders([], [group_id(seed, DOMAINS[at].key)])
        if at == 5:
            found[SOURCE_ADMIN].people.append(machine_id(seed, "retired-loader"))
        if at == 7:
            found[READER] = Holders([], [group_id(seed, "all-staff")], excluded=team[4:6])
    elif name in RESTRICTED:
        found[READER] = Holders(team[3:6])
        found[CURATOR] = Holders([team[1], stranger_id(seed, at)])
    elif draws.switched(seed, day, 0.5, CHANGES_EVERY, at * 7, "helper", name):
        found[CURATOR] = Holders([draws.pick(team, seed, "helper", name)])
    else:
        # what is left of a role when its last holder is taken out
        found[CURATOR] = Holders()
    return found
