"""The Unified Catalog: business domains and their roles, data products, terms, critical data and objectives."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import paging
from pipeline.sandbox.answers import (
    estate_of,
    forbidden,
    is_narrow,
    is_shown,
    json_answer,
    plane_error,
)
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.unified import (
    catalog,
    catalog_policies,
    catalog_relations,
    catalog_rows,
    catalog_terms,
)
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
Rows = Callable[[Estate, int, int], Sequence[Json]]
DOMAIN_PAGE = 6
POLICY_PAGE = 4
MOST = 100
WITH_ASSETS = "2026-03-20-preview"
ENTITY_TYPES = (
    "DOMAIN", "DATAPRODUCT", "TERM", "DATAASSET", "OBJECTIVE", "KEYRESULT", "CRITICALDATAELEMENT",
    "DATACOLUMN", "CRITICALDATACOLUMN", "CUSTOMMETADATA", "ATTRIBUTE", "ATTRIBUTEINSTANCE",
    "WORKFLOW", "CATALOGSNAPSHOT", "WORKFLOWRUN",
)  # fmt: skip
"""CRITICALDATACOLUMN is what DATACOLUMN was called before 2026."""


def link(request: Request, **params: str) -> str:
    """Address of the next page: that of the present call with some parameters set anew."""
    given = {**request.query_params, **params}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return f"{request.url.scheme}://{request.headers['host']}{request.url.path}?{query}"


def not_found(what: str) -> Response:
    """Refusal of an id that the plane does not have."""
    return plane_error(404, "NotFound", f"The {what} does not exist.")


def is_open(request: Request, domain: int) -> bool:
    """Whether the caller has a role in a business domain; one alone gives it none in the domains above."""
    return is_shown(request, DOMAINS[domain].collection if domain < len(DOMAINS) else "")


def _numbers(request: Request, each: int) -> list[int]:
    """Numbers of what every domain has `each` of, in the domains that are open to the caller."""
    return [one for one in range(len(DOMAINS) * each) if is_open(request, one // each)]


def token_page(request: Request, name: str, size: int, total: int) -> tuple[range, str | None]:
    """Places of the rows of a page turned by a token, and the token of the next one."""
    request_hash = paging.fingerprint(request.url.path)
    given = request.query_params.get(name)
    start = paging.offset_in(given, request_hash) if given else 0
    end = min(start + size, total)
    following = paging.token(end, request_hash) if end < total else None
    return range(start, end), following


async def business_domains(request: Request) -> Response:
    """One page of business domains; the parameter of the token lost its dollar sign in 2026."""
    estate = estate_of(request)
    rows = [one for one in catalog.domains(estate.seed) if is_open(request, one.number)]
    name = "skipToken" if request.query_params["api-version"] == WITH_ASSETS else "$skipToken"
    places, following = token_page(request, name, DOMAIN_PAGE, len(rows))
    answer: Json = {"value": [catalog_rows.domain(estate, rows[at]) for at in places]}
    if following is not None:
        answer["nextLink"] = link(request, **{name: following})
    return json_answer(answer)


async def business_domain(request: Request) -> Response:
    """One business domain."""
    estate, guid = estate_of(request), request.path_params["id"]
    one = next((one for one in catalog.domains(estate.seed) if one.id == guid), None)
    if one is None:
        return not_found("business domain")
    if not is_open(request, one.number):
        return forbidden()
    return json_answer(catalog_rows.domain(estate, one))


async def policies(request: Request) -> Response:
    """One page of policies, in a list `values` with the token beside it; refused without a role on the account."""
    if is_narrow(request) or not request.app.state.account_access:
        return plane_error(403, "Unauthorized", "Not authorized to access account")
    rows = catalog_policies.policies(estate_of(request))
    places, following = token_page(request, "skipToken", POLICY_PAGE, len(rows))
    answer: Json = {"values": [rows[at] for at in places]}
    return json_answer(answer | ({"skipToken": following} if following else {}))


def _listed(request: Request, total: int, rows: Rows, *, linked: bool) -> Response:
    """A page turned by `skip` and `top`; some lists give the address of the next page, others do not."""
    skip = paging.integer(request.query_params, "skip", 0)
    top = min(paging.integer(request.query_params, "top", MOST) or MOST, MOST)
    end = min(skip + top, total)
    answer: Json = {"value": rows(estate_of(request), skip, end)}
    if linked and end < total:
        answer["nextLink"] = link(request, skip=str(end), top=str(top))
    return json_answer(answer)


async def data_products(request: Request) -> Response:
    """One page of data products."""
    held = catalog.held(estate_of(request)).products
    found = [one for one in held if is_open(request, one.domain)]

    def rows(estate: Estate, start: int, end: int) -> Sequence[Json]:
        return [catalog_rows.product(estate, one) for one in found[start:end]]

    return _listed(request, len(found), rows, linked=True)


async def data_assets(request: Request) -> Response:
    """One page of data assets; older versions of the API do not have them."""
    if request.query_params["api-version"] != WITH_ASSETS:
        return not_found("resource")
    held = catalog.held(estate_of(request))
    open_to = {at for one in held.products if is_open(request, one.domain) for at in one.slots}
    slots = [slot for slot in held.slots if slot in open_to]

    def rows(estate: Estate, start: int, end: int) -> Sequence[Json]:
        return [catalog_rows.asset(estate, slot) for slot in slots[start:end]]

    return _listed(request, len(slots), rows, linked=True)


async def terms(request: Request) -> Response:
    """One page of terms."""

    def rows(estate: Estate, start: int, end: int) -> Sequence[Json]:
        return [catalog_terms.term(estate, number) for number in numbers[start:end]]

    numbers = _numbers(request, catalog.TERMS_PER_DOMAIN)
    return _listed(request, len(numbers), rows, linked=False)


async def elements(request: Request) -> Response:
    """One page of critical data elements."""
    held = catalog.held(estate_of(request)).elements
    found = [one for one in held if is_open(request, one.domain)]

    def rows(estate: Estate, start: int, end: int) -> Sequence[Json]:
        return [catalog_terms.element(estate, one) for one in found[start:end]]

    return _listed(request, len(found), rows, linked=False)


async def objectives(request: Request) -> Response:
    """One page of objectives."""

    def rows(estate: Estate, start: int, end: int) -> Sequence[Json]:
        return [catalog_terms.objective(estate, number) for number in numbers[start:end]]

    numbers = _numbers(request, catalog.OBJECTIVES_PER_DOMAIN)
    return _listed(request, len(numbers), rows, linked=False)


def _unknown_type(request: Request) -> Response | None:
    word = request.query_params.get("entityType", "")
    if word in ENTITY_TYPES:
        return None
    return plane_error(400, "InvalidEntityType", f"The entity type {word!r} is not valid.")


async def data_product(request: Request) -> Response:
    """One data product."""
    estate = estate_of(request)
    product = catalog.held(estate).by_id.get(request.path_params["id"])
    if product is None:
        return not_found("data product")
    if not is_open(request, product.domain):
        return forbidden()
    return json_answer(catalog_rows.product(estate, product))


async def product_relations(request: Request) -> Response:
    """What one data product is related to."""
    estate = estate_of(request)
    product = catalog.held(estate).by_id.get(request.path_params["id"])
    if product is None:
        return not_found("data product")
    kind = request.query_params.get("entityType", "")
    rows = catalog_rows.relations(estate, product, kind)
    return _unknown_type(request) or json_answer({"value": rows})


async def term_relations(request: Request) -> Response:
    """What one term is related to."""
    estate, guid = estate_of(request), request.path_params["id"]
    number = catalog_relations.term_numbers(estate).get(guid)
    if number is None:
        return not_found("term")
    kind = request.query_params.get("entityType", "")
    rows = catalog_terms.term_relations(estate, number, kind)
    return _unknown_type(request) or json_answer({"value": rows})


async def element_relations(request: Request) -> Response:
    """What one critical data element is related to."""
    estate, guid = estate_of(request), request.path_params["id"]
    element = next((one for one in catalog.held(estate).elements if one.id == guid), None)
    if element is None:
        return not_found("critical data element")
    kind = request.query_params.get("entityType", "")
    rows = catalog_terms.element_relations(estate, element, kind)
    return _unknown_type(request) or json_answer({"value": rows})


async def data_column(request: Request) -> Response:
    """One data column; older versions of the API do not have them."""
    estate = estate_of(request)
    place = catalog.held(estate).columns.get(request.path_params["id"])
    if place is None or request.query_params["api-version"] != WITH_ASSETS:
        return not_found("data column")
    return json_answer(catalog_rows.column(estate, *place))


async def key_results(request: Request) -> Response:
    """Key results of one objective."""
    estate, guid = estate_of(request), request.path_params["id"]
    numbers = range(len(DOMAINS) * catalog.OBJECTIVES_PER_DOMAIN)
    number = next((at for at in numbers if catalog.objective_id(estate.seed, at) == guid), None)
    if number is None:
        return not_found("objective")
    return json_answer({"value": catalog_terms.key_results(estate, number)})


BASE = "/datagovernance/catalog"
ROUTES = [
    Route(BASE + "/businessdomains", business_domains),
    Route(BASE + "/businessdomains/{id}", business_domain),
    Route(BASE + "/policies", policies),
    Route(BASE + "/dataProducts", data_products),
    Route(BASE + "/dataProducts/{id}", data_product),
    Route(BASE + "/dataProducts/{id}/relationships", product_relations),
    Route(BASE + "/dataAssets", data_assets),
    Route(BASE + "/dataColumns/{id}", data_column),
    Route(BASE + "/terms", terms),
    Route(BASE + "/terms/{id}/relationships", term_relations),
    Route(BASE + "/criticalDataElements", elements),
    Route(BASE + "/criticalDataElements/{id}/relationships", element_relations),
    Route(BASE + "/objectives", objectives),
    Route(BASE + "/objectives/{id}/keyResults", key_results),
]
