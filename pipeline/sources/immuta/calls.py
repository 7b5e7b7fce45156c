"""Kinds of calls that many endpoints of Immuta make."""

from pipeline.collect.endpoint import Endpoint, Total
from pipeline.collect.paging import offset, single

GOVERN_PAGE = offset("hits", size="size", count=200)
REQUEST_PAGE = offset("data", size="limit", count=100)
SECRETS = frozenset(
    {
        "password",
        "privateKey",
        "privateKeyPassword",
        "clientSecret",
        "token",
        "accessToken",
        "secret",
        "accessKey",
        "secretKey",
        "userFiles",
        "passphrase",
        "apiKey",
    }
)
"""Keys whose values are struck out before an answer is hashed or stored."""


def per_source(
    name: str, path: str, tables: tuple[str, ...], items: str = "", total: Total = Total.NONE
) -> Endpoint:
    """A read of one thing about every data source."""
    return Endpoint(
        name,
        "govern",
        path,
        tables,
        single,
        items=items,
        total=total,
        for_each="select distinct key from data_source_item",
        after=("data_source",),
        redact=SECRETS,
    )


def per_product(name: str, tables: tuple[str, ...], path: str, total: Total) -> Endpoint:
    """A paged list of every data product."""
    return Endpoint(
        name,
        "request",
        f"/api/data-product/{{key}}/{path}",
        tables,
        REQUEST_PAGE,
        items="data",
        total=total,
        for_each="select distinct key from data_product_item",
        after=("data_product",),
    )
