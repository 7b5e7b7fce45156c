"""What a query rests on: the public tables it names, those behind views included."""

import re
from functools import cache

from pipeline.warehouse import schema

_ACCESS = {
    "immuta_membership",
    "immuta_source",
    "immuta_user",
    "data_product",
    "data_product_source",
    "product_member",
    "access_request",
    "approval",
    "request_user",
    "policy_application",
    "immuta_policy",
    "policy_condition",
    "immuta_group",
    "immuta_group_access",
    "immuta_group_member",
    "immuta_attribute",
    "immuta_project",
    "project_member",
    "project_source",
}
"""What the grants in force, and why they are there, are worked out from."""

_SOURCE = {"link", "asset", "asset_column", "classification", "sensitivity", "immuta_column_tag"}
"""What the sensitivity of an Immuta data source is worked out from."""

_VIEWS = {
    "sensitive_class": {"classification", "sensitivity"},
    "sensitive_column": {"classification", "sensitivity", "asset_column"},
    "sensitive_asset": {"classification", "sensitivity", "asset_column"},
    "sensitive_source": _SOURCE,
    "sensitive_object": _SOURCE | {"project_source", "data_product_source", "product_column"},
    "sensitive_product": _SOURCE | {"data_product_source", "product_column"},
    "carried_class": {
        "asset",
        "asset_column",
        "classification",
        "process",
        "lineage_edge",
        "column_lineage",
    },
    "finding": {"verdict"},
    "active_grant": _ACCESS,
    "placed_grant": _ACCESS | {"link", "immuta_column_tag"},
    "masking_grant": _ACCESS
    | {
        "masking_exception_column",
        "approved_masking_exception",
        "product_column",
        "request_form_version",
        "policy_masking",
        "immuta_column_tag",
        "classification",
        "asset_column",
        "asset",
    },
    "request_event": {"access_request", "approval", "product_member", "request_user"},
    "link": {"asset", "immuta_source"},
    "link_candidate": {"asset", "immuta_source"},
    "source_tier": {"link", "classification", "sensitivity", "immuta_column_tag"},
    "product_tier": {
        "link",
        "classification",
        "sensitivity",
        "immuta_column_tag",
        "data_product_source",
    },
    "open_finding": {"verdict"},
    "judged": {"verdict"},
    "subject_about": {"asset", "classification", "link", "immuta_source", "data_product"},
    "named_identity": {"identity"},
}
"""The tables behind views, and behind tables worked out when judging, that queries name."""


@cache
def tables_in(sql: str) -> frozenset[str]:
    """The public tables that a query names, those behind views included."""
    named = set(re.findall(r"[a-z_]+", sql.lower()))
    behind = {table for view, tables in _VIEWS.items() if view in named for table in tables}
    return frozenset((named & set(schema.tables())) | behind)
