"""The data access plane: requests for data products, the policies they are held against, and their approvals."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import estate_of, json_answer
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.unified import (
    catalog,
    catalog_relations,
    data_access_rows,
    subscriptions,
)
from pipeline.sandbox.purview.unified.catalog_api import is_open, link, not_found, token_page
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]
PAGE = 25
WORKFLOW_PAGE = 5


async def data_subscriptions(request: Request) -> Response:
    """One page of requests of every status, of all products or of one."""
    estate = estate_of(request)
    wanted = request.query_params.get("dataProductId")
    rows = [
        one
        for one in subscriptions.every(estate)
        if wanted in (None, one.product.id) and is_open(request, one.product.domain)
    ]
    places, following = token_page(request, "skipToken", PAGE, len(rows))
    answer: Json = {"value": [data_access_rows.subscription(estate, rows[at]) for at in places]}
    if following is not None:
        answer["nextLink"] = link(request, skipToken=following)
    return json_answer(answer)


async def policy_set(request: Request) -> Response:
    """The policy set of one product; 404 where it has none of its own."""
    estate, kind = estate_of(request), request.path_params["kind"].title()
    product = catalog.held(estate).by_id.get(request.path_params["id"])
    if product is None or kind not in ("Applied", "Effective"):
        return not_found("policy set")
    if kind == "Applied" and not data_access_rows.has_policies(product):
        return not_found("policy set")
    return json_answer(data_access_rows.policy_set(estate, product, kind))


def _applied(kind: str, numbers: Callable[[Estate], dict[str, int]]) -> Endpoint:
    """The route of the policy sets of a kind of thing, whose ids and numbers it is given."""

    async def applied(request: Request) -> Response:
        estate, guid = estate_of(request), request.path_params["id"]
        number = numbers(estate).get(guid)
        found = None
        if number is not None:
            found = data_access_rows.applied_set(estate, kind, guid, number)
        return not_found("policy set") if found is None else json_answer(found)

    return applied


async def workflows(request: Request) -> Response:
    """One page of the workflows, of which each business domain has one."""
    estate = estate_of(request)
    numbers = [at for at in range(len(DOMAINS)) if is_open(request, at)]
    places, following = token_page(request, "skipToken", WORKFLOW_PAGE, len(numbers))
    answer: Json = {"value": [data_access_rows.workflow(estate, numbers[at]) for at in places]}
    if following is not None:
        answer["nextLink"] = link(request, skipToken=following)
    return json_answer(answer)


async def workflow_runs(request: Request) -> Response:
    """Every run of a workflow: this list has no further pages."""
    estate = estate_of(request)
    rows = [
        one
        for one in subscriptions.every(estate)
        if one.run_id is not None and is_open(request, one.product.domain)
    ]
    return json_answer({"value": [data_access_rows.run(estate, one) for one in rows]})


async def run_approvals(request: Request) -> Response:
    """The approvals of one run."""
    estate, guid = estate_of(request), request.path_params["id"]
    found = subscriptions.by_run(estate).get(guid)
    if found is None:
        return not_found("workflow run")
    return json_answer({"value": data_access_rows.approvals(estate, found)})


BASE = "/datagovernance/access"
ROUTES = [
    Route(BASE + "/dataSubscriptions", data_subscriptions),
    Route(BASE + "/dataProducts/{id}/policySets/{kind}", policy_set),
    *(
        Route(f"{BASE}/{of_what}/{{id}}/policySets/applied", _applied(kind, numbers))
        for of_what, kind, numbers in (
            ("businessDomains", "BusinessDomain", catalog_relations.domain_numbers),
            ("terms", "Term", catalog_relations.term_numbers),
            ("criticalDataElements", "CriticalDataElement", catalog_relations.element_numbers),
        )
    ),
    Route(BASE + "/workflows", workflows),
    Route(BASE + "/workflowRuns", workflow_runs),
    Route(BASE + "/workflowRuns/{id}/approvals", run_approvals),
]
