"""Assets of the Request app: single tables that can be asked for, with their forms and who decides about them.

There is no list of assets: a request for a table names one, and a form those that it was assigned to. The recent decisions
on an asset are not read, as its requests are in the list of all with every step of their review.
"""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single

GONE = frozenset({404})


def per_asset(name: str, what: str) -> Endpoint:
    """A read of one thing about every asset."""
    return Endpoint(
        name,
        "request",
        f"/api/asset/{{key}}/{what}",
        (name,),
        single,
        total=Total.ASKED,
        for_each="select distinct key from asset_item",
        after=("asset",),
        absent=GONE,
    )


ENDPOINTS = (
    Endpoint(
        "form_asset",
        "request",
        "/api/request-form/{key}/assets",
        ("request_form_asset",),
        single,
        items="[]",
        for_each="select distinct key from form_item",
        after=("form",),
        absent=GONE,
    ),
    Endpoint(
        "asset",
        "request",
        "/api/asset/{key}",
        ("request_asset",),
        single,
        total=Total.ASKED,
        for_each="select asset_id as key from access_request where asset_id is not null "
        "union select asset_id from request_form_asset where type = 'DATA_OBJECT'",
        after=("access_request", "all_request", "form_asset"),
        # a table that was asked for and is not registered any more
        absent=GONE,
    ),
    per_asset("asset_form", "request-forms"),
    per_asset("asset_review_flow", "review-flows"),
)
