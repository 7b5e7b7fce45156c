"""Data products of the Request app: their sources, columns, forms and recent decisions."""

from pipeline.collect.endpoint import Endpoint, Paging, Total
from pipeline.collect.paging import cursor, single
from pipeline.sources.immuta.calls import SEES_REQUESTS, lacking, per_product

TWICE_LISTED = ("product_source", "product_source_all")
"""The two lists of the sources of a product."""


def _per_product(
    name: str,
    path: str,
    tables: tuple[str, ...],
    items: str,
    paging: Paging = single,
    params: tuple[tuple[str, str], ...] = (),
    absent: frozenset[int] = frozenset(),
) -> Endpoint:
    """A read about every data product that is not paged by offset."""
    return Endpoint(
        name,
        "request",
        f"/api/data-product/{{key}}/{path}",
        tables,
        paging,
        params=params,
        items=items,
        for_each="select distinct key from data_product_item",
        after=("data_product",),
        absent=absent,
        holes=lacking(name) if name in TWICE_LISTED else "",
    )


def _determination(name: str, kind: str) -> Endpoint:
    """The short list of decisions of one type; an app that does not have it has `approval` still."""
    return _per_product(
        name,
        "recent-determinations",
        ("determination",),
        "determinations",
        params=(("type", kind),),
        absent=frozenset({404}),
    )


_HUNDRED = (("limit", "100"),)

ENDPOINTS = (
    Endpoint(
        "data_product",
        "request",
        "/api/data-product",
        ("data_product",),
        cursor,
        params=_HUNDRED,
        items="data",
        holes=lacking("data_product"),
        needs=SEES_REQUESTS,
    ),
    _per_product(
        "product_source", "datasources", ("data_product_source",), "data", cursor, _HUNDRED
    ),
    # the same without pages: the one is held against the other
    _per_product("product_source_all", "datasources/all", ("data_product_source",), "dataSources"),
    per_product("product_column", ("product_column",), "columns", Total.SERVER),
    _per_product("request_form", "request-forms", ("request_form",), "[]"),
    _determination("determination", "DATA_ACCESS"),
    _determination("masking_determination", "MASKING_EXCEPTION"),
)

PROBES = (Endpoint("request", "request", "/api/auth/user", (), single),)
