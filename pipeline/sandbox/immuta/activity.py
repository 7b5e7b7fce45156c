"""Immuta's audit events: the search of the Universal Audit Model, and what a tenant exports."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, draws
from pipeline.sandbox.answers import estate_of, govern_error, is_narrow, json_answer
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate, hosts_per_platform, life_days
from pipeline.sandbox.immuta import certifications
from pipeline.sandbox.immuta.policies import POLICIES
from pipeline.sandbox.immuta.sources import DataSource, data_sources
from pipeline.sandbox.people import Person
from pipeline.sandbox.vocabulary import COMPANY

Json = dict[str, Any]
HISTORY_DAYS = 90
LONGEST = 10_000
"""Events that a search shows at most, counted from its first."""
DAYS_KEPT = 100
KINDS = (
    ("QUERY", "DATASOURCE", "SnowflakeQueryAuditPayload"),
    ("QUERY", "DATASOURCE", "DatabricksQueryAuditPayload"),
    ("SUBSCRIBE", "DATASOURCE", "SubscriptionAuditPayload"),
    ("UNSUBSCRIBE", "DATASOURCE", "SubscriptionAuditPayload"),
    ("UPDATE", "GLOBAL_POLICY", "GlobalPolicyUpdatedAuditPayload"),
    ("CREATE", "APIKEY", "ApiKeyCreatedAuditPayload"),
    ("CERTIFY", "DATASOURCE", "DatasourcePolicyCertifiedAuditPayload"),
    ("EXPIRE", "DATASOURCE", "DatasourcePolicyCertificationExpiredAuditPayload"),
)
DRAWN, CERTIFIED, EXPIRED = 6, 6, 7
"""How many kinds happen by chance, and the places of those that do not."""
STATUSES = ("SUCCESS",) * 14 + ("FAILURE", "UNAUTHORIZED")


class Event(NamedTuple):
    """One entry: who is None where Immuta cannot tell who asked on the platform."""

    id: str
    at: datetime
    kind: int
    status: str
    who: Person | None
    source: DataSource | None
    policy: int


def events(estate: Estate, start: datetime, end: datetime) -> list[Event]:
    """What was done from `start` up to, not including, `end`, in order."""
    last = min(estate.day, clock.day_number(end) + 1) if end > clock.cut(0) else -1
    first = max(estate.day - HISTORY_DAYS, 0)
    if start > clock.cut(first):
        first = clock.day_number(start)
    found = [
        event
        for day in range(first, last + 1)
        for event in _of_day(estate.seed, estate.assets, day, tuple(estate.people))
        if start <= event.at < end
    ]
    found += [
        _of_certificate(one)
        for one in certifications.certificates(estate, first, last)
        if start <= one.at < end
    ]
    return sorted(found, key=lambda one: (one.at, one.id))


@lru_cache(maxsize=DAYS_KEPT)
def _of_day(seed: int, assets: int, day: int, people: tuple[Person, ...]) -> tuple[Event, ...]:
    return tuple(_event(seed, assets, day, turn, people) for turn in range(_count(assets)))


def _count(assets: int) -> int:
    return 6 + min(assets // 50, 200)


def _event(seed: int, assets: int, day: int, turn: int, people: tuple[Person, ...]) -> Event:
    key = ("activity", day, turn)
    drawn = draws.bits(seed, *key)
    kind = drawn[0] % 9 if drawn[0] % 9 < DRAWN else 0
    source = None
    if KINDS[kind][1] == "DATASOURCE":
        slot = int.from_bytes(drawn[1:5]) % assets
        data = Dataset(seed, slot, day, life_days(assets), hosts_per_platform(assets))
        source = next(iter(data_sources([data])), None)
        if source is None:
            # nobody registered that table: somebody made a key instead
            kind = DRAWN - 1
    # of queries on the platform itself, many are by accounts that Immuta does not know
    unknown = KINDS[kind][0] == "QUERY" and drawn[5] < 90
    return Event(
        draws.guid(seed, *key),
        clock.moment(day, drawn[6] / 256 + turn / (256 * _count(assets))),
        kind,
        STATUSES[drawn[7] % len(STATUSES)],
        None if unknown else people[int.from_bytes(drawn[8:10]) % len(people)],
        source,
        drawn[10] % len(POLICIES),
    )


def _of_certificate(one: certifications.Certificate) -> Event:
    kind = CERTIFIED if one.who else EXPIRED
    policy = [policy.id for policy in POLICIES].index(one.policy)
    return Event(one.id, one.at, kind, "SUCCESS", one.who, one.source, policy)


def _about(event: Event) -> Json:
    policy = POLICIES[event.policy]
    return {"id": str(policy.id), "name": policy.name, "type": "GLOBAL_POLICY"}


def _target(event: Event) -> Json:
    kind = KINDS[event.kind][1]
    if event.source is not None:
        return {"id": str(event.source.id), "name": event.source.name, "type": kind}
    if kind == "GLOBAL_POLICY":
        return _about(event)
    return {"id": event.id[:8], "name": "automation", "type": kind}


def _actor(who: Person | None) -> Json:
    if who is None:
        return {"type": "USER_ACTOR", "id": "Unknown", "name": "Unknown", "identityProvider": None}
    return {
        "type": "USER_ACTOR",
        "id": who.mail,
        "name": who.name,
        "identityProvider": "okta",
        "profileId": str(who.profile_id),
    }


def uam(event: Event) -> Json:
    """One event of the Universal Audit Model."""
    action, target, payload = KINDS[event.kind]
    when = clock.iso_millis(event.at)
    return {
        "id": event.id,
        "action": action,
        "actionStatus": event.status,
        "targetType": target,
        "targets": [_target(event)],
        "relatedResources": [_about(event)] if event.kind in (CERTIFIED, EXPIRED) else [],
        "actor": _actor(event.who),
        "actorIp": f"192.0.2.{event.at.second}",
        "tenantId": f"{COMPANY}.immuta.example",
        "eventTimestamp": when,
        "receivedTimestamp": clock.iso_millis(event.at + timedelta(milliseconds=137)),
        "requestId": event.id,
        "sessionId": event.id[:8],
        "auditPayload": {"type": payload, "version": 1},
    }


def _range(body: Mapping[str, Any]) -> Mapping[str, str]:
    query = body.get("query") or {}
    found: Mapping[str, str] = (query.get("range") or {}).get("eventTimestamp") or {}
    return found


def between(estate: Estate, start: str | None, end: str | None) -> list[Event]:
    """Events of a time given as a caller writes it."""
    since, until = clock.cut(0), clock.cut(estate.day + 1)
    return events(
        estate,
        max(since, clock.parse_as_of(start)) if start else since,
        min(until, clock.parse_as_of(end)) if end else until,
    )


def shown(request: Request, found: list[Event]) -> list[Event]:
    """The events that the caller may see: without AUDIT, hardly any."""
    return found[::10] if is_narrow(request) else found


async def search(request: Request) -> Response:
    """Part of the events in a time, as Elasticsearch answers."""
    try:
        body = msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
        start, size = int(body.get("from", 0)), int(body.get("size", 10))
        window = _range(body)
        found = between(estate_of(request), window.get("gte"), window.get("lt"))
    except (ValueError, AttributeError) as error:
        return govern_error(400, "Bad Request", f"parsing_exception: {error}")
    if start + size > LONGEST:
        message = (
            f"Result window is too large, from + size must be less than or equal to: [{LONGEST}]"
        )
        return govern_error(400, "Bad Request", message)
    found = shown(request, found)
    hits = [
        {"_index": "audit", "_id": one.id, "_score": None, "_source": uam(one)}
        for one in found[start : start + size]
    ]
    total = {"value": len(found), "relation": "eq"}
    return json_answer({"took": 3, "timed_out": False, "hits": {"total": total, "hits": hits}})


def exported(estate: Estate, days: int) -> Iterator[bytes]:
    """Lines of the files that a tenant exports: the events of the last days."""
    end = clock.cut(estate.day)
    for event in events(estate, end - timedelta(days=days), end):
        yield msgspec.json.encode(uam(event))


ROUTES = [
    Route("/api/audit/rest/v1/search", search, methods=["POST"]),
]
