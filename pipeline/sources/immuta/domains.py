"""Domains of Govern: which data sources belong together, and who may do what with all of them."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import offset
from pipeline.sources.immuta.calls import not_whole
from pipeline.sources.immuta.policies import SEES

DOMAIN_PAGE = offset("data", size="size", count=200)
OLDER = "collection"
"""What domains were called in the address before they were named so."""


def per_domain(name: str, what: str) -> Endpoint:
    """A paged list of every domain."""
    return Endpoint(
        name,
        "govern",
        f"/{{place}}/{{key}}/{what}",
        (name,),
        DOMAIN_PAGE,
        items="data",
        for_each="select key, place from domain_listed",
        after=("domain", "domain_older"),
        # a domain that was deleted since it was listed
        absent=frozenset({404}),
    )


ENDPOINTS = (
    Endpoint(
        "domain",
        "govern",
        "/{key}",
        ("immuta_domain",),
        DOMAIN_PAGE,
        items="data",
        for_each="select 'domain' as key",
        one_list=True,
        holes=not_whole("domain"),
        needs=SEES,
        # a tenant that has domains under their older name only; one without either is a gap of `domain_older`
        absent=frozenset({404}),
    ),
    Endpoint(
        "domain_older",
        "govern",
        "/{key}",
        ("immuta_domain",),
        DOMAIN_PAGE,
        items="data",
        for_each=f"select '{OLDER}' as key from gone where endpoint = 'immuta.domain'",
        after=("domain",),
        one_list=True,
        needs=SEES,
    ),
    per_domain("domain_source", "datasources"),
    per_domain("domain_permission", "permissions"),
)
