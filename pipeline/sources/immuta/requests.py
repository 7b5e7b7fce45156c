"""Requests of the Request app: who asked, who is listed as a member, who decided, and the people met there.

The requests of every data product are listed product by product, and all of them once more in one list: only there
are those about a single table. The records of a request that has been decided, and that says what it said in the last
snapshot, are not asked for again; those of a pending one always are. A risk is of use while somebody decides, and is
worked out anew whenever it is asked for: it is read of requests that are pending or were decided lately.
"""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import REQUEST_PAGE, SEES_REQUESTS, lacking, per_product


def records_in_an_object(body: bytes) -> bytes:
    """The records of a request as one object: the published description has it so, older documents show a bare list."""
    start = body.lstrip()
    return b'{"wrapped":true,"approvalRecords":' + body + b"}" if start[:1] == b"[" else body


ENDPOINTS = (
    per_product("access_request", ("access_request",), "request", Total.SERVER, trimmed=True),
    per_product("product_member", ("product_member",), "members", Total.SERVER),
    Endpoint(
        "all_request",
        "request",
        "/api/access-request",
        ("access_request",),
        REQUEST_PAGE,
        params=(("role", "requestor"), ("role", "manager"), ("role", "steward")),
        items="data",
        total=Total.SERVER,
        # read after those of the products, so that it has what they have
        helped_by=("access_request",),
        holes=lacking("all_request"),
        needs=SEES_REQUESTS,
    ),
    Endpoint(
        "approval",
        "request",
        "/api/access-request/{key}/records",
        ("approval",),
        single,
        items="approvalRecords",
        for_each="select key from review_wanted",
        after=("access_request", "all_request"),
        unasked="unchanged",
        as_json=records_in_an_object,
    ),
    Endpoint(
        "risk",
        "request",
        "/api/access-request/{key}/risk-assessment",
        ("risk_assessment",),
        single,
        total=Total.ASKED,
        for_each="select key from risk_wanted",
        after=("access_request", "all_request"),
        # nothing was worked out, or the app does not do that
        absent=frozenset({404}),
        unasked="risk_known",
    ),
    Endpoint(
        "masking_column",
        "request",
        "/api/access-request/{key}/masking-exception-columns",
        ("masking_exception_column",),
        REQUEST_PAGE,
        items="data",
        total=Total.SERVER,
        # which policy masks a column is said as of today: nothing is carried over
        for_each="select id as key from access_request where type = 'MASKING_EXCEPTION'",
        after=("access_request", "all_request"),
    ),
    Endpoint(
        "approved_masking_column",
        "request",
        "/api/access-request/approved-masking-exception-columns",
        ("approved_masking_exception",),
        single,
        items="[]",
        for_each="select distinct user_id as key from access_request where type = 'MASKING_EXCEPTION'",
        after=("access_request", "all_request"),
        key_param="userId",
    ),
    Endpoint(
        "request_user",
        "request",
        "/api/metadata/users",
        ("request_user",),
        single,
        params=(("limit", "100"),),
        items="users",
        # a person who left is not in the answer, and that is no hole in it
        for_each="select key from user_wanted",
        after=("approval", "product_member"),
        batch=50,
        key_param="globalUserId",
    ),
)

CARRIED = {"approval": "request_id"}
"""Tables whose rows of an unchanged request are taken over, and the column that names the request."""
