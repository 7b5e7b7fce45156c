"""The Immuta Request app: data products with what belongs to them, who is calling, signs of life."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import estate_of, is_narrow, json_answer, market_error
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import market_rows as rows
from pipeline.sandbox.immuta import request_rows
from pipeline.sandbox.immuta.products import Product
from pipeline.sandbox.immuta.requests import Asked
from pipeline.sandbox.people import Person


def _product(http: HttpRequest) -> Product | None:
    return estate_of(http).product_by_id.get(http.path_params["id"])


def _product_row(estate: Estate, found: Product) -> dict[str, Any]:
    return rows.product(found, estate.seed, estate.requests_by_product[found.id])


def missing(what: str) -> Response:
    """The refusal of an id that nothing has."""
    return market_error(404, "Not Found", f"{what} not found")


def _cursor(http: HttpRequest, found: Sequence[Any], row: Any) -> Response:
    page, meta = paging.cursor_page(found, http.query_params, http.url.path)
    return json_answer({"data": [row(one) for one in page], "meta": meta})


def offset(http: HttpRequest, found: Sequence[Any], row: Any) -> Response:
    """A page of a list that is turned by offset."""
    page, meta = paging.offset_page(found, http.query_params)
    return json_answer({"data": [row(one) for one in page], "meta": meta})


async def data_products(http: HttpRequest) -> Response:
    """Page of data products by name."""
    estate, params = estate_of(http), http.query_params
    words = params.get("nameFilter", "").lower()
    found = sorted(
        (one for one in estate.products if words in one.name.lower()),
        key=lambda one: one.name,
        reverse=params.get("sortOrder", "asc") == "desc",
    )
    return _cursor(http, found, lambda one: _product_row(estate, one))


async def data_product(http: HttpRequest) -> Response:
    """One data product."""
    found = _product(http)
    if found is None:
        return missing("Data product")
    return json_answer(_product_row(estate_of(http), found))


async def data_product_by_name(http: HttpRequest) -> Response:
    """One data product, found by its name."""
    estate, name = estate_of(http), http.path_params["name"]
    found = next((one for one in estate.products if one.name == name), None)
    return json_answer(_product_row(estate, found)) if found else missing("Data product")


async def product_sources(http: HttpRequest) -> Response:
    """Page of the data sources of a product."""
    found, words = _product(http), http.query_params.get("nameFilter", "").lower()
    if found is None:
        return missing("Data product")
    kept = [source for source in found.sources if words in source.name.lower()]
    return _cursor(http, kept, lambda one: rows.product_source(estate_of(http).seed, one))


async def all_product_sources(http: HttpRequest) -> Response:
    """Ids of all data sources of a product."""
    found = _product(http)
    if found is None:
        return missing("Data product")
    return json_answer({"dataSources": [{"sourceId": str(one.id)} for one in found.sources]})


def _kept(http: HttpRequest, found: Sequence[Asked]) -> list[Asked]:
    """Requests that pass the filters, newest first unless asked otherwise."""
    params = http.query_params
    statuses, types, users = (params.getlist(name) for name in ("status", "type", "userIds"))
    kept = [
        one
        for one in found
        if (not statuses or one.status in statuses)
        and (not types or one.type in types)
        and (not users or one.beneficiary.global_id in users)
    ]
    newest = params.get("sortOrder", "desc") == "desc"
    return sorted(kept, key=lambda one: (one.created_at, one.id), reverse=newest)


def listed(http: HttpRequest, found: Sequence[Asked]) -> Response:
    """Page of the requests that pass the filters."""
    return offset(http, _kept(http, found), request_rows.access_request)


async def product_requests(http: HttpRequest) -> Response:
    """Page of the access requests of a product."""
    found = _product(http)
    if found is None:
        return missing("Data product")
    return listed(http, estate_of(http).requests_by_product[found.id])


async def product_members(http: HttpRequest) -> Response:
    """Page of the requests whose beneficiaries have access to a product."""
    found = _product(http)
    if found is None:
        return missing("Data product")
    mine = estate_of(http).requests_by_product[found.id]
    return listed(http, [one for one in mine if one.is_member])


async def product_columns(http: HttpRequest) -> Response:
    """Page of the columns of a product with the policies that mask them."""
    found, params = _product(http), http.query_params
    if found is None:
        return missing("Data product")
    columns = rows.product_columns(found)
    if params.get("maskedOnly", "false").lower() == "true":
        columns = [one for one in columns if one["globalPolicyInfo"] or one["localPolicyInfo"]]
    return offset(http, columns, lambda one: one)


async def product_forms(http: HttpRequest) -> Response:
    """Request forms of a product."""
    found = _product(http)
    if found is None:
        return missing("Data product")
    return json_answer([rows.form(found, one) for one in found.forms])


async def recent_determinations(http: HttpRequest) -> Response:
    """The last five decisions that a person took on requests for a product."""
    found = _product(http)
    if found is None:
        return missing("Data product")
    kind = http.query_params.get("type", "DATA_ACCESS")
    decided = [
        (record, one)
        for one in estate_of(http).requests_by_product[found.id]
        if one.type == kind
        for record in one.records
        if record.status in ("APPROVED", "DENIED") and record.actor
    ]
    decided.sort(key=lambda pair: (pair[0].updated_at, pair[0].id), reverse=True)
    latest = [request_rows.determination(record, one) for record, one in decided[:5]]
    return json_answer({"determinations": latest})


def _caller(estate: Estate) -> Person:
    return estate.people[3]


async def auth_user(http: HttpRequest) -> Response:
    """Whose token is in use and what it may see."""
    estate = estate_of(http)
    narrow: dict[str, Any] = {"globalPermissions": []} if is_narrow(http) else {}
    return json_answer(rows.caller(estate.seed, _caller(estate)) | narrow)


async def health(http: HttpRequest) -> Response:
    """Sign of life, to anybody."""
    del http
    return json_answer({"details": {}, "error": {}, "info": {}, "status": "ok"})


BASE = "/marketplace/api"
_PRODUCT = BASE + "/data-product/{id}"
ROUTES = [
    Route("/health", health),
    *(Route(f"/marketplace/health{part}", health) for part in ("", "/live", "/ready")),
    Route(BASE + "/data-product", data_products),
    Route(BASE + "/data-product/{name:path}/byName", data_product_by_name),
    Route(_PRODUCT, data_product),
    Route(_PRODUCT + "/datasources", product_sources),
    Route(_PRODUCT + "/datasources/all", all_product_sources),
    Route(_PRODUCT + "/request", product_requests),
    Route(_PRODUCT + "/members", product_members),
    Route(_PRODUCT + "/columns", product_columns),
    Route(_PRODUCT + "/request-forms", product_forms),
    Route(_PRODUCT + "/recent-determinations", recent_determinations),
    Route(BASE + "/auth/user", auth_user),
]
