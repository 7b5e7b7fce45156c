"""Domains of the Request app with their sources, and the groups and attributes that it can name."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import REQUEST_PAGE, lacking

GROUPS_ASKED = 1000
"""The list of groups has no second page: one that is as long as this has been cut."""

GROUPS_UNASKED = 100
"""As long as the list is where nothing is asked: so long, it has been cut too."""

ENDPOINTS = (
    Endpoint(
        "request_domain",
        "request",
        "/api/metadata/domain",
        ("request_domain",),
        single,
        items="domains",
        holes=lacking("request_domain"),
    ),
    Endpoint(
        "request_domain_source",
        "request",
        "/api/metadata/domain/{key}/datasources",
        ("request_domain_source",),
        REQUEST_PAGE,
        items="data",
        total=Total.SERVER,
        for_each="select distinct key from request_domain_item",
        after=("request_domain",),
    ),
    Endpoint(
        "request_group",
        "request",
        "/api/metadata/groups",
        ("request_group",),
        single,
        params=(("limit", str(GROUPS_ASKED)),),
        items="groups",
        holes="select '*' as key, 'the list is as long as it may be: what follows cannot be asked for' as reason "
        f"from request_group_item having count(*) >= {GROUPS_ASKED} or count(*) = {GROUPS_UNASKED}",
    ),
    Endpoint(
        "request_attribute",
        "request",
        "/api/metadata/attributes",
        ("request_attribute",),
        single,
        items="attributes",
    ),
)
