"""Access requests and the records of their approval: each lives through a drawn story."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pipeline.sandbox import clock, draws
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.people import Person, of_domain

SLOTS = 5
POPULAR_SLOTS = 15
"""Places for requests that a product has, and one that many people want."""
STORIES = (
    ("granted", 22), ("granted for a time", 15), ("left after expiry", 9), ("still a member", 6),
    ("denied", 6), ("canceled", 4), ("revoked", 5), ("approved own access", 4),
    ("approved own request", 3), ("by policy", 6), ("masking", 6), ("masking denied", 2),
    ("slow", 12),
)  # fmt: skip


class Record(NamedTuple):
    """One step of the review of a request."""

    id: str
    status: str
    actor: Person | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What is common to access requests: who asked for whom, and what came of it."""

    id: str
    type: str
    status: str
    requester: Person
    beneficiary: Person
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    is_member: bool
    records: tuple[Record, ...]

    def said(self, kind: str) -> dict[str, Any]:
        """What clients wrote over one kind of answer about it: here nothing (`immuta.writes`)."""
        del kind
        return {}

    @property
    def was_approved(self) -> bool:
        """Whether the review ended in an approval."""
        return any(record.status == "APPROVED" for record in self.records) and self.status in (
            "APPROVED",
            "EXPIRED",
            "REVOKED",
        )


@dataclass(frozen=True, slots=True)
class Request(Asked):
    """One access request for a data product with its review."""

    product: Product


def values_of(asked: Asked) -> dict[str, Any]:
    """What is common to requests, by the name of the field."""
    return {one.name: getattr(asked, one.name) for one in fields(Asked)}


def _story(seed: int, key: Sequence[object]) -> str:
    left = draws.number(100, seed, "story", *key)
    for name, weight in STORIES:
        left -= weight
        if left < 0:
            return name
    return STORIES[0][0]


class Hands(NamedTuple):
    """Who asks, who benefits, who decides, and who may look at it before."""

    requester: Person
    beneficiary: Person
    reviewer: Person
    first_reviewer: Person | None = None


class Plan(NamedTuple):
    """The days on which a request changes its state, counted in days of the estate."""

    story: str
    created: int
    decided: int
    expires: int | None
    cleaned: int | None
    revoked: int | None


def planned(seed: int, created: int, key: Sequence[object]) -> Plan:
    """When a request that was made on a day is decided, ends and is cleaned up."""
    story = _story(seed, key)
    decided = created + draws.number(8, seed, "delay", *key)
    if story == "slow":
        decided = created + 8 + draws.number(18, seed, "delay", *key)
    elif story == "by policy":
        decided = created
    expires = cleaned = revoked = None
    lapse = 15 + draws.number(40, seed, "lapse", *key)
    linger = 5 + draws.number(25, seed, "linger", *key)
    if story == "granted for a time" and draws.share(seed, "for years", *key) < 0.15:
        lapse = 700
    if story in ("granted for a time", "masking", "still a member", "approved own access"):
        # what is shown unmasked is shown for longer
        expires = decided + lapse * (3 if story == "masking" else 1)
    if story in ("left after expiry", "still a member"):
        expires = decided + lapse
        cleaned = expires + linger
    if story == "masking" and draws.share(seed, "shown on", *key) < 0.3:
        # the end is on record, and what is shown stays shown for a while
        expires = decided + lapse
        cleaned = expires + 3 * linger
    if story == "revoked":
        revoked = decided + lapse
    return Plan(story, created, decided, expires, cleaned, revoked)


def of_product(seed: int, day: int, product: Product, people: Sequence[Person]) -> list[Request]:
    """The requests of one product, newest cycle first; old ones fall out of the listing."""
    found = []
    for slot in range(POPULAR_SLOTS if product.index % 16 == 5 else SLOTS):
        length = 60 + 10 * ((product.index * SLOTS + slot) % 9)
        offset = (product.index * 7 + slot * 13) % length
        cycle = (day + offset) // length
        for then in (cycle, cycle - 1):
            key = (product.index, slot, then)
            plan = planned(seed, then * length - offset, key)
            # the person of the first slot may ask once more in the last
            again = slot == SLOTS - 1 and product.index % 3 == 0
            # and for what is masked on what they have
            again = again or (plan.story.startswith("masking") and product.index % 2 == 0)
            whose = (product.index, 0, then) if again else key
            hands = people_of(seed, product.domain, people, plan.story, whose)
            found.append(Request(**values_of(lived(seed, day, plan, key, hands)), product=product))
    return found


