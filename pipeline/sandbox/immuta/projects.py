"""Purposes and projects: what data may be used for, who works with what together, and who agreed to that."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.immuta.clauses import all_of, attribute, group
from pipeline.sandbox.immuta.sources import GENERATIONS, DataSource
from pipeline.sandbox.people import Person, machines, of_domain
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
SINCE = "2024-11-05T09:00:00.000Z"
FIRST_ID = 2000
TEXT_CHANGED_DAYS = 20
"""How long ago the text of a purpose changed that most members had agreed to before."""


class Purpose(NamedTuple):
    """One purpose; the name of one below another starts with that one's."""

    id: int
    name: str
    description: str | None
    text: str | None
    deleted: bool = False
    system: bool = False


PURPOSES = (
    Purpose(1, "Research", "Studies on our own data, published as figures about many people only", "I use the data for research only."),
    Purpose(2, "Research.Clinical Trials", None, "I use the data for the named trial only."),
    Purpose(3, "Fraud Detection", "Finding fraud in payments and claims before money is paid out", "I use the data to find fraud, since 2026 also in claims."),
    Purpose(4, "Fraud Detection.Card Payments", None, None),
    Purpose(5, "Marketing", "Campaigns", "I send nothing to who objected. <b>Never.</b>"),
    Purpose(6, "Marketing.Newsletter", None, None),
    Purpose(7, "Regulatory Reporting", "What the authority asks for", "I publish no single person."),
    Purpose(8, "Migration 2023", "Is over", "I move the data.", deleted=True),
    Purpose(9, "Re-identification Prohibited", None, "I single out nobody.", system=True),
)  # fmt: skip
_USED = [one for one in PURPOSES if not one.deleted and not one.system]
CHANGED, OVER = PURPOSES[2], PURPOSES[7]
WAYS_IN = ("approval", "manual", "policy", "automatic")


class Member(NamedTuple):
    """One member: whose profile, as what, and whether the agreement is there (None = not said)."""

    profile_id: int
    person: Person | None
    state: str
    acknowledged: bool | None


@dataclass(frozen=True, slots=True)
class Project:
    """One project on one day."""

    index: int
    domain: int
    schema: bool
    closed: bool
    deleted: bool
    purposes: tuple[Purpose, ...]
    staged: tuple[Purpose, ...]
    sources: tuple[DataSource, ...]
    members: tuple[Member, ...]

    @property
    def id(self) -> int:
        """Number in Govern."""
        return FIRST_ID + self.index

    @property
    def name(self) -> str:
        """Display name, unique in the tenant."""
        domain = DOMAINS[self.domain]
        if self.schema:
            return f"dw_raw.{domain.key} {self.index}"
        return f"{domain.title} {('Study', 'Lab', 'Report', 'Audit')[self.index % 4]} {self.index}"


