"""Data products of the Request app: their sources, columns and forms."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import cursor, single
from pipeline.sources.immuta.calls import per_product

ENDPOINTS = (
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
    per_product("product_column", ("product_column",), "columns", Total.SERVER),
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
)

PROBES = (Endpoint("request", "request", "/api/auth/user", (), single),)