def people_of(
    seed: int, domain: int, people: Sequence[Person], story: str, key: Sequence[object]
) -> Hands:
    """Requester, beneficiary and reviewers: roles that are normally not in one hand."""
    everybody = [p for p in people if p.in_immuta]
    beneficiary = draws.pick(everybody, seed, "beneficiary", *key)
    requester = beneficiary
    if draws.share(seed, "on behalf", *key) < 0.3 or story == "approved own request":
        requester = draws.pick(
            [p for p in everybody if p is not beneficiary], seed, "requester", *key
        )
    team = [
        p for p in of_domain(people, domain) if p.in_immuta and p not in (beneficiary, requester)
    ]
    reviewer = draws.pick(team, seed, "reviewer", *key)
    if story == "approved own access":
        reviewer = beneficiary
    elif story == "approved own request":
        reviewer = requester
    others = [p for p in team if p is not reviewer]
    return Hands(requester, beneficiary, reviewer, others[0] if others else None)


def lived(
    seed: int,
    day: int,
    plan: Plan,
    key: Sequence[object],
    hands: tuple[Person, Person, Person] | Hands,
) -> Asked:
    """What has become of a request by the day."""
    hands = Hands(*hands)
    created = clock.moment(plan.created, draws.share(seed, "created", *key))
    decided = max(created, clock.moment(plan.decided, draws.share(seed, "decided", *key)))
    expires = None
    if plan.expires is not None and day >= plan.decided:
        expires = decided + timedelta(days=plan.expires - plan.decided)
    status = _status(plan, day, expires)
    updated = created if status == "PENDING" else decided
    if status == "REVOKED" and plan.revoked is not None:
        updated = clock.moment(plan.revoked, 0.4)
    listed = status == "EXPIRED" and plan.story == "still a member" and day < (plan.cleaned or 0)
    return Asked(
        id=draws.cuid(seed, "request", *key),
        type="MASKING_EXCEPTION" if plan.story.startswith("masking") else "DATA_ACCESS",
        status=status,
        requester=hands.requester,
        beneficiary=hands.beneficiary,
        created_at=created,
        updated_at=updated,
        expires_at=expires,
        is_member=status == "APPROVED" or listed,
        records=_records(seed, day, plan, hands, created, decided, key),
    )


def _status(plan: Plan, day: int, expires: datetime | None) -> str:
    if day < plan.decided:
        return "PENDING"
    if plan.story == "canceled":
        return "CANCELED"
    if plan.story in ("denied", "masking denied"):
        return "DENIED"
    if plan.revoked is not None and day >= plan.revoked:
        return "REVOKED"
    if expires is not None and expires <= clock.cut(day):
        if plan.story in ("left after expiry", "masking") and day < (plan.cleaned or 0):
            return "APPROVED"
        return "EXPIRED"
    return "APPROVED"


def _records(
    seed: int,
    day: int,
    plan: Plan,
    hands: Hands,
    created: datetime,
    decided: datetime,
    key: Sequence[object],
) -> tuple[Record, ...]:
    """Review steps: a quarter of the requests pass a first reviewer before the deciding one."""

    def record(step: int, status: str, actor: Person | None, at: datetime) -> Record:
        return Record(draws.cuid(seed, "record", step, *key), status, actor, created, at)

    reviewer = hands.reviewer
    if plan.story == "by policy":
        return (record(0, "APPROVED", None, created),)
    staged = draws.number(4, seed, "staged", *key) == 0
    if day < plan.decided:
        waiting = record(0, "PENDING", None, created)
        return (waiting, record(1, "BLOCKED", None, created)) if staged else (waiting,)
    if plan.story == "canceled":
        return (record(0, "CANCELED", None, decided),)
    if plan.story in ("denied", "masking denied"):
        return (record(0, "DENIED", reviewer, decided),)
    last = record(1 if staged else 0, "APPROVED", reviewer, decided)
    if not staged:
        return (last,)
    # a first stage is decided by somebody else, or waved through by a policy
    seen = draws.number(3, seed, "first stage", *key) > 0
    return (record(0, "APPROVED", hands.first_reviewer if seen else None, created), last)
