"""Glossaries and their terms (Data Map 2023-09-01)."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import offset

_VERSION = (("api-version", "2023-09-01"),)

ENDPOINTS = (
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
)
