"""Access to data products: who asked for it and what was decided, the policies that requests are held against,
and the reviews (data access 2023-10-01-preview).

Whether this plane is offered to every customer is not documented. Where it is not, every address
answers 404, so 404 means "no policy set here" only once the plane's own list was read.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import linked, single

_BASE = "/datagovernance/access"
_VERSION = (("api-version", "2023-10-01-preview"),)


def _policy_set(kind: str) -> Endpoint:
    """The policy set of each data product: its own, or with those of its domain and terms laid over it."""
    return Endpoint(
        f"{kind}_policy_set",
        "data_access",
        f"{_BASE}/dataProducts/{{key}}/policySets/{kind}",
        ("access_policy_set",),
        single,
        params=_VERSION,
        for_each="select key from data_product_item",
        after=("data_product", "data_subscription"),
        # a data product without policies of its own
        absent=frozenset({404}),
    )


ENDPOINTS = (
    Endpoint(
        "data_subscription",
        "data_access",
        f"{_BASE}/dataSubscriptions",
        ("data_subscription",),
        linked,
        params=_VERSION,
        items="value",
    ),
    _policy_set("applied"),
    _policy_set("effective"),
    Endpoint(
        "access_workflow_run",
        "data_access",
        f"{_BASE}/workflowRuns",
        ("access_workflow_run",),
        linked,
        params=_VERSION,
        items="value",
    ),
    Endpoint(
        "access_approval",
        "data_access",
        f"{_BASE}/workflowRuns/{{key}}/approvals",
        ("access_approval",),
        linked,
        params=_VERSION,
        items="value",
        for_each="select key from access_workflow_run_item",
        after=("access_workflow_run",),
    ),
)

PROBES = (
    Endpoint(
        "data_access",
        "data_access",
        f"{_BASE}/dataSubscriptions",
        (),
        single,
        params=_VERSION,
        items="value",
    ),
)