def count(assets: int) -> int:
    """How many projects an estate of that many assets has."""
    return max(12, min(assets // 60, 150))


def projects(
    seed: int, assets: int, day: int, people: Sequence[Person], sources: Sequence[DataSource]
) -> list[Project]:
    """Every project."""
    return [_project(seed, assets, day, index, people, sources) for index in range(count(assets))]


def _project(
    seed: int,
    assets: int,
    day: int,
    index: int,
    people: Sequence[Person],
    sources: Sequence[DataSource],
) -> Project:
    domain, schema = index % len(DOMAINS), index % 5 == 4
    purposes: list[Purpose] = (
        [] if schema else draws.sample(_USED, 1 + index % 2, seed, "for", index)
    )
    staged = [one for one in _USED if one not in purposes][:1] if index % 6 == 3 else []
    if index % 9 == 2:
        purposes.append(OVER)
    elif index % 7 == 1 and not schema and CHANGED not in purposes:
        purposes.append(CHANGED)
    return Project(
        index=index,
        domain=domain,
        schema=schema,
        closed=draws.switched(seed, day, 0.2, 90, index * 7 % 90, "closed project", index),
        deleted=index % 11 == 8,
        purposes=tuple(purposes),
        staged=tuple(staged),
        sources=tuple(_sources(seed, assets, index, domain, schema, sources)),
        members=tuple(_members(seed, day, index, domain, people)),
    )


def _sources(
    seed: int, assets: int, index: int, domain: int, schema: bool, sources: Sequence[DataSource]
) -> list[DataSource]:
    """Some data sources, disabled ones among them; those of a schema are of one domain."""
    found: dict[int, DataSource] = {}
    for turn in range(24):
        # the next one after a number: what comes and goes elsewhere changes nothing here
        number = GENERATIONS * draws.number(assets, seed, "project source", index, turn)
        at = bisect_left(sources, number, key=lambda source: source.id)
        if at < len(sources) and (not schema or sources[at].dataset.domain == domain):
            found[sources[at].id] = sources[at]
    return sorted(found.values(), key=lambda source: source.id)[: 12 if schema else 1 + index % 5]


def _members(
    seed: int, day: int, index: int, domain: int, people: Sequence[Person]
) -> list[Member]:
    """The owner, members, one who waits, and in some one who is nobody that Immuta still knows."""
    team = [person for person in of_domain(people, domain) if person.in_immuta]
    others = [person for person in people if person.in_immuta and person.domain != domain]
    owner, *mates = draws.sample(team, 3 + index % 3, seed, "team", index)
    guests = draws.sample(others, index % 4, seed, "guests", index)

    def agreed(person: Person) -> bool | None:
        if person.index % 13 == 6:
            return None
        lacks = draws.switched(
            seed, day, 0.15, 60, index % 60, "agreement", index, person.profile_id
        )
        return not lacks

    found = [Member(owner.profile_id, owner, "owner", True)]
    found += [Member(one.profile_id, one, "subscribed", agreed(one)) for one in (*mates, *guests)]
    if index % 3 == 0 and guests:
        found[-1] = Member(guests[-1].profile_id, guests[-1], "pending", None)
    if index % 10 == 7:
        found.append(Member(90_000 + index, None, "subscribed", None))
    if index % 6 == 2:  # a job that works for the project
        machine = machines(seed)[index // 6 % 2]
        found.append(Member(machine.profile_id, machine, "subscribed", True))
    return found


def purpose_row(one: Purpose, day: int) -> Json:
    """A purpose as Govern answers it."""
    changed = clock.iso_millis(clock.moment(day - TEXT_CHANGED_DAYS, 0.4))
    return {
        "acknowledgement": one.text,
        "addedByProfile": 103,
        "createdAt": SINCE,
        "deleted": one.deleted,
        "description": one.description,
        "displayAcknowledgement": one.text is not None,
        "id": one.id,
        "name": one.name,
        "systemGenerated": one.system,
        "updatedAt": changed if one is CHANGED else SINCE,
    }


def project_row(one: Project, day: int) -> Json:
    """A project as Govern answers it; `dataSourceIds` is for the sandbox itself."""
    subscription = WAYS_IN[one.index % 4]
    owner = one.members[0].profile_id
    title = DOMAINS[one.domain].title
    who = all_of(group(f"Dept {title}"), attribute("department", title))
    return {
        "allowMaskedJoins": one.index % 6 == 1,
        "createdAt": SINCE,
        "createdBy": owner,
        "dataSourceIds": [source.id for source in one.sources],
        "deleted": one.deleted,
        "description": None if one.index % 3 else f"Work of {title}",
        "documentation": "",
        "equalization": {"enabled": True} if one.index % 4 == 1 and not one.schema else None,
        "id": one.id,
        "name": one.name,
        "projectKey": one.name.lower().replace(" ", "-"),
        "purposes": [purpose_row(each, day) for each in one.purposes],
        "stagedPurposes": [purpose_row(each, day) for each in one.staged],
        "status": "closed" if one.closed else "open",
        "subscriptionPolicy": {
            "approvals": [{"requiredPermission": "OWNER", "specificApproverRequired": False}]
            if subscription == "approval"
            else None,
            "exceptions": who if subscription == "policy" else None,
            "subscriptionType": subscription,
            "type": "subscription",
        },
        "subscriptionType": subscription,
        "tags": [{"deleted": False, "name": title, "source": "curated"}],
        "type": "schema" if one.schema else "user",
        "updatedAt": SINCE,
        "updatedBy": owner,
        "workspace": {"id": one.index, "type": "Snowflake"} if one.index % 8 == 5 else None,
    }
