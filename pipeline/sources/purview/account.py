"""The account plane: the account, its collections, its platform domains and the contacts of all these.

The older version is the one that every account answers, so collections are read with it. Domains,
which collection lies in which, and contacts are known to the newer preview alone: where that is
refused, only they are missing.
"""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import next_link, single
from pipeline.sources.purview.listings import lacking

_VERSION = (("api-version", "2019-11-01-preview"),)
_WITH_DOMAINS = (("api-version", "2023-10-01-preview"),)

ENDPOINTS = (
    Endpoint(
        "account",
        "account",
        "/account/",
        ("account",),
        single,
        params=_VERSION,
    ),
    Endpoint(
        "collection",
        "account",
        "/account/collections",
        ("collection",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
        holes=lacking("collection"),
    ),
    Endpoint(
        "platform_domain",
        "account",
        "/account/domains",
        ("platform_domain",),
        next_link,
        params=_WITH_DOMAINS,
        items="value",
        total=Total.SERVER,
    ),
    Endpoint(
        "collection_domain",
        "account",
        "/account/collections",
        ("collection_domain",),
        next_link,
        params=_WITH_DOMAINS,
        items="value",
        total=Total.SERVER,
        holes=lacking("collection_domain"),
    ),
    Endpoint(
        "contact_assignment",
        "account",
        "/account/contactAssignments",
        ("contact_assignment",),
        next_link,
        params=_WITH_DOMAINS,
        items="value",
        total=Total.SERVER,
        holes=lacking("contact_assignment"),
    ),
)

PROBES = (
    Endpoint(
        "account",
        "account",
        "/account/collections",
        (),
        single,
        params=_VERSION,
        items="value",
    ),
)
