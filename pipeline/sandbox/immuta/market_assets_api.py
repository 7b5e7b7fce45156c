"""The Immuta Request app: single tables as assets that can be asked for, with their forms and review flows.

Most tables take both from the schema that they are in; some have a form of their own.
"""

from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, draws
from pipeline.sandbox.answers import estate_of, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import forms, request_rows
from pipeline.sandbox.immuta.market_api import BASE, missing
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.immuta.table_requests import asset_id

Json = dict[str, Any]
ONE_IN = 20
"""How many tables there are for one that has a form of its own."""
OPEN, CLOSED, EXCEPTIONS = range(len(forms.STANDARDS))
_KINDS = {"DATA_ACCESS": (OPEN, CLOSED), "MASKING_EXCEPTION": (EXCEPTIONS, EXCEPTIONS)}
"""The tenant's form for each type of request: what a schema has, and what a table of its own has."""


def _drawn(source: DataSource, what: str) -> int:
    return draws.number(ONE_IN, source.dataset.seed, what, source.id)


def has_own_form(source: DataSource) -> bool:
    """Whether a table has a form that it does not take from its schema."""
    return not source.deleted and _drawn(source, "own form") == 0


def takes_exceptions(source: DataSource) -> bool:
    """Whether masking exceptions can be asked for."""
    return _drawn(source, "exceptions") < ONE_IN // 2


def asset_row(estate: Estate, source: DataSource) -> Json:
    """A table as an asset; some name who knows about it."""
    found = request_rows.asset(source)
    if _drawn(source, "expert") < ONE_IN // 4:
        expert = estate.immuta_people[source.id % len(estate.immuta_people)]
        known = {"id": expert.global_id, "name": expert.name, "username": expert.mail}
        found["metadata"]["subjectMatterExperts"] = [known]
    return found | {
        "createdAt": clock.iso_millis(source.created_at),
        "registered": True,
        "stats": {"dataSourceCount": 1},
        "status": "NONE",
        "updatedAt": clock.iso_millis(source.created_at),
    }


def schema_row(source: DataSource) -> Json:
    """The schema that a table is in, as an asset."""
    database, schema, _ = source.path
    return {
        "id": draws.guid(source.dataset.seed, "asset", source.host, database, schema),
        "metadata": {"host": source.host, "legacyType": "schema", "objectPath": [database, schema]},
        "name": schema,
        "type": "DATA_OBJECT",
    }


def form_rows(estate: Estate, source: DataSource) -> Json:
    """The forms of a table by the name that the app gives each."""
    found: Json = {}
    for kind, (inherited, own) in _KINDS.items():
        if kind == "MASKING_EXCEPTION" and not takes_exceptions(source):
            continue
        one = forms.standard(estate, own if has_own_form(source) else inherited)
        from_schema = {} if has_own_form(source) else {"inheritedFrom": schema_row(source)}
        name = "dataAccessForm" if kind == "DATA_ACCESS" else "maskingExceptionForm"
        found[name] = one | from_schema | {"requestType": kind}
    return found


def flow_rows(source: DataSource) -> Json:
    """Who decides about a table where its form leaves that open."""
    if has_own_form(source):
        return {"dataAccessReviewFlow": forms.REVIEW, "maskingExceptionReviewFlow": forms.REVIEW}
    taken = (forms.STEWARDED, forms.OPEN)[source.dataset.domain % 2]
    return {"dataAccessReviewFlow": taken | {"inheritedFrom": schema_row(source)}}


def _table(http: HttpRequest) -> DataSource | None:
    wanted = http.path_params["id"]
    return next((one for one in estate_of(http).data_sources if asset_id(one) == wanted), None)


async def asset(http: HttpRequest) -> Response:
    """One asset."""
    found = _table(http)
    return json_answer(asset_row(estate_of(http), found)) if found else missing("Asset")


async def asset_forms(http: HttpRequest) -> Response:
    """The forms of an asset."""
    found = _table(http)
    return json_answer(form_rows(estate_of(http), found)) if found else missing("Asset")


async def asset_flows(http: HttpRequest) -> Response:
    """The review flows of an asset."""
    found = _table(http)
    return json_answer(flow_rows(found)) if found else missing("Asset")


def assets_of_form(estate: Estate, form_id: str) -> list[Json]:
    """What a form was assigned to: tables for the tenant's own ones, and the product of a product's form."""
    standard = [forms.standard(estate, at)["id"] for at in range(len(forms.STANDARDS))]
    return [
        {"id": asset_id(one), "name": one.path[-1], "requestType": kind, "type": "DATA_OBJECT"}
        for kind, (_, own) in _KINDS.items()
        if standard[own] == form_id
        for one in estate.data_sources
        if has_own_form(one) and (kind == "DATA_ACCESS" or takes_exceptions(one))
    ] + [
        {
            "id": one.id,
            "name": one.name,
            "requestType": form.request_type,
            "type": "DATA_PRODUCT",
        }
        for one in estate.products
        for form in one.forms
        if form.id == form_id
    ]


async def assets_with_form(http: HttpRequest) -> Response:
    """Assets that a form was assigned to."""
    return json_answer(assets_of_form(estate_of(http), http.path_params["id"]))


_ASSET = BASE + "/asset/{id}"
ROUTES = [
    Route(_ASSET, asset),
    Route(_ASSET + "/request-forms", asset_forms),
    Route(_ASSET + "/review-flows", asset_flows),
    Route(BASE + "/request-form/{id}/assets", assets_with_form),
]
