"""Requests of the Request app: who asked, who is listed as a member, who decided, and the people met there."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import per_product

ENDPOINTS = (
    per_product("access_request", ("access_request",), "request", Total.SERVER),
    per_product("product_member", ("product_member",), "members", Total.SERVER),
    Endpoint(
        "approval",
        "request",
        "/api/access-request/{key}/records",
        ("approval",),
        single,
        items="approvalRecords",
        for_each="select distinct key from access_request_item",
        after=("access_request",),
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
