"""The Unified Catalog: business domains and who has which role in them, data products, terms, critical data
elements and objectives (2025-09-15-preview; data assets and columns exist from 2026-03-20-preview on).

No list states a total. What a data product is made of are data assets of this plane, which in turn
name assets of the Data Map: both lists are read. The same goes for columns.
"""

from pipeline.collect.endpoint import Endpoint, Paging, Total
from pipeline.collect.paging import linked, single, skip_token, skipped

_BASE = "/datagovernance/catalog"
_VERSION = (("api-version", "2025-09-15-preview"),)
_WITH_ASSETS = (("api-version", "2026-03-20-preview"),)


def _list(name: str, path: str, tables: tuple[str, ...], paging: Paging) -> Endpoint:
    """A list of the whole tenant."""
    return Endpoint(
        name, "unified_catalog", _BASE + path, tables, paging, params=_VERSION, items="value"
    )


def _of_each(
    name: str, path: str, tables: tuple[str, ...], parent: str, params: tuple[tuple[str, str], ...]
) -> Endpoint:
    """A list below each item of another one."""
    return Endpoint(
        name,
        "unified_catalog",
        _BASE + path,
        tables,
        linked,
        params=params,
        items="value",
        for_each=f"select key from {parent}_item",
        after=(parent,),
    )


def _related(name: str, path: str, table: str, parent: str, entity_type: str) -> Endpoint:
    """What the items of another list are related to, by the kind of the other end."""
    version = _WITH_ASSETS if entity_type == "DATACOLUMN" else _VERSION
    params = (*version, ("entityType", entity_type))
    return _of_each(name, f"{path}/{{key}}/relationships", (table,), parent, params)


ENDPOINTS = (
    _list(
        "business_domain",
        "/businessdomains",
        ("business_domain", "business_domain_collection"),
        linked,
    ),
    Endpoint(
        "domain_policy",
        "unified_catalog",
        _BASE + "/policies",
        ("domain_role_assignment",),
        skip_token,
        params=_VERSION,
        items="values",
    ),
    _list(
        "data_product",
        "/dataProducts",
        ("purview_data_product", "purview_data_product_contact"),
        skipped("value"),
    ),
    _related(
        "data_product_asset",
        "/dataProducts",
        "purview_data_product_asset",
        "data_product",
        "DATAASSET",
    ),
    _related("data_product_term", "/dataProducts", "catalog_term_use", "data_product", "TERM"),
    Endpoint(
        "catalog_asset",
        "unified_catalog",
        _BASE + "/dataAssets",
        # where it is refused, nobody knows which assets of the Data Map a data product is made of
        ("catalog_asset", "purview_data_product_asset"),
        skipped("value"),
        params=_WITH_ASSETS,
        items="value",
    ),
    _list("catalog_term", "/terms", ("catalog_term", "catalog_term_contact"), skipped("value")),
    _list(
        "critical_data_element",
        "/criticalDataElements",
        ("critical_data_element", "critical_data_element_contact"),
        skipped("value"),
    ),
    _related(
        "critical_element_column",
        "/criticalDataElements",
        "critical_data_element_column",
        "critical_data_element",
        "DATACOLUMN",
    ),
    _related(
        "critical_element_term",
        "/criticalDataElements",
        "catalog_term_use",
        "critical_data_element",
        "TERM",
    ),
    Endpoint(
        "catalog_column",
        "unified_catalog",
        _BASE + "/dataColumns/{key}",
        ("critical_data_element_column",),
        single,
        params=_WITH_ASSETS,
        total=Total.ASKED,
        for_each="select distinct column_id as key from critical_element_column_item",
        after=("critical_element_column",),
    ),
    _list("objective", "/objectives", ("objective", "objective_contact"), skipped("value")),
    _of_each("key_result", "/objectives/{key}/keyResults", ("key_result",), "objective", _VERSION),
)

PROBES = (
    Endpoint(
        "unified_catalog",
        "unified_catalog",
        _BASE + "/businessdomains",
        (),
        single,
        params=_VERSION,
        items="value",
    ),
)
