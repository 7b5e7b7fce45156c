"""Data sources of Govern: the list, what is said of each, the remote table, who has access, the policies in force.

The list has only what the credential may see, disabled sources among it. A handler that answers 404
is missing data: the remote table is then not known. A policy handler that does is not: no data
policy was ever made for the source.
"""

from dataclasses import replace

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import (
    GOVERN_PAGE,
    SECRETS,
    SEES_GOVERN,
    counted,
    not_whole,
    per_source,
)

ENDPOINTS = (
    Endpoint(
        "data_source",
        "govern",
        "/dataSource",
        ("immuta_source",),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
        holes=not_whole("data_source", by_key=True),
        redact=SECRETS,
        needs=SEES_GOVERN,
    ),
    per_source(
        "data_source_detail",
        "/dataSource/{key}",
        ("immuta_source", "policy_application", "immuta_source_tag"),
        total=Total.ASKED,
    ),
    Endpoint(
        "handler",
        "govern",
        "/{technology}/handler/{handler}",
        ("immuta_source", "immuta_remote_column"),
        single,
        total=Total.ASKED,
        for_each="select key, technology, handler from handler_wanted",
        after=("data_source_detail",),
        redact=SECRETS,
    ),
    per_source(
        "access",
        "/dataSource/{key}/access",
        ("immuta_membership", "immuta_group_access"),
        "users",
        paging=counted("users"),
    ),
    replace(
        per_source(
            "source_policy",
            "/policy/handler/{key}",
            ("source_policy", "policy_exemption"),
            total=Total.ASKED,
        ),
        for_each="""select distinct key from data_source_detail_item where source."policyHandler" is not null""",
        after=("data_source_detail",),
        absent=frozenset({404}),
    ),
    Endpoint(
        "pending_subscription",
        "govern",
        "/subscription/getPendingRequestsForUser",
        ("pending_subscription",),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
        holes=not_whole("pending_subscription"),
        redact=SECRETS,
        # by its name a list for whoever asks
        needs=SEES_GOVERN,
    ),
)

PROBES = (Endpoint("govern", "govern", "/bim/rpc/user/current", (), single),)
