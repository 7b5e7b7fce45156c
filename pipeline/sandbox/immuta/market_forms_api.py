"""The Immuta Request app: request forms in their versions, and data use agreements."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import estate_of, json_answer
from pipeline.sandbox.immuta import forms
from pipeline.sandbox.immuta.market_api import BASE, missing, offset

Json = dict[str, Any]


def _listed(request: Request, found: list[Json]) -> Response:
    """Page of forms or agreements by name."""
    params = request.query_params
    words, exact = params.get("nameFilter", ""), params.get("exactMatch", "false") == "true"
    kept = [
        one
        for one in found
        if one["name"] == words or (not exact and words.lower() in one["name"].lower())
    ]
    key = params.get("sortBy", "name")
    newest = params.get("sortOrder", "asc") == "desc"
    kept.sort(key=lambda one: (one[key], one["id"]), reverse=newest)
    return offset(request, kept, lambda one: one)


def _one(request: Request, found: list[Json]) -> Json | None:
    return next((one for one in found if one["id"] == request.path_params["id"]), None)


async def request_forms(request: Request) -> Response:
    """Page of the forms in force."""
    return _listed(request, forms.listed(estate_of(request)))


async def request_form(request: Request) -> Response:
    """One form in force."""
    found = _one(request, list(forms.every(estate_of(request))))
    return json_answer(found) if found else missing("Request form")


async def form_in_version(request: Request) -> Response:
    """A form as it was in a version."""
    found = forms.in_version(estate_of(request), request.path_params["version"])
    return json_answer(found) if found else missing("Request form")


async def products_with_form(request: Request) -> Response:
    """Data products that a form belongs to."""
    found = [
        {"id": one.id, "name": one.name, "requestTypes": [form.request_type]}
        for one in estate_of(request).products
        for form in one.forms
        if form.id == request.path_params["id"]
    ]
    return json_answer(found)


async def agreements(request: Request) -> Response:
    """Page of data use agreements."""
    return _listed(request, forms.agreements(estate_of(request)))


async def agreement(request: Request) -> Response:
    """One data use agreement."""
    found = _one(request, forms.agreements(estate_of(request)))
    return json_answer(found) if found else missing("Data use agreement")


async def forms_with_agreement(request: Request) -> Response:
    """Forms that an agreement comes with."""
    found = [
        {"id": one["id"], "name": one["name"]}
        for one in forms.every(estate_of(request))
        if request.path_params["id"] in (agreed["id"] for agreed in one["dataUseAgreements"])
    ]
    return json_answer(found)


_FORM, _AGREEMENT = BASE + "/request-form", BASE + "/data-use-agreement"
ROUTES = [
    Route(_FORM, request_forms),
    Route(_FORM + "/version/{version}", form_in_version),
    Route(_FORM + "/{id}", request_form),
    Route(_FORM + "/{id}/data-products", products_with_form),
    Route(_AGREEMENT, agreements),
    Route(_AGREEMENT + "/{id}", agreement),
    Route(_AGREEMENT + "/{id}/request-forms", forms_with_agreement),
]
