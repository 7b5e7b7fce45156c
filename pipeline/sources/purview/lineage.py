"""Lineage: the processes between assets, read in bulk, and the lineage call for hubs (Data Map 2023-09-01).

Nearly all of it comes from the references between assets and processes. An asset that very many
processes touch does not list them all: there the lineage call states how many neighbours there are,
and its next pages bring those that are missing.
"""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import single, until_empty
from pipeline.sources.purview.entities import bulk

HUB_REFERENCES = 100
"""References to processes in one direction from which on an asset's own list is not taken for whole."""

PAGE_SIZE = 100

_TABLES = ("process", "lineage_edge", "column_lineage")
_VERSION = (("api-version", "2023-09-01"),)


def _next(name: str, direction: str) -> Endpoint:
    """Further neighbours of a hub in one direction."""
    return Endpoint(
        name,
        "datamap",
        "/datamap/api/lineage/{key}/next",
        _TABLES,
        until_empty("relations", count=PAGE_SIZE),
        params=(*_VERSION, ("direction", direction)),
        items="relations",
        total=Total.ASKED,
        for_each=f"select asset_guid as key from lineage_short where direction = '{direction}'",
        after=("lineage",),
    )


ENDPOINTS = (
    bulk("process", _TABLES, "select key from process_wanted", ("entity_alone",)),
    Endpoint(
        "lineage",
        "datamap",
        "/datamap/api/atlas/v2/lineage/{key}",
        _TABLES,
        single,
        params=(*_VERSION, ("direction", "BOTH"), ("depth", "1")),
        total=Total.ASKED,
        for_each=f"select key from listed_lineage where listed >= {HUB_REFERENCES} or is_cut",
        after=("process",),
    ),
    _next("lineage_input", "INPUT"),
    _next("lineage_output", "OUTPUT"),
    bulk(
        "hub_process",
        _TABLES,
        "select key from hub_process_wanted",
        ("lineage_input", "lineage_output"),
    ),
)

CARRIED = {"process": "guid", "lineage_edge": "process_guid", "column_lineage": "process_guid"}
"""Of processes that are unchanged assets; all others are read every night."""
