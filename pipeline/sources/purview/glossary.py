"""Glossaries with their terms and categories (Data Map 2023-09-01).

A large glossary answers 408 when it is asked for with all it holds: it is read without, and what it
holds in small pages.
"""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import offset

PAGE_SIZE = 100

_GLOSSARY = "/datamap/api/atlas/v2/glossary"
_VERSION = (("api-version", "2023-09-01"),)


def _inside(name: str, what: str, tables: tuple[str, ...]) -> Endpoint:
    """What each glossary holds."""
    return Endpoint(
        name,
        "datamap",
        _GLOSSARY + "/{key}/" + what,
        tables,
        offset("[]", count=PAGE_SIZE),
        params=_VERSION,
        items="[]",
        for_each="select key from glossary_item",
        after=("glossary",),
    )


ENDPOINTS = (
    Endpoint(
        "glossary",
        "datamap",
        _GLOSSARY,
        ("glossary",),
        offset("[]", count=PAGE_SIZE),
        params=(*_VERSION, ("ignoreTermsAndCategories", "true")),
        items="[]",
    ),
    _inside("term", "terms", ("term", "term_contact")),
    _inside("glossary_category", "categories", ("glossary_category", "term_category")),
)
