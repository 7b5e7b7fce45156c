"""The people of the company, with their ids in both systems; the mail address is the bridge."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sandbox import draws
from pipeline.sandbox.vocabulary import DOMAINS, FIRST_NAMES, LAST_NAMES, MAIL_DOMAIN

MACHINES = ("scanner", "catalog-sync", "retired-loader")


@dataclass(frozen=True, slots=True)
class Person:
    """One employee: Entra object id, Immuta profile id and global user id, and present state."""

    index: int
    object_id: str
    profile_id: int
    global_id: str
    name: str
    mail: str
    domain: int
    in_immuta: bool
    disabled: bool
    permissions: tuple[str, ...]

    @property
    def is_machine(self) -> bool:
        """Whether it is no human being but a service principal, which signs in with its object id."""
        return self.mail == self.object_id

    @property
    def email(self) -> str | None:
        """Mail address; machines have none."""
        return None if self.is_machine else self.mail


def population(assets: int) -> int:
    """How many people an estate of that many assets employs."""
    return 60 + min(assets // 40, 340)


def staff(seed: int, assets: int, day: int) -> list[Person]:
    """Everybody, in the order of their index; who has left by `day` is disabled."""
    return [_person(seed, index, day) for index in range(population(assets))]


def _person(seed: int, index: int, day: int) -> Person:
    first = FIRST_NAMES[index % len(FIRST_NAMES)]
    last = LAST_NAMES[(index // 3) % len(LAST_NAMES)]
    name = f"{first} {last}"
    mail = f"{first}.{last}.{index}@{MAIL_DOMAIN}".lower()
    if index == 31:
        name = "Roberta <b>Bobby</b> O'Tables"
    steward = index < 2 * len(DOMAINS)
    permissions = ["CREATE_PROJECT"] if index % 3 else ["CREATE_DATA_SOURCE", "CREATE_PROJECT"]
    if index % 16 == 3:
        permissions.append("GOVERNANCE")
    if index % 48 == 19:  # and whoever writes the rules can give themselves what they ask for
        permissions.append("USER_ADMIN")
    if index % 29 == 8:
        permissions.append("AUDIT")
    return Person(
        index=index,
        object_id=draws.guid(seed, "entra", index),
        profile_id=100 + index,
        global_id=draws.guid(seed, "global user", index),
        name=name,
        mail=mail,
        domain=index % len(DOMAINS),
        in_immuta=steward or index % 17 != 5,
        disabled=draws.switched(seed, day, 0.09, 150, index * 11 % 150, "leaver", index),
        permissions=tuple(permissions),
    )


def group_id(seed: int, name: str) -> str:
    """Entra object id of a group, e.g. of `data-office` or of everybody in a business domain."""
    return draws.guid(seed, "entra group", name)


def machine_id(seed: int, name: str) -> str:
    """Entra object id of a service principal."""
    return draws.guid(seed, "entra application", name)


def machines(seed: int) -> list[Person]:
    """Service principals with an account in Immuta: scanner, synchroniser, and one that is retired."""
    return [_machine(seed, at, name) for at, name in enumerate(MACHINES)]


def _machine(seed: int, at: int, name: str) -> Person:
    number = machine_id(seed, name)
    return Person(
        index=-1 - at,
        object_id=number,
        profile_id=50 + at,
        global_id=draws.guid(seed, "global user", name),
        name=name,
        mail=number,
        domain=0,
        in_immuta=True,
        disabled=False,
        permissions=(),
    )


def owners_group(seed: int, domain: int) -> str:
    """Group of the data owners of a business domain."""
    return group_id(seed, f"{DOMAINS[domain].key}-owners")


def project_group(seed: int, domain: int) -> str:
    """Group of a project that is over: nobody in it can sign in."""
    return group_id(seed, f"{DOMAINS[domain].key}-migration")


def of_domain(people: Sequence[Person], domain: int) -> list[Person]:
    """The people of one business domain."""
    return list(people[domain :: len(DOMAINS)])
