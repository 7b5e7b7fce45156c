"""Requests for access to data products of the Unified Catalog: each lives through a drawn story."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pipeline.sandbox import clock, draws
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import MACHINES, Person, group_id, machine_id, of_domain
from pipeline.sandbox.purview.unified import catalog
from pipeline.sandbox.purview.unified.catalog import DataProduct
from pipeline.sandbox.vocabulary import DOMAINS

SLOTS = 7
STORIES = (
    ("declined", 14), ("waiting", 12), ("approved", 10), ("granted", 22), ("granted for a time", 16),
    ("overdue", 8), ("revoked", 10), ("completed", 8),
)  # fmt: skip
ENDED = {"declined": "Declined", "approved": "Approved", "completed": "Completed"}
ACTIVE = ("Approved", "Granted", "Completed")
KINDS = ("User", "User", "User", "User", "Group", "ServicePrincipal")


class Approval(NamedTuple):
    """One approval of a request; an approver of None means that nobody acted yet."""

    id: str
    approver: Person
    decision: str
    decided_at: datetime | None


class Subscription(NamedTuple):
    """One request on one day."""

    id: str
    product: DataProduct
    status: str
    subscriber_kind: str
    subscriber_id: str
    subscriber: Person
    requestor: Person
    created_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None
    write_access: bool
    run_id: str | None
    approvals: tuple[Approval, ...]


def _story(seed: int, key: Sequence[object]) -> str:
    left = draws.number(100, seed, "subscription story", *key)
    for name, weight in STORIES:
        left -= weight
        if left < 0:
            return name
    return STORIES[0][0]


def of_product(estate: Estate, product: DataProduct) -> list[Subscription]:
    """The requests for one product that the service still lists."""
    found = []
    for slot in range(draws.number(SLOTS, estate.seed, "subscriptions", product.number)):
        length = 70 + 10 * ((product.number + slot) % 8)
        offset = (product.number * 7 + slot * 17) % length
        cycle = (estate.day + offset) // length
        found.append(_subscription(estate, product, cycle * length - offset, (slot, cycle)))
    return found


def _subscription(
    estate: Estate, product: DataProduct, created: int, turn: tuple[int, int]
) -> Subscription:
    seed, key = estate.seed, ("subscription", product.number, *turn)
    story = _story(seed, key)
    decided = created + 1 + draws.number(12, seed, "decided", *key)
    status, is_decided = "Pending", story != "waiting" and decided <= estate.day
    lapse = 20 + draws.number(40, seed, "lapse", *key)
    if is_decided:
        status = ENDED.get(story, "Granted")
        if story == "revoked" and decided + lapse <= estate.day:
            status = "Revoked"
    expires = None
    if is_decided and story in ("granted for a time", "overdue", "completed", "revoked"):
        # one is overdue where access went on although its time is over
        expires = decided + (5 if story == "overdue" else 30 + lapse)
    subscriber = draws.pick(estate.people, seed, "subscriber", *key)
    kind = draws.pick(KINDS, seed, "kind", *key)
    asks_for_self = draws.share(seed, "asks", *key) < 0.8
    run = draws.guid(seed, "access run", *key) if product.number % 5 else None
    return Subscription(
        draws.guid(seed, *key),
        product,
        status,
        kind,
        _subscriber_id(estate, product, kind, subscriber),
        subscriber,
        subscriber if asks_for_self else draws.pick(estate.people, seed, "requestor", *key),
        clock.moment(created, draws.share(seed, "hour", *key)),
        clock.moment(decided, draws.share(seed, "decision", *key)) if is_decided else None,
        clock.cut(expires) if expires is not None else None,
        draws.share(seed, "write", *key) < 0.15,
        run,
        _approvals(estate, product, status, decided if is_decided else None, key) if run else (),
    )


def _subscriber_id(estate: Estate, product: DataProduct, kind: str, person: Person) -> str:
    """Object id of who is to get access: a person, the group of a business domain, or a machine."""
    if kind == "Group":
        return group_id(estate.seed, DOMAINS[product.domain].key)
    if kind == "ServicePrincipal":
        machine = MACHINES[product.number % len(MACHINES)]
        return machine_id(estate.seed, machine)
    return person.object_id


def _approvals(
    estate: Estate, product: DataProduct, status: str, day: int | None, key: Sequence[object]
) -> tuple[Approval, ...]:
    """One or two approvals; a request that was declined was rejected by the last one."""
    chosen = approvers(estate, product)
    word = "Pending" if day is None else "Rejected" if status == "Declined" else "Approved"
    return tuple(
        Approval(
            draws.guid(estate.seed, "access approval", at, *key),
            person,
            word if at == len(chosen) - 1 or day is None else "Approved",
            clock.moment(day, draws.share(estate.seed, "acted", at, *key))
            if day is not None
            else None,
        )
        for at, person in enumerate(chosen)
    )


def approvers(estate: Estate, product: DataProduct) -> list[Person]:
    """Who decides about requests for a product."""
    team = of_domain(estate.people, product.domain)
    return draws.sample(team, 1 + product.number % 2, estate.seed, "approvers", product.number)


def active(estate: Estate, product: DataProduct) -> int:
    """How many requests for a product are in force."""
    return sum(one.status in ACTIVE for one in of_product(estate, product))


_EVERY: WeakKeyDictionary[Estate, tuple[Subscription, ...]] = WeakKeyDictionary()


def every(estate: Estate) -> tuple[Subscription, ...]:
    """All requests, product by product; worked out once."""
    found = _EVERY.get(estate)
    if found is None:
        products = catalog.held(estate).products
        found = _EVERY[estate] = tuple(one for p in products for one in of_product(estate, p))
    return found


def by_run(estate: Estate) -> dict[str, Subscription]:
    """The requests that a workflow decides about, by the id of its run."""
    return {one.run_id: one for one in every(estate) if one.run_id is not None}
