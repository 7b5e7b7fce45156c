"""Tags and global policies of Govern."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single

SEES = frozenset({"GOVERNANCE"})
"""The permission that shows the policies, purposes, projects and domains of everybody."""

ENDPOINTS = (
    Endpoint("tag", "govern", "/tag", ("immuta_tag",), single, items="[]"),
    Endpoint(
        "policy",
        "govern",
        "/policy/global",
        (
            "immuta_policy",
            "policy_circumstance",
            "policy_condition",
            "policy_masking",
            "policy_exception",
        ),
        single,
        items="[]",
        needs=SEES,
    ),
)
