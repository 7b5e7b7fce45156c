"""Immuta's older audit log: the events of the Universal Audit Model in its own words, and those of API keys by themselves."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, paging
from pipeline.sandbox.answers import estate_of, govern_error, json_answer
from pipeline.sandbox.immuta.activity import KINDS, Event, between, events, shown

Json = dict[str, Any]
RECENT_DAYS = 7
"""How far back the activity of API keys goes."""
TOLD = ("dateTime", "id", "profileId", "recordType", "success", "userId")
"""What is said of an event in the activity of API keys."""


def _logged(event: Event) -> Json:
    """The event as the older log tells it."""
    source, who = event.source, event.who
    return {
        "id": event.id,
        "dateTime": str(clock.millis(event.at)),
        "recordType": f"{KINDS[event.kind][1].lower()}{KINDS[event.kind][0].title()}",
        "dataSourceId": source.id if source else None,
        "dataSourceName": source.name if source else None,
        "projectName": None,
        "userId": who.mail if who else "Unknown",
        "profileId": who.profile_id if who else None,
        "email": who.mail if who else None,
        "purposeIds": [],
        "success": event.status == "SUCCESS",
        "failureReason": None if event.status == "SUCCESS" else event.status.lower(),
        "blobId": None,
        "fingerprintVersionName": None,
    }


async def log(request: Request) -> Response:
    """Page of the older log."""
    params = request.query_params
    try:
        found = between(estate_of(request), params.get("minDate"), params.get("maxDate"))
    except ValueError as error:
        return govern_error(400, "Bad Request", str(error))
    found = shown(request, found)
    if params.get("sortOrder", "desc") == "desc":
        found.reverse()
    page = paging.size_page(found, params, 50)
    return json_answer({"hits": [_logged(one) for one in page], "count": len(found)})


async def of_keys(request: Request) -> Response:
    """What was done lately with API keys, latest first."""
    estate = estate_of(request)
    end = clock.cut(estate.day + 1)
    found = shown(request, events(estate, end - timedelta(days=RECENT_DAYS), end))
    mine = [one for one in reversed(found) if one.who is not None and KINDS[one.kind][0] != "QUERY"]
    return json_answer({"value": [_by_key(one) for one in mine]})


def _by_key(event: Event) -> Json:
    row = _logged(event)
    return {name: row[name] for name in TOLD} | {"keyName": "automation"}


ROUTES = [
    Route("/audit", log),
    Route("/audit/apikey/activity", of_keys),
]
