"""The policy store: who has which role on which collection, and policies about access to data.

Metadata policies 2021-07-01-preview, DevOps policies 2022-11-01-preview, self-service policies
2022-12-01-preview. Reading metadata policies takes the role of collection administrator. No list
states how long it is. The list of roles links its only page to itself, which ends it.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import next_link, single
from pipeline.sources.purview.listings import lacking

_METADATA = (("api-version", "2021-07-01-preview"),)

ENDPOINTS = (
    Endpoint(
        "metadata_role",
        "policy_store",
        "/policyStore/metadataRoles",
        ("metadata_role",),
        next_link,
        params=_METADATA,
        items="values",
    ),
    Endpoint(
        "metadata_policy",
        "policy_store",
        "/policyStore/metadataPolicies",
        ("metadata_policy", "role_assignment"),
        next_link,
        params=_METADATA,
        items="values",
        holes=f"select key, reason from half_read_policy union all {lacking('metadata_policy')}",
    ),
    Endpoint(
        "devops_policy",
        "policy_store",
        "/policyStore/devops-policies",
        ("devops_policy",),
        next_link,
        params=(("api-version", "2022-11-01-preview"),),
        items="value",
    ),
    Endpoint(
        "self_service_policy",
        "policy_store",
        "/policyStore/self-service-policies",
        ("self_service_policy",),
        next_link,
        params=(("api-version", "2022-12-01-preview"),),
        items="value",
    ),
)

PROBES = (
    Endpoint(
        "policy_store",
        "policy_store",
        "/policyStore/metadataRoles",
        (),
        single,
        params=_METADATA,
        items="values",
    ),
)
