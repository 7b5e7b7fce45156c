"""Classic workflows: changes of terms and assets, and access to data, that wait for somebody's approval
(workflow service 2023-10-01-preview).

Of runs and tasks the service tells the last 90 days, no more. Lists of workflows leave out their steps, so each is read
by itself. Runs are asked for as an administrator of workflows sees them; the list of tasks has no such view and may be
cut to what is the caller's own. What gives that away: runs that an approval begins and of which there is no task, and
tasks of runs, or runs of workflows, that the other list lacks. These are asked for by themselves: a run may have begun
before, and a workflow may be gone.
"""

from typing import Any

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import linked, single
from pipeline.sources.purview.listings import lacking

DAYS = 90
"""The longest time that the service tells of."""

PAGE_SIZE = 1000

_BASE = "/workflow"
_VERSION = (("api-version", "2023-10-01-preview"),)
_LATELY = (*_VERSION, ("timeWindow", f"{DAYS}d"), ("maxpagesize", str(PAGE_SIZE)))


def _endpoint(name: str, path: str, *tables: str, **facts: Any) -> Endpoint:
    """A list where nothing else is said."""
    given: dict[str, Any] = {"paging": linked, "params": _VERSION, "items": "value"} | facts
    return Endpoint(name, "workflow", _BASE + path, tables, **given)


ENDPOINTS = (
    _endpoint(
        "classic_workflow",
        "/workflows",
        "classic_workflow",
        "classic_workflow_trigger",
        holes=lacking("classic_workflow"),
    ),
    _endpoint(
        "classic_workflow_detail",
        "/workflows/{key}",
        "classic_workflow",
        paging=single,
        items="",
        total=Total.ASKED,
        for_each="select key from classic_workflow_item "
        'union select run."workflowId" from classic_workflow_run_item where run."workflowId" is not null',
        after=("classic_workflow",),
        helped_by=("classic_workflow_run",),
        absent=frozenset({404}),
    ),
    _endpoint(
        "classic_workflow_run",
        "/workflowruns",
        "classic_workflow_run",
        params=(*_LATELY, ("viewMode", "admin")),
        holes=lacking("classic_workflow_run"),
    ),
    _endpoint(
        "classic_workflow_task",
        "/workflowtasks",
        "classic_workflow_task",
        "classic_workflow_reply",
        params=_LATELY,
        # the approvals of what runs by now are tasks by then
        helped_by=("classic_workflow_run",),
        holes=lacking("classic_workflow_task"),
    ),
    _endpoint(
        "classic_workflow_run_alone",
        "/workflowruns/{key}",
        "classic_workflow_run",
        paging=single,
        items="",
        for_each='select distinct task."workflowRunId" as key from classic_workflow_task_item '
        'where task."workflowRunId" not in (select key from classic_workflow_run_item)',
        after=("classic_workflow_task",),
        absent=frozenset({404}),
    ),
)

PROBES = (_endpoint("workflow", "/workflows", paging=single),)
