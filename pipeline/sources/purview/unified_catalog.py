"""The Unified Catalog: business domains and who has which role in them, data products, terms, critical data
elements and objectives (2025-09-15-preview). Data assets and columns exist from 2026-03-20-preview on, and where that
is not offered they can be left out: they count as a plane of their own, `data_assets`, on the same host.

No list states a total. What a data product is made of are data assets of this plane, which in turn
name assets of the Data Map: both lists are read. The same goes for columns. The list of domains may leave out
what this identity is not to see: a domain that other lists name, or a domain as the one above it, and that it lacks is asked for by itself. What belongs to
a domain that is not shown is left out of all other lists, unsaid.
"""

from pipeline.collect.endpoint import Endpoint, Paging, Total
from pipeline.collect.paging import linked, single, skip_token, skipped
from pipeline.sources.purview.listings import lacking

_BASE = "/datagovernance/catalog"
_VERSION = (("api-version", "2025-09-15-preview"),)
_WITH_ASSETS = (("api-version", "2026-03-20-preview"),)
_NAMED_DOMAINS = (
    "select key from domains_above('business_domain_item', 'domain_policy_item') "
    "union select product.domain from data_product_item "
    "union select term.domain from catalog_term_item "
    "union select element.domain from critical_data_element_item "
    "union select objective.domain from objective_item"
)


def _list(name: str, path: str, tables: tuple[str, ...], paging: Paging) -> Endpoint:
    """A list of the whole tenant."""
    return Endpoint(
        name,
        "unified_catalog",
        _BASE + path,
        tables,
        paging,
        params=_VERSION,
        items="value",
        holes=lacking(name),
    )


def _of_each(
    name: str,
    path: str,
    table: str,
    parent: str,
    params: tuple[tuple[str, str], ...],
    plane: str = "unified_catalog",
) -> Endpoint:
    """A list below each item of another one."""
    return Endpoint(
        name,
        plane,
        _BASE + path,
        (table,),
        linked,
        params=params,
        items="value",
        for_each=f"select key from {parent}_item",
        after=(parent,),
    )


def _related(name: str, path: str, table: str, parent: str, entity_type: str) -> Endpoint:
    """What the items of another list are related to, by the kind of the other end."""
    path += "/{key}/relationships"
    kind = ("entityType", entity_type)
    if entity_type == "DATACOLUMN":
        return _of_each(name, path, table, parent, (*_WITH_ASSETS, kind), "data_assets")
    return _of_each(name, path, table, parent, (*_VERSION, kind))


ENDPOINTS = (
    Endpoint(
        "business_domain",
        "unified_catalog",
        _BASE + "/businessdomains",
        ("business_domain", "business_domain_collection"),
        linked,
        params=_VERSION,
        items="value",
        holes=lacking("business_domain"),
    ),
    Endpoint(
        "domain_policy",
        "unified_catalog",
        _BASE + "/policies",
        ("domain_role_assignment",),
        skip_token,
        params=_VERSION,
        items="values",
        holes=lacking("domain_policy"),
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
    _related(
        "data_product_element",
        "/dataProducts",
        "purview_data_product_element",
        "data_product",
        "CRITICALDATAELEMENT",
    ),
    _related(
        "data_product_objective",
        "/dataProducts",
        "purview_data_product_objective",
        "data_product",
        "OBJECTIVE",
    ),
    Endpoint(
        "catalog_asset",
        "data_assets",
        _BASE + "/dataAssets",
        # where it is refused, nobody knows which assets of the Data Map a data product is made of
        ("catalog_asset", "purview_data_product_asset", "catalog_term_asset"),
        skipped("value"),
        params=_WITH_ASSETS,
        items="value",
        holes=lacking("catalog_asset"),
    ),
    _list("catalog_term", "/terms", ("catalog_term", "catalog_term_contact"), skipped("value")),
    _related("term_asset", "/terms", "catalog_term_asset", "catalog_term", "DATAASSET"),
    _related("term_column", "/terms", "catalog_term_column", "catalog_term", "DATACOLUMN"),
    _related("term_relation", "/terms", "catalog_term_relation", "catalog_term", "TERM"),
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
        "data_assets",
        _BASE + "/dataColumns/{key}",
        ("critical_data_element_column", "catalog_term_column"),
        single,
        params=_WITH_ASSETS,
        total=Total.ASKED,
        for_each="select column_id as key from critical_element_column_item "
        "union select column_id from term_column_item",
        after=("critical_element_column", "term_column"),
    ),
    _list("objective", "/objectives", ("objective", "objective_contact"), skipped("value")),
    _of_each("key_result", "/objectives/{key}/keyResults", "key_result", "objective", _VERSION),
    Endpoint(
        "business_domain_alone",
        "unified_catalog",
        _BASE + "/businessdomains/{key}",
        ("listing_difference", "business_domain"),
        single,
        params=_VERSION,
        # of a list that was not read to its end nothing is known to be missing
        for_each=f"select key from ({_NAMED_DOMAINS}) where key is not null "
        "and key not in (select key from business_domain_item) and exists (from business_domain_end)",
        after=("business_domain",),
        helped_by=(
            "domain_policy",
            "data_product",
            "catalog_term",
            "critical_data_element",
            "objective",
        ),
        absent=frozenset({404}),
    ),
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
    Endpoint(
        "data_assets",
        "data_assets",
        _BASE + "/dataAssets",
        (),
        single,
        params=_WITH_ASSETS,
        items="value",
    ),
)
