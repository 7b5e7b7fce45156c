"""Audit history: who changed what in the Data Map (2023-10-01-preview).

The answer of one category is a list by continuation token. It needs auditing switched on in the
tenant; where it is not, the refusal becomes a gap. The service keeps entries for 180 days, and for up to ten
years where a licence and a retention policy of the tenant say so (Microsoft Purview Audit): what it has
forgotten it leaves out unsaid, so a longer window is only as long as the tenant's retention.
"""

from dataclasses import replace

from pipeline.collect.endpoint import Endpoint, Source, Total
from pipeline.collect.paging import continuation_to_last_page, single
from pipeline.config import PurviewConfig
from pipeline.sources.purview.listings import lacking

DAYS = 30
"""Days before the run's as-of that are read every night where nothing else is configured."""

PAGE_SIZE = 1000

_PATH = "/datamap/api/audit/query"
_VERSION = (("api-version", "2023-10-01-preview"),)
_CATEGORIES = ("Asset", "GlossaryTerm", "ClassificationDef")


def _for_each(days: int) -> str:
    """One row per category with the window of the run."""
    moment = (
        "strftime((getvariable('as_of')::timestamptz{}) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')"
    )
    categories = ", ".join(f"'{name}'" for name in _CATEGORIES)
    start, end = moment.format(f" - interval {days} days"), moment.format("")
    return (
        f'select category as key, category, {start} as "startTime", {end} as "endTime" '
        f"from (select unnest([{categories}]) as category)"
    )


def endpoint(days: int) -> Endpoint:
    """The history of `days` days before the run's as-of."""
    return Endpoint(
        "audit_event",
        "audit",
        _PATH,
        ("audit_event",),
        continuation_to_last_page,
        method="POST",
        params=_VERSION,
        body={"pageSize": PAGE_SIZE, "sortBy": "CreationTime", "sortOrder": "Ascending"},
        items="resultData",
        total=Total.SERVER,
        for_each=_for_each(days),
        holes=lacking("audit_event"),
    )


ENDPOINTS = (endpoint(DAYS),)

PROBES = (
    Endpoint(
        "audit",
        "audit",
        _PATH,
        (),
        single,
        method="POST",
        params=_VERSION,
        body={"category": "ClassificationDef", "pageSize": 1},
        items="resultData",
    ),
)


def source(whole: Source, config: PurviewConfig) -> Source:
    """`whole` with the days of history that are configured."""
    kept = endpoint(config.audit_days)
    return replace(
        whole, endpoints=tuple(kept if one.name == kept.name else one for one in whole.endpoints)
    )
