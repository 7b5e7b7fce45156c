"""Microsoft Purview: one module and one SQL file beside it for every group of endpoints.

Endpoint names are the second half of `purview.<name>` in tables. Paging styles and versions follow
Microsoft's published OpenAPI files (Azure/azure-rest-api-specs). The SQL turns pages into public
tables: staging runs a section when its endpoint has been walked. In a section `pages` holds
(page_id, key, body) of the endpoint, once, and <endpoint>_item gets one row per item read.
`from_json` skips unknown keys; a page that lacks its list was refused by the client before. Lists are
trimmed to what the identity may see: what gives that away is in `listings` and `roles`.
"""

from types import ModuleType

from pipeline.collect.endpoint import Source
from pipeline.sources.groups import assembled
from pipeline.sources.purview import (
    account,
    audit,
    data_access,
    entities,
    glossary,
    lineage,
    listings,
    policy_store,
    scanning,
    search,
    types,
    unified_catalog,
    workflow,
)

GROUPS = (
    search,
    entities,
    types,
    glossary,
    lineage,
    account,
    scanning,
    audit,
    policy_store,
    unified_catalog,
    data_access,
    workflow,
    listings,
)
"""In the order in which their SQL is finished."""


def part(*groups: ModuleType) -> Source:
    """The source with these groups alone; those that another one of them reads must be among them."""
    return assembled("purview", __package__, groups)


SOURCE = part(*GROUPS)
