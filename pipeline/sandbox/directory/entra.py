"""The company's Entra directory: accounts of people, groups with their members, service principals.

It does not agree with what the two products know: accounts are closed before Immuta hears of it, deleted
while contacts still name them, and renamed while Immuta keeps the old name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.sandbox import draws, signin
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import (
    MACHINES,
    Person,
    group_id,
    machine_id,
    of_domain,
    owners_group,
    project_group,
)
from pipeline.sandbox.purview import roles
from pipeline.sandbox.vocabulary import DOMAINS, MAIL_DOMAIN


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a person who still has one."""

    person: Person
    enabled: bool
    name: str
    is_guest: bool
    manager: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group; `members` are object ids of accounts, groups and services it holds directly."""

    id: str
    title: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service principal and the people who answer for it."""

    id: str
    title: str
    enabled: bool
    owners: tuple[str, ...]


class Directory:
    """Everything in the directory on one day, by object id."""

    def __init__(self, seed: int, day: int, people: Sequence[Person]) -> None:
        self.accounts = {
            person.object_id: _account(seed, day, person, people)
            for person in people
            if not _is_deleted(person)
        }
        self.groups = {group.id: group for group in _groups(seed, people)}
        administrators = self._administrators(seed, people)
        self.groups[administrators.id] = administrators
        self.services = {service.id: service for service in _services(seed, people)}
        self.by_name = {account.name.lower(): account for account in self.accounts.values()}

    def _administrators(self, seed: int, people: Sequence[Person]) -> Group:
        """The group that administers one collection; whoever leaves is taken out the same day."""
        at = next(at for at, one in enumerate(DOMAINS) if one.collection == roles.GUARDED)
        here = [
            person.object_id
            for person in of_domain(people, at)
            if person.object_id in self.accounts and self.accounts[person.object_id].enabled
        ]
        return Group(
            group_id(seed, "claims-administrators"), "Claims Administrators", tuple(here[:2])
        )

    def members(self, group: str) -> list[str]:
        """Ids of everything in a group, groups inside it and their members included; deleted accounts are not."""
        found: dict[str, None] = {}
        waiting = [group]
        while waiting:
            for member in self.groups[waiting.pop(0)].members:
                known = member in self.accounts or member in self.services or member in self.groups
                if known and member not in found and member != group:
                    found[member] = None
                    waiting += [member] if member in self.groups else []
        return list(found)

    def has_active_member(self, group: str) -> bool:
        """Whether somebody in the group may still sign in."""
        return any(
            self.accounts[member].enabled
            for member in self.members(group)
            if member in self.accounts
        )


@lru_cache(maxsize=2)
def of(estate: Estate) -> Directory:
    """The directory on the day of `estate`."""
    return Directory(estate.seed, estate.day, estate.people)


def _is_deleted(person: Person) -> bool:
    """Whether the account of a leaver was removed, not only closed."""
    return person.disabled and person.index % 5 < 2


def _account(seed: int, day: int, person: Person, people: Sequence[Person]) -> Account:
    closed = draws.switched(
        seed, day, 0.05, 120, person.index * 7 % 120, "account closed", person.index
    )
    name, is_guest = person.mail, person.index % 23 == 7
    if is_guest:
        name = f"{person.mail.replace('@', '_')}#EXT#@{MAIL_DOMAIN}"
    elif person.index % 19 == 11:  # married, moved or misspelt: the old name is nobody's
        name = f"renamed.{person.index}@{MAIL_DOMAIN}"
    team = of_domain(people, person.domain)
    above = people[0] if person is team[0] else team[0]
    has_manager = above is not person and not _is_deleted(above)
    return Account(
        person=person,
        enabled=not person.disabled and not closed,
        name=name,
        is_guest=is_guest,
        manager=above.object_id if has_manager else None,
    )


def _groups(seed: int, people: Sequence[Person]) -> Iterator[Group]:
    """Groups of each domain, groups of the whole company, and what is left of old projects."""
    for at, domain in enumerate(DOMAINS):
        team = [person.object_id for person in of_domain(people, at)]
        yield Group(group_id(seed, domain.key), domain.title, tuple(team))
        # its members are in a group inside it, beside a service
        inner = group_id(seed, f"{domain.key}-stewards")
        machine = machine_id(seed, "catalog-sync")
        yield Group(owners_group(seed, at), f"{domain.title} Data Owners", (inner, machine))
        yield Group(inner, f"{domain.title} Stewards", tuple(team[:4]))
        left = tuple(p.object_id for p in of_domain(people, at) if p.disabled)
        yield Group(
            project_group(seed, at), f"{domain.title} Migration 2024", left if at % 2 else ()
        )
    domains = tuple(group_id(seed, domain.key) for domain in DOMAINS)
    yield Group(group_id(seed, "all-staff"), "All Staff", domains)
    for name, step in (("data-office", 9), ("platform-operations", 13)):
        some = tuple(person.object_id for person in people[::step])
        yield Group(group_id(seed, name), name.replace("-", " ").title(), some)


def _services(seed: int, people: Sequence[Person]) -> Iterator[Service]:
    for at, name in enumerate(MACHINES):
        owners = (people[at].object_id,) if at else ()
        yield Service(machine_id(seed, name), name, name != "retired-loader", owners)
    yield Service(signin.OBJECT_ID, "audit-collector", True, (people[0].object_id,))
