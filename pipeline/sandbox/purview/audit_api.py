"""The audit plane of the Data Map: its history by category and window of time."""

from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import atlas_error, estate_of, is_shown, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview import audit
from pipeline.sandbox.purview.audit import Event

MAX_PAGE = 1000


class QueryError(ValueError):
    """A request that the service refuses."""


def _instant(body: dict[str, Any], name: str, default: datetime) -> int:
    """Epoch milliseconds of a bound of the window."""
    text = body.get(name)
    if text is None:
        return int(default.timestamp() * 1000)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _log(request: Request, estate: Estate, category: str) -> list[Event]:
    """The log of a category, worked out once a day."""
    day, kept = getattr(request.app.state, "audit_log", (None, {}))
    if day is not estate:
        kept = {}
        request.app.state.audit_log = (estate, kept)
    logs = cast(dict[str, list[Event]], kept)
    if category not in logs:
        logs[category] = audit.events(estate, category)
    return logs[category]


def _asked(request: Request, estate: Estate, body: dict[str, Any]) -> list[Event]:
    category = body.get("category")
    if category not in audit.CATEGORIES:
        raise QueryError("category must be Asset, GlossaryTerm or ClassificationDef")
    start = _instant(body, "startTime", datetime(1970, 1, 1, tzinfo=UTC))
    end = _instant(body, "endTime", datetime(9999, 1, 1, tzinfo=UTC))
    found = [
        event
        for event in _log(request, estate, category)
        if start <= event.at < end
        and (event.collection is None or is_shown(request, event.collection))
        and body.get("guid") in (None, event.guid)
        and body.get("operationType") in (None, event.operation)
    ]
    return found if body.get("sortOrder") == "Ascending" else found[::-1]


async def query(request: Request) -> Response:
    """One page of the log; on the last one there is a token still, and a word that it is the last."""
    estate = estate_of(request)
    try:
        body: dict[str, Any] = msgspec.json.decode(await request.body() or b"{}")
        size = body.get("pageSize", 100)
        if not isinstance(size, int) or not 1 <= size <= MAX_PAGE:
            raise QueryError(f"pageSize must lie between 1 and {MAX_PAGE}")
        given = body.pop("continuationToken", None)
        request_hash = paging.fingerprint(body)
        start = paging.offset_in(given, request_hash) if given else 0
        found = _asked(request, estate, body)
    except (msgspec.DecodeError, ValueError, TypeError, AttributeError) as refused:
        return atlas_error(400, "ATLAS-400-00-01A", f"invalid parameters: {refused}")
    page = found[start : start + size]
    return json_answer(
        {
            "continuationToken": paging.token(start + size, request_hash),
            "lastPage": start + size >= len(found),
            "totalResultCount": len(found),
            "recordCount": len(page),
            "resultData": [audit.row(estate, event) for event in page],
        }
    )


ROUTES = [Route("/datamap/api/audit/query", query, methods=["POST"])]
