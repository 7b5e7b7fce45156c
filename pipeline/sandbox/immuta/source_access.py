"""Who has access to a data source of Immuta Govern: people, groups as such, and who waits for it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.groups import KINDS
from pipeline.sandbox.immuta.sources import Access, DataSource
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
ROWS = 20
"""Numbers that each data source has for its subscriptions."""


class Listed(NamedTuple):
    """A group in the access list of a data source."""

    id: int
    name: str


EVERYONE = Listed(1, "Everyone")


def access(source: DataSource, found: Sequence[Access]) -> list[Json]:
    """Rows of the access list; a group that has access as such comes last."""
    rows = [_person(source, at, row) for at, row in enumerate(found)]
    if source.has_group_access:
        rows.append(_group(source))
    return rows


def _person(source: DataSource, at: int, row: Access) -> Json:
    person = row.person
    gone = f"profile {row.profile_id}"
    ends = {} if row.expires_at is None else {"expiration": clock.iso_millis(row.expires_at)}
    return ends | {
        "admin": False,
        "approvals": _approvals(source) if row.state == "pending" else [],
        "approved": row.state != "pending",
        "createdAt": clock.iso_millis(source.created_at),
        "email": person.email if person else None,
        "iamid": "okta",
        "name": person.name if person else gone,
        "profile": row.profile_id,
        "state": row.state,
        "subscriptionContext": None,
        "subscriptionId": source.id * ROWS + at,
        "systemGenerated": False,
        "updatedAt": clock.iso_millis(source.created_at),
        "userid": person.mail if person else gone,
    }


def group_of(source: DataSource) -> Listed:
    """The group that has access to a data source as such: its department's readers, now and then everybody."""
    domain = source.dataset.domain
    if draws.share(source.dataset.seed, "everyone reads", source.id) < 0.03:
        return EVERYONE
    return Listed((domain + 1) * KINDS + 1, f"{DOMAINS[domain].key}-readers")


def _group(source: DataSource) -> Json:
    number, name = group_of(source)
    return {
        "admin": False,
        "approvals": [],
        "approved": True,
        "createdAt": clock.iso_millis(source.created_at),
        "email": None,
        "group": {"iamid": "okta", "id": number, "name": name},
        "iamid": "okta",
        "name": name,
        "profile": None,
        "state": "subscribed",
        "subscriptionId": source.id * ROWS + ROWS - 1,
        "systemGenerated": False,
        "updatedAt": clock.iso_millis(source.created_at),
        "userid": None,
    }


def pending(estate: Estate) -> Iterator[Json]:
    """Subscriptions that wait for somebody's approval, by data source; disabled ones take none."""
    for source in estate.data_sources:
        if source.has_pending and not source.deleted:
            for at, row in enumerate(source.access(estate.people)):
                if row.state == "pending" and row.person is not None:
                    yield _pending(source, at, row.person)


def _approvals(source: DataSource) -> list[Json]:
    """What has to be approved, by whom."""
    needed = ["OWNER", "GOVERNANCE"] if source.dataset.bits[24] % 3 == 0 else ["OWNER"]
    return [
        {
            "approver": None,
            "approverId": None,
            "ownerModelId": source.id if permission == "OWNER" else None,
            "ownerModelName": source.name if permission == "OWNER" else None,
            "requiredPermission": permission,
            "state": "pending",
        }
        for permission in needed
    ]


def _pending(source: DataSource, at: int, person: Person) -> Json:
    return {
        "approvals": _approvals(source),
        "createdAt": clock.iso_millis(source.created_at),
        "entity": {
            "email": person.mail,
            "id": person.profile_id,
            "name": person.name,
            "type": "profile",
        },
        "id": source.id * ROWS + at,
        "metadata": {},
        "model": {"id": source.id, "name": source.name, "type": "datasource"},
    }
