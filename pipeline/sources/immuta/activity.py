"""What was done in Immuta, and by whom: audit events of the last days.

There is one model of events, and three ways to them: the search of the Universal Audit Model (UAM) that
self-managed tenants have (undocumented; Elasticsearch), files that a tenant exports (`activity_feed`),
and the older log `/audit`, which is asked where there is no search. What was done with API keys is a list
of its own beside that log, of a shape that nobody documents. Who only Immuta's own account knows
stays unknown: a query that was run on the platform itself names nobody.
"""

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipeline.collect.endpoint import Endpoint, Request, Source, Split, Total
from pipeline.collect.envelope import Envelope
from pipeline.collect.paging import offset, single
from pipeline.config import ImmutaConfig
from pipeline.errors import PageError
from pipeline.sources.immuta import activity_feed
from pipeline.sources.immuta.calls import SECRETS
from pipeline.warehouse.pages import loadable

DAYS = 30
LONGEST = 10_000
"""Events that a search shows at most (`index.max_result_window`); a longer list is cut in two by time."""
PAGE = 1000
SEES = frozenset({"AUDIT"})
"""Permission that shows the events of others."""

_SEARCH = "/api/audit/rest/v1/search"
_ORDER = [{"eventTimestamp": "asc"}, {"id.keyword": "asc"}]


class _Total(msgspec.Struct):
    value: int | None = None


class _Hit(msgspec.Struct):
    source: msgspec.Raw = msgspec.field(name="_source")
    id: str | None = msgspec.field(name="_id", default=None)


class _Hits(msgspec.Struct):
    hits: list[_Hit]
    total: _Total | int | None = None


class _Answer(msgspec.Struct):
    hits: _Hits


_decode = msgspec.json.Decoder(_Answer)
_IN = ("value", "hits", "data")
"""Keys that the activity of API keys may stand under; the first one is documented."""


def as_json(body: bytes) -> bytes:
    """A search's answer as the JSON that the walk and `activity.sql` read: events with their pointers, and the total.

    Raises:
        PageError: it is none.
    """
    try:
        found = _decode.decode(body).hits
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"the body is no answer of a search: {error}") from error
    total = found.total.value if isinstance(found.total, _Total) else found.total
    hits = [
        {"item": f"/hits/hits/{at}/_source", "id": hit.id, "event": hit.source}
        for at, hit in enumerate(found.hits)
    ]
    return msgspec.json.encode({"hits": hits, "count": total})


def activity_of_keys(body: bytes) -> bytes:
    """What was done with API keys, each with its pointer. Neither is the shape documented, nor that it is a list.

    Raises:
        PageError: the body is no JSON.
    """
    try:
        said = msgspec.json.decode(loadable(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PageError(f"the body is not JSON: {error}") from error
    place = ""
    if isinstance(said, dict) and (name := next((one for one in _IN if one in said), None)):
        place, said = f"/{name}", said[name]
    rows = [(f"{place}/{at}", one) for at, one in enumerate(said)] if isinstance(said, list) else []
    if isinstance(said, dict) and said:
        rows = [(place, said)]
    return msgspec.json.encode({"hits": [{"item": item, "said": one} for item, one in rows]})


def in_time(request: Request) -> Generator[Request | Split, Envelope, None]:
    """Pages of a search by offset; a search with more than `LONGEST` events is cut in two by time instead.

    One that cannot be cut (all within a millisecond) is read as far as it is shown, and so falls short.
    """
    page = yield request.with_body(**{"from": 0, "size": PAGE})
    if (page.total() or 0) > LONGEST and (parts := _halves(request)):
        yield Split(parts)
        return
    start = 0
    while rows := page.size("hits"):
        start += rows
        total = page.total()
        if start >= LONGEST or (total is not None and start >= total):
            return
        size = min(PAGE, LONGEST - start)
        page = yield request.with_body(**{"from": start, "size": size})


def _halves(request: Request) -> tuple[Request, ...]:
    """The search of the first and of the second half of its time; empty for an instant."""
    window: Mapping[str, Any] = (request.body or {})["query"]["range"]["eventTimestamp"]
    start, end = (datetime.fromisoformat(window[side]) for side in ("gte", "lt"))
    steps = (end - start) // timedelta(milliseconds=1) // 2
    if not steps:
        return ()
    middle = _iso(start + timedelta(milliseconds=steps))
    return tuple(
        request.with_body(query={"range": {"eventTimestamp": {"gte": first, "lt": last}}})
        for first, last in ((window["gte"], middle), (middle, window["lt"]))
    )


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _instant(days: int) -> str:
    """SQL for the moment that many days before the run's as-of, in ISO 8601."""
    moment = f"getvariable('as_of')::timestamptz - interval {days} days"
    return f"strftime(({moment}) at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')"


def _window(days: int) -> str:
    """One row: the search's time."""
    return (
        "select 'events' as key, json_object('range', json_object('eventTimestamp', "
        f"json_object('gte', {_instant(days)}, 'lt', {_instant(0)})))::varchar as query"
    )


def endpoints(days: int) -> tuple[Endpoint, ...]:
    """The search, and the older log where there is no search."""
    return (
        Endpoint(
            "activity",
            "activity",
            _SEARCH,
            ("immuta_audit_event",),
            in_time,
            method="POST",
            body={"sort": _ORDER, "track_total_hits": True},
            items="hits",
            total=Total.SERVER,
            for_each=_window(days),
            # hosted tenants have no such address
            absent=frozenset({404}),
            one_list=True,
            as_json=as_json,
            needs=SEES,
        ),
        Endpoint(
            "activity_log",
            "activity",
            "/audit",
            ("immuta_audit_event",),
            offset("hits", size="size", count=200),
            params=(("sortField", "dateTime"), ("sortOrder", "asc")),
            items="hits",
            total=Total.SERVER,
            for_each=f"select {_instant(days)} as key from gone where endpoint = 'immuta.activity'",
            key_param="minDate",
            # what the search brings is told by it: only that it is not there matters here
            helped_by=("activity",),
            one_list=True,
            needs=SEES,
        ),
        Endpoint(
            "key_activity",
            "activity",
            "/audit/apikey/activity",
            ("immuta_key_activity",),
            single,
            items="hits",
            # gone with the older log; a tenant that wants the number of a record, as the documentation has it, refuses
            absent=frozenset({400, 404}),
            redact=SECRETS,
            as_json=activity_of_keys,
            needs=SEES,
        ),
    )


ENDPOINTS = endpoints(DAYS)

PROBES = (
    Endpoint(
        "activity",
        "activity",
        _SEARCH,
        (),
        single,
        method="POST",
        body={"size": 0, "track_total_hits": True},
        items="hits",
        absent=frozenset({404}),
        as_json=as_json,
    ),
)


def source(whole: Source, config: ImmutaConfig) -> Source:
    """`whole` with the days, or the files, of activity that are configured."""
    others = [one for one in whole.endpoints if one.plane != activity_feed.PLANE]
    if config.audit_feed is None:
        return replace(whole, endpoints=(*others, *endpoints(config.audit_days)))
    probes = tuple(probe for probe in whole.probes if probe.plane != activity_feed.PLANE)
    fed = activity_feed.endpoint(config.audit_feed)
    return replace(whole, endpoints=(*others, fed), probes=probes)
