"""Access to data products: who asked for it and what was decided, the policies that requests are held against,
and the reviews (data access 2023-10-01-preview).

Whether this plane is offered to every customer is not documented. Where it is not, every address
answers 404, so 404 means "no policy set here" only once the plane's own list was read. What a data product takes over
from its terms and critical data elements is in its effective policy set, and in the sets of these.
A data product that requests name and the list of data products lacks is asked for by itself.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import linked, single
from pipeline.sources.purview.listings import lacking

_BASE = "/datagovernance/access"
_VERSION = (("api-version", "2023-10-01-preview"),)


def approvals_in_an_object(body: bytes) -> bytes:
    """The approvals of a run as one object: the published schema has it so, a published example shows a bare list."""
    start = body.lstrip()
    return b'{"wrapped":true,"value":' + body + b"}" if start[:1] == b"[" else body


def _policy_set(name: str, of_what: str, parent: str, kind: str = "applied") -> Endpoint:
    """The policy set of each thing of a kind: its own, or with those of others laid over it."""
    return Endpoint(
        f"{name}_policy_set",
        "data_access",
        f"{_BASE}/{of_what}/{{key}}/policySets/{kind}",
        ("access_policy_set",),
        single,
        params=_VERSION,
        for_each=f"select key from {parent}_item",
        after=(parent, "data_subscription"),
        # it has no policies of its own
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
        holes=lacking("data_subscription"),
    ),
    _policy_set("applied", "dataProducts", "data_product"),
    _policy_set("effective", "dataProducts", "data_product", "effective"),
    _policy_set("domain", "businessDomains", "business_domain"),
    _policy_set("term", "terms", "catalog_term"),
    _policy_set("element", "criticalDataElements", "critical_data_element"),
    Endpoint(
        "access_workflow",
        "data_access",
        f"{_BASE}/workflows",
        ("access_workflow",),
        linked,
        params=_VERSION,
        items="value",
        holes=lacking("access_workflow"),
    ),
    Endpoint(
        "access_workflow_run",
        "data_access",
        f"{_BASE}/workflowRuns",
        ("access_workflow_run",),
        linked,
        params=_VERSION,
        items="value",
        holes=lacking("access_workflow_run"),
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
        as_json=approvals_in_an_object,
    ),
    Endpoint(
        "data_product_alone",
        "unified_catalog",
        "/datagovernance/catalog/dataProducts/{key}",
        ("listing_difference", "purview_data_product"),
        single,
        params=(("api-version", "2025-09-15-preview"),),
        # of a list that was not read to its end nothing is known to be missing
        for_each="select distinct product_id as key from data_subscription where product_id <> '' "
        "and product_id not in (select key from data_product_item) and exists (from data_product_end)",
        after=("data_product",),
        helped_by=("data_subscription",),
        absent=frozenset({404}),
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
