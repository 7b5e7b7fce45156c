"""The people of Govern: who asks, identity providers, users, groups and their members, attributes of both."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import GOVERN_PAGE, SECRETS, not_whole

SEES = frozenset({"GOVERNANCE", "USER_ADMIN"})
"""Permissions, one of which shows all people."""

ENDPOINTS = (
    Endpoint("govern_caller", "govern", "/bim/rpc/user/current", ("caller",), single),
    Endpoint("request_caller", "request", "/api/auth/user", ("caller",), single),
    Endpoint(
        "request_token",
        "request",
        "/api/auth/tokens",
        ("request_token",),
        single,
        items="[]",
        # an app that signs in another way
        absent=frozenset({404}),
    ),
    Endpoint(
        "iam",
        "govern",
        "/bim/iam",
        ("immuta_iam",),
        single,
        items="[]",
        redact=SECRETS,
        needs=SEES,
    ),
    Endpoint(
        "user",
        "govern",
        "/bim/user",
        ("immuta_user", "immuta_attribute"),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
        holes=not_whole("user"),
        needs=SEES,
    ),
    Endpoint(
        "group",
        "govern",
        "/bim/group",
        ("immuta_group", "immuta_attribute"),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
        needs=SEES,
    ),
    Endpoint(
        "group_member",
        "govern",
        "/bim/group/{key}/user",
        ("immuta_group_member",),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
        for_each="select distinct key from group_item",
        after=("group",),
        # a group that was deleted since it was listed has no members
        absent=frozenset({404}),
    ),
)
