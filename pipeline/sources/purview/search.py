"""Data Map search: what assets there are (Data Map 2023-09-01)."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import continuation, single

SEARCH_LIMIT = 1000

_VERSION = (("api-version", "2023-09-01"),)

ENDPOINTS = (
    Endpoint(
        "search",
        "datamap",
        "/datamap/api/search/query",
        ("asset",),
        continuation,
        method="POST",
        params=_VERSION,
        body={"keywords": "*", "limit": SEARCH_LIMIT, "orderby": [{"id": "ASC"}]},
        items="value",
        total=Total.SERVER,
    ),
)

PROBES = (
    Endpoint(
        "datamap",
        "datamap",
        "/datamap/api/search/query",
        (),
        single,
        method="POST",
        params=_VERSION,
        body={"keywords": "*", "limit": 1},
        items="value",
    ),
)
