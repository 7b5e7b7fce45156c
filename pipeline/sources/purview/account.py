"""The account plane: collections (account 2019-11-01-preview)."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import next_link, single

ENDPOINTS = (
    Endpoint(
        "collection",
        "account",
        "/account/collections",
        ("collection",),
        next_link,
        params=(("api-version", "2019-11-01-preview"),),
        items="value",
        total=Total.SERVER,
    ),
)

PROBES = (
    Endpoint(
        "account",
        "account",
        "/account/collections",
        (),
        single,
        params=(("api-version", "2019-11-01-preview"),),
        items="value",
    ),
)
