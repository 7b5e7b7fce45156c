"""The workflow service of Purview: classic workflows, their runs, and what these have people do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import clock, paging
from pipeline.sandbox.answers import estate_of, forbidden, is_narrow, json_answer, plane_error
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview import next_links, workflows
from pipeline.sandbox.purview.workflows import Run

WORKFLOW_PAGE = 4
PAGE = 100
WINDOWS = ("1d", "7d", "30d", "90d")


async def every(request: Request) -> Response:
    """One page of the workflows."""
    estate = estate_of(request)
    rows = [workflows.metadata(estate, one) for one in workflows.workflows(estate)]
    return json_answer(next_links.page(request, rows, WORKFLOW_PAGE))


async def one_of_all(request: Request) -> Response:
    """One workflow with its steps."""
    estate, wanted = estate_of(request), request.path_params["workflow"]
    for one in workflows.workflows(estate):
        if one.id == wanted:
            return json_answer(workflows.whole(estate, one))
    return plane_error(404, "WorkflowNotFound", "The workflow does not exist.")


def _lately(request: Request, estate: Estate) -> list[Run] | None:
    """The runs of the time asked for; None where there is no such time."""
    window = request.query_params.get("timeWindow", WINDOWS[-1])
    if window not in WINDOWS:
        return None
    since = clock.cut(estate.day) - timedelta(days=int(window[:-1]))
    return [one for one in workflows.runs(estate) if one.started >= since]


def _listed(request: Request, as_row: Callable[[Run], dict[str, Any]], *, own: bool) -> Response:
    found = _lately(request, estate_of(request))
    if found is None:
        return plane_error(400, "InvalidTimeWindow", f"timeWindow is one of {', '.join(WINDOWS)}.")
    size = paging.integer(request.query_params, "maxpagesize", PAGE)
    rows = [] if own else [as_row(one) for one in found]
    return json_answer(next_links.page(request, rows, min(max(size, 1), PAGE)))


async def runs(request: Request) -> Response:
    """One page of runs: of all as an administrator sees them, or of those that the caller asked for."""
    own = request.query_params.get("viewMode") != "admin"
    if not own and is_narrow(request):
        return forbidden()
    return _listed(request, workflows.run, own=own)


async def one_run(request: Request) -> Response:
    """One run with its input."""
    estate, wanted = estate_of(request), request.path_params["run"]
    for one in workflows.runs(estate):
        if one.id == wanted:
            return json_answer(workflows.run_in_full(estate, one))
    return plane_error(404, "WorkflowRunNotFound", "The workflow run does not exist.")


async def tasks(request: Request) -> Response:
    """One page of tasks; a caller without permissions is shown what is its own."""
    return _listed(request, workflows.task, own=is_narrow(request))


async def one_task(request: Request) -> Response:
    """One task."""
    estate, wanted = estate_of(request), request.path_params["task"]
    for one in workflows.runs(estate):
        if (found := workflows.task(one))["id"] == wanted:
            return json_answer(found)
    return plane_error(404, "WorkflowTaskNotFound", "The workflow task does not exist.")


BASE = "/workflow"
ROUTES = [
    Route(BASE + "/workflows", every),
    Route(BASE + "/workflows/{workflow}", one_of_all),
    Route(BASE + "/workflowruns", runs),
    Route(BASE + "/workflowruns/{run}", one_run),
    Route(BASE + "/workflowtasks", tasks),
    Route(BASE + "/workflowtasks/{task}", one_task),
]
