"""What a query rests on: the public tables it names, those behind views included."""

import re
from functools import cache

from pipeline.warehouse import schema

_VIEWS = {
    "sensitive_class": {"classification", "sensitivity"},
    "sensitive_column": {"classification", "sensitivity", "asset_column"},
    "sensitive_asset": {"classification", "sensitivity", "asset_column"},
    "finding": {"verdict"},
    "explained_grant": {
        "immuta_membership",
        "immuta_source",
        "access_request",
        "data_product_source",
        "request_user",
        "link",
        "immuta_column_tag",
    },
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
"""The tables behind views that queries name."""


@cache
def tables_in(sql: str) -> frozenset[str]:
    """The public tables that a query names, those behind views included."""
    named = set(re.findall(r"[a-z_]+", sql.lower()))
    behind = {table for view, tables in _VIEWS.items() if view in named for table in tables}
    return frozenset((named & set(schema.tables())) | behind)
