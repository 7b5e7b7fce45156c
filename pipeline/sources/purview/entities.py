"""Entities read in bulk by guid: assets, their columns, and the processes between them (Data Map 2023-09-01)."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single

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
    _bulk("entity", _ASSET_TABLES, "select key from search_item", ("search",)),
    _bulk("schema", _ASSET_TABLES, "select key from schema_wanted", ("entity",)),
    _bulk("column", _ASSET_TABLES, "select key from column_wanted", ("schema",)),
    _bulk(
        "process",
        ("process", "lineage_edge", "column_lineage"),
        "select key from process_wanted",
        ("entity",),
    ),
)
