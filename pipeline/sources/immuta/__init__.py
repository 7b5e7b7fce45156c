"""Immuta: Govern V1 on the tenant's host (plane `govern`), and the Request app's API (plane `request`).

Endpoint names are the second half of `immuta.<name>` in tables. Lists are trimmed to what the
credential may see without a word, so an auditor's key needs GOVERNANCE or AUDIT. The Request app
follows Immuta's published OpenAPI file; Govern's documentation names keys, but no shapes, so its SQL
takes every shape that was published or seen.
"""

from pipeline.sources.groups import assembled
from pipeline.sources.immuta import data_sources, people, policies, products, requests

GROUPS = (data_sources, policies, people, products, requests)
"""In the order in which their SQL is finished."""

SOURCE = assembled("immuta", __package__, GROUPS)
