"""Data sources of Govern: the list, what is said of each, the remote table, its columns and who has access."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single
from pipeline.sources.immuta.calls import GOVERN_PAGE, SECRETS, per_source

ENDPOINTS = (
    Endpoint(
        "data_source",
        "govern",
        "/dataSource",
        ("immuta_source",),
        GOVERN_PAGE,
        items="hits",
        total=Total.SERVER,
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
        ("immuta_source",),
        single,
        total=Total.ASKED,
        for_each="select key, technology, handler from handler_wanted",
        after=("data_source_detail",),
        redact=SECRETS,
    ),
    Endpoint(
        "dictionary",
        "govern",
        "/dictionary/{key}",
        ("immuta_column", "immuta_column_tag"),
        single,
        items="metadata",
        for_each="select distinct key from data_source_item",
        after=("data_source",),
        # a source whose dictionary was never made
        absent=frozenset({404}),
    ),
    per_source("access", "/dataSource/{key}/access", ("immuta_membership",), "users"),
)

PROBES = (Endpoint("govern", "govern", "/bim/rpc/user/current", (), single),)
