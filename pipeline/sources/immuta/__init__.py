"""Immuta: Govern V1 on the tenant's host (plane `govern`), the Request app's API (plane `request`),
and what was done in Immuta (plane `activity`: on the host of Govern, or from files).

Endpoint names are the second half of `immuta.<name>` in tables. Lists are trimmed to what the
credential may see without a word: endpoints say which permissions they need to be whole. The Request app
follows Immuta's published OpenAPI file; Govern's documentation names keys, but no shapes, so its SQL
takes every shape that was published or seen.
"""

from types import ModuleType

from pipeline.collect.endpoint import Source
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import (
    activity,
    applied_tags,
    assets,
    connections,
    data_sources,
    dictionaries,
    domains,
    govern_listings,
    listings,
    people,
    policies,
    products,
    projects,
    request_domains,
    request_forms,
    requests,
)

GROUPS = (
    data_sources,
    dictionaries,
    connections,
    policies,
    projects,
    domains,
    people,
    products,
    requests,
    request_forms,
    assets,
    request_domains,
    applied_tags,
    govern_listings,
    listings,
    activity,
)
"""In the order in which their SQL is finished."""


def part(*groups: ModuleType) -> Source:
    """The source with these groups alone; those that another one of them reads must be among them."""
    return assembled("immuta", __package__, groups)


SOURCE = part(*GROUPS)
