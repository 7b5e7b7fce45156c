"""Entities read in bulk by guid: assets and their columns (Data Map 2023-09-01).

What a bulk read leaves out is asked for by itself. Where that is answered with "not there", search is asked once more:
an asset that it lists still is hidden from this identity and not gone.
"""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single

ENTITIES_PER_CALL = 100
"""Upper bound; more guids than that have been seen to fail, and no maximum is documented."""

_VERSION = (("api-version", "2023-09-01"),)
_BULK = (*_VERSION, ("minExtInfo", "false"), ("ignoreRelationships", "false"))
_ASSET_TABLES = (
    "asset",
    "asset_column",
    "classification",
    "sensitivity_label",
    "contact",
    "contact_conflict",
    "managed_attribute",
    "asset_label",
    "custom_attribute",
    "relationship",
    "term_assignment",
)
_COLUMN_TABLES = ("asset_column", "classification", "sensitivity_label", "term_assignment")


def bulk(
    name: str,
    tables: tuple[str, ...],
    for_each: str,
    after: tuple[str, ...],
    unasked: str = "",
    holes: str = "",
) -> Endpoint:
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
        unasked=unasked,
        holes=holes,
    )


ENDPOINTS = (
    bulk(
        "entity",
        _ASSET_TABLES,
        "select key from detail_wanted",
        ("search_late",),
        "unchanged",
        "select key, string_agg(reason, '; ' order by reason) as reason from half_known group by key",
    ),
    # bulk reads leave out what is gone, and what they will not show: only a read of its own tells which
    Endpoint(
        "entity_alone",
        "datamap",
        "/datamap/api/atlas/v2/entity/guid/{key}",
        (*_ASSET_TABLES, "vanished_asset"),
        single,
        params=_BULK,
        for_each="select key from asked where endpoint = 'purview.entity' "
        "and key not in (select key from entity_item)",
        after=("entity",),
        absent=frozenset({404}),
        again="entity",
    ),
    Endpoint(
        "search_alone",
        "datamap",
        "/datamap/api/search/query",
        ("vanished_asset", "asset"),
        single,
        method="POST",
        params=_VERSION,
        body={"keywords": "*", "limit": 1, "orderby": [{"id": "ASC"}]},
        items="value",
        for_each="select key, json_object('id', key) as filter from gone "
        "where endpoint = 'purview.entity_alone'",
        after=("entity_alone",),
    ),
    bulk(
        "schema",
        _COLUMN_TABLES,
        "select key from schema_wanted",
        # which attribute holds the columns is unknown without the definitions of the types
        ("entity_alone", "entity_def"),
    ),
    bulk("column", _COLUMN_TABLES, "select key from column_wanted", ("schema",)),
)

CARRIED = {
    "asset": "guid",
    "asset_column": "asset_guid",
    "classification": "asset_guid",
    "sensitivity_label": "asset_guid",
    "contact": "asset_guid",
    "contact_conflict": "asset_guid",
    "managed_attribute": "asset_guid",
    "asset_label": "asset_guid",
    "custom_attribute": "asset_guid",
    "relationship": "asset_guid",
    "term_assignment": "asset_guid",
}
"""Tables whose rows of an unchanged asset are taken over, and the column that names the asset."""
