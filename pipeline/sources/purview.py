"""Microsoft Purview: Data Map, account and scanning planes.

Endpoint names are the second half of `purview.<name>` in tables. Paging styles and versions follow
Microsoft's published OpenAPI files (Azure/azure-rest-api-specs, Data Map and Scanning 2023-09-01,
account 2019-11-01-preview).
"""

from importlib import resources

from pipeline.collect.endpoint import Endpoint, Source, Total
from pipeline.collect.paging import continuation, next_link, offset, single

SEARCH_LIMIT = 1000
ENTITIES_PER_CALL = 100
"""Upper bound; the URL's length binds first, at about 90."""

_VERSION = (("api-version", "2023-09-01"),)
_BULK = (*_VERSION, ("minExtInfo", "false"), ("ignoreRelationships", "false"))
_ASSET_TABLES = (
    "asset",
    "asset_column",
    "classification",
    "contact",
    "term_assignment",
)


def _bulk(name: str, tables: tuple[str, ...], for_each: str, after: tuple[str, ...]) -> Endpoint:
    """A read of many entities by guid."""
    return Endpoint(
        name,
        "datamap",
        "/datamap/api/atlas/v2/entity/bulk",
        tables,
        single,
        params=_BULK,
        items="entities",
        total=Total.ASKED,
        for_each=for_each,
        after=after,
        batch=ENTITIES_PER_CALL,
        key_param="guid",
    )


ENDPOINTS = (
    Endpoint(
        "search",
        "datamap",
        "/datamap/api/search/query",
        ("asset",),
        continuation,
        method="POST",
        params=_VERSION,
        body={"keywords": "*", "limit": SEARCH_LIMIT, "orderby": [{"id": "ASC"}]},
        items="value",
        total=Total.SERVER,
    ),
    _bulk("entity", _ASSET_TABLES, "select key from search_item", ("search",)),
    _bulk("schema", _ASSET_TABLES, "select key from schema_wanted", ("entity",)),
    _bulk("column", _ASSET_TABLES, "select key from column_wanted", ("schema",)),
    _bulk(
        "process",
        ("process", "lineage_edge", "column_lineage"),
        "select key from process_wanted",
        ("entity",),
    ),
    Endpoint(
        "classification_def",
        "datamap",
        "/datamap/api/atlas/v2/types/typedefs",
        ("classification_def",),
        single,
        params=(*_VERSION, ("type", "CLASSIFICATION")),
        items="classificationDefs",
    ),
    Endpoint(
        "glossary",
        "datamap",
        "/datamap/api/atlas/v2/glossary",
        ("glossary",),
        # without the flag a large glossary answers 408
        offset("[]", count=100),
        params=(*_VERSION, ("ignoreTermsAndCategories", "true")),
        items="[]",
    ),
    Endpoint(
        "term",
        "datamap",
        "/datamap/api/atlas/v2/glossary/{key}/terms",
        ("term", "term_contact"),
        offset("[]", count=500),
        params=_VERSION,
        items="[]",
        for_each="select key from glossary_item",
        after=("glossary",),
    ),
    Endpoint(
        "collection",
        "account",
        "/account/collections",
        ("collection",),
        next_link,
        params=(("api-version", "2019-11-01-preview"),),
        items="value",
        total=Total.SERVER,
    ),
    Endpoint(
        "data_source",
        "scanning",
        "/scan/datasources",
        ("data_source",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
    ),
    Endpoint(
        "scan",
        "scanning",
        "/scan/datasources/{key}/scans",
        ("scan",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
        for_each="select key from data_source_item",
        after=("data_source",),
    ),
    Endpoint(
        "scan_trigger",
        "scanning",
        "/scan/datasources/{data_source}/scans/{scan}/triggers/default",
        ("scan_trigger",),
        single,
        params=_VERSION,
        for_each="select key, data_source, scan from scan_item",
        after=("scan",),
        # a scan without a schedule
        absent=frozenset({404}),
    ),
    Endpoint(
        "scan_run",
        "scanning",
        "/scan/datasources/{data_source}/scans/{scan}/runs",
        ("scan_run",),
        next_link,
        params=_VERSION,
        items="value",
        total=Total.SERVER,
        for_each="select key, data_source, scan from scan_item",
        after=("scan",),
    ),
)

PROBES = (
    Endpoint(
        "datamap",
        "datamap",
        "/datamap/api/search/query",
        (),
        single,
        method="POST",
        params=_VERSION,
        body={"keywords": "*", "limit": 1},
        items="value",
    ),
    Endpoint(
        "account",
        "account",
        "/account/collections",
        (),
        single,
        params=(("api-version", "2019-11-01-preview"),),
        items="value",
    ),
    Endpoint(
        "scanning", "scanning", "/scan/datasources", (), single, params=_VERSION, items="value"
    ),
)

SOURCE = Source(
    "purview",
    ENDPOINTS,
    resources.files(__package__).joinpath("purview.sql").read_text("utf-8"),
    PROBES,
)
