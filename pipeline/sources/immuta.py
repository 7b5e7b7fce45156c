"""Immuta: Govern V1 on the tenant's host, and the Request app's API.

Endpoint names are the second half of `immuta.<name>` in tables. Lists are trimmed to what the
credential may see without a word, so an auditor's key needs GOVERNANCE or AUDIT.
"""

from importlib import resources

from pipeline.collect.endpoint import Endpoint, Source, Total
from pipeline.collect.paging import cursor, offset, single

_GOVERN_PAGE = offset("hits", size="size", count=200)
_REQUEST_PAGE = offset("data", size="limit", count=100)
_SECRETS = frozenset(
    {
        "password",
        "privateKey",
        "privateKeyPassword",
        "clientSecret",
        "token",
        "accessToken",
        "secret",
        "accessKey",
        "secretKey",
        "userFiles",
        "passphrase",
        "apiKey",
    }
)


def _per_source(
    name: str, path: str, tables: tuple[str, ...], items: str = "", total: Total = Total.NONE
) -> Endpoint:
    """A read of one thing about every data source."""
    return Endpoint(
        name,
        "govern",
        path,
        tables,
        single,
        items=items,
        total=total,
        for_each="select distinct key from data_source_item",
        after=("data_source",),
        redact=_SECRETS,
    )


def _per_product(name: str, table: tuple[str, ...], *, path: str, total: Total) -> Endpoint:
    """A paged list of every data product."""
    return Endpoint(
        name,
        "request",
        f"/api/data-product/{{key}}/{path}",
        table,
        _REQUEST_PAGE,
        items="data",
        total=total,
        for_each="select distinct key from data_product_item",
        after=("data_product",),
    )


ENDPOINTS = (
    Endpoint(
        "data_source",
        "govern",
        "/dataSource",
        ("immuta_source",),
        _GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
    ),
    _per_source(
        "data_source_detail",
        "/dataSource/{key}",
        ("immuta_source", "policy_application", "immuta_source_tag"),
        total=Total.ASKED,
    ),
    Endpoint(
        "handler",
        "govern",
        "/{technology}/handler/{handler}",
        ("immuta_source",),
        single,
        total=Total.ASKED,
        for_each="select key, technology, handler from handler_wanted",
        after=("data_source_detail",),
        redact=_SECRETS,
    ),
    Endpoint(
        "dictionary",
        "govern",
        "/dictionary/{key}",
        ("immuta_column", "immuta_column_tag"),
        single,
        items="metadata",
        for_each="select distinct key from data_source_item",
        after=("data_source",),
        # a source whose dictionary was never made
        absent=frozenset({404}),
    ),
    _per_source("access", "/dataSource/{key}/access", ("immuta_membership",), "users"),
    Endpoint("tag", "govern", "/tag", ("immuta_tag",), single, items="[]"),
    Endpoint("policy", "govern", "/policy/global", ("immuta_policy",), single, items="[]"),
    Endpoint(
        "user",
        "govern",
        "/bim/user",
        ("immuta_user",),
        _GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
    ),
    Endpoint(
        "data_product",
        "request",
        "/api/data-product",
        ("data_product",),
        cursor,
        params=(("limit", "100"),),
        items="data",
    ),
    Endpoint(
        "product_source",
        "request",
        "/api/data-product/{key}/datasources",
        ("data_product_source",),
        cursor,
        params=(("limit", "100"),),
        items="data",
        for_each="select distinct key from data_product_item",
        after=("data_product",),
    ),
    _per_product("access_request", ("access_request",), path="request", total=Total.SERVER),
    _per_product("product_member", ("product_member",), path="members", total=Total.SERVER),
    _per_product("product_column", ("product_column",), path="columns", total=Total.SERVER),
    Endpoint(
        "request_form",
        "request",
        "/api/data-product/{key}/request-forms",
        ("request_form",),
        single,
        items="[]",
        for_each="select distinct key from data_product_item",
        after=("data_product",),
    ),
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

PROBES = (
    Endpoint("govern", "govern", "/bim/rpc/user/current", (), single),
    Endpoint("request", "request", "/api/auth/user", (), single),
)

SOURCE = Source(
    "immuta",
    ENDPOINTS,
    resources.files(__package__).joinpath("immuta.sql").read_text("utf-8"),
    PROBES,
)
