"""What lets people into data sources, and whether it still does: policies, groups, projects, requests, owners."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import groups, source_access
from pipeline.sandbox.immuta.policies import POLICIES, local_subscription
from pipeline.sandbox.immuta.requests import Asked
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import DOMAINS

BY_DEPARTMENT = POLICIES[1]
CLEARED = ("restricted", "internal")
"""What people with a clearance are cleared for."""

Standing = Literal["held", "unknown", "left", "none"]


def holds(asked: Asked, as_of: datetime) -> bool:
    """Whether access that was asked for is approved, and not at its end."""
    return asked.status == "APPROVED" and (asked.expires_at is None or asked.expires_at > as_of)


def standing(estate: Estate, source: DataSource, person: Person, as_of: datetime) -> Standing:
    """Whether something lets a person into a data source, nobody knows, the person is merely left on its list, or is not."""
    if source.deleted:
        return "none"
    mine = _groups_by_profile(estate)[person.profile_id]
    if any(name in mine for name in _groups_let_in(source)):
        return "held"
    rows = [one for one in source.access(estate.people) if one.person == person]
    if not any(one.state != "pending" for one in rows):
        return "none"
    if any(one.state not in ("pending", "subscribed") for one in rows):
        return "held"
    found = [*_policies(source, person, mine), *_others(estate, source, person, as_of)]
    if any(found):
        return "held"
    return "unknown" if None in found else "left"


@lru_cache(maxsize=2)
def _groups_by_profile(estate: Estate) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for group in groups.groups(estate):
        for person in group.people:
            found[person.profile_id].add(group.name)
    return found


def _said(source: DataSource) -> Iterator[dict[str, Any]]:
    """The policies in force on a data source that name whom they let in."""
    if source.has_global_policy:
        yield {"exceptions": BY_DEPARTMENT.clause}
    if source.has_local_policy and not source.lets_anyone_in:
        yield local_subscription(source.dataset.domain)


def _groups_let_in(source: DataSource) -> Iterator[str]:
    """Groups that have access as such: one that is listed, and those of which a policy asks nothing else."""
    if source.has_group_access:
        yield source_access.group_of(source).name
    for policy in _said(source):
        clause = policy["exceptions"]
        if clause and (clause["operator"] == "or" or len(clause["conditions"]) == 1):
            yield from (one["group"]["name"] for one in clause["conditions"] if "group" in one)


def _policies(source: DataSource, person: Person, mine: set[str]) -> Iterator[bool | None]:
    """Whether each policy lets a person in; None where that hangs on a purpose."""
    for policy in _said(source):
        clause = policy["exceptions"]
        if clause is None:  # in words: the group of the department, or its attribute
            yield person.domain == source.dataset.domain
            continue
        met = [_is_met(one, person, mine) for one in clause["conditions"]]
        least, most = (False, True) if clause["operator"] == "and" else (True, False)
        yield least if least in met else None if None in met else most


def _is_met(condition: dict[str, Any], person: Person, mine: set[str]) -> bool | None:
    if condition["type"] == "groups":
        return condition["group"]["name"] in mine
    if condition["type"] != "authorizations":
        return None
    wanted = condition["authorization"]
    if wanted["auth"] == "department":
        return bool(wanted["value"] == DOMAINS[person.domain].title)
    return person.index % 9 == 1 and wanted["value"] in CLEARED


def _others(estate: Estate, source: DataSource, person: Person, as_of: datetime) -> Iterator[bool]:
    """Whether anything but a policy that names people lets a person in who is subscribed."""
    yield source.lets_anyone_in or not source.has_global_policy  # then owners pick people by hand
    yield any(
        source in project.sources and not project.deleted
        and any(one.person == person and one.state != "pending" for one in project.members)
        for project in estate.projects
    )  # fmt: skip
    yield any(
        holds(one, as_of) and one.type == "DATA_ACCESS" and one.beneficiary == person
        and source in one.product.sources
        for one in estate.request_by_id.values()
    )  # fmt: skip
    yield any(
        holds(one, as_of) and one.beneficiary == person and one.source == source
        for one in estate.table_requests
    )
