"""Kinds of calls that many endpoints of Immuta make."""

from collections.abc import Callable
from typing import Any

import msgspec

from pipeline.collect.endpoint import Endpoint, Paging, Request, Total
from pipeline.collect.paging import offset, single
from pipeline.collect.rereading import Pages
from pipeline.errors import PageError
from pipeline.warehouse.pages import loadable

GOVERN_PAGE = offset("hits", size="size", count=200)
SEES_GOVERN = frozenset({"GOVERNANCE"})
"""Permission that shows what belongs to others in Govern: lists are trimmed without it, and say nothing of it."""
SEES_REQUESTS = frozenset({"GOVERNANCE", "AUDIT"})
"""Permissions, one of which shows what belongs to others in the Request app."""
TOTALS = ("count", "total", "totalCount")
"""Names of a stated total where the envelope is not documented."""
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
        "passwd",
        "pwd",
        "credentials",
        "signature",
    }
)
"""Keys whose values are struck out before an answer is hashed or stored, by their ending."""


def counted(items: str) -> Paging:
    """One answer is everything, unless it states more items than came: then the rest is asked for by row offset.

    Whether such a list can be paged is not documented: one that cannot is not whole.
    """

    def pages(request: Request) -> Pages:
        page = yield request
        came, before = page.size(items), page.rows(items)
        while (total := page.total()) is not None and came < total:
            page = yield request.with_params(size=str(total), offset=str(came))
            rows = page.rows(items)
            if not rows or rows == before:
                raise PageError(
                    f"{request.path}: {came} of {total} items came, and no way to the rest"
                )
            came, before = came + len(rows), rows

    return pages


def unwrapped(*names: str, limit: int | None = None) -> Callable[[bytes], bytes]:
    """A translator of answers whose envelope is not documented: a bare list, or a list under one of `names`.

    It makes `hits` of the list, `place` its JSON pointer, `count` the total where one is stated, and
    `whole` whether fewer than `limit` came. An answer without a list is left as it is, and so refused.
    """

    def translate(body: bytes) -> bytes:
        try:
            answer = msgspec.json.decode(loadable(body))
        except (msgspec.DecodeError, RecursionError) as error:
            raise PageError(f"the body is not JSON: {error}") from error
        said = {"": answer} if isinstance(answer, list) else answer
        name = next((name for name in ("", *names) if _is_list(said, name)), None)
        if name is None:
            return body
        rows = said[name]
        totals = [said[total] for total in TOTALS if isinstance(said.get(total), int)]
        page = {"hits": rows, "place": f"/{name}" if name else "", "count": (totals or [None])[0]}
        return msgspec.json.encode({**page, "whole": limit is None or len(rows) < limit})

    return translate


def _is_list(said: Any, name: str) -> bool:
    return isinstance(said, dict) and isinstance(said.get(name), list)


def per_source(
    name: str,
    path: str,
    tables: tuple[str, ...],
    items: str = "",
    total: Total = Total.NONE,
    paging: Paging = single,
) -> Endpoint:
    """A read of one thing about every data source."""
    return Endpoint(
        name,
        "govern",
        path,
        tables,
        paging,
        items=items,
        total=total,
        for_each="select distinct key from data_source_item",
        after=("data_source",),
        redact=SECRETS,
    )


def per_product(
    name: str, tables: tuple[str, ...], path: str, total: Total, *, trimmed: bool = False
) -> Endpoint:
    """A paged list of every data product; `trimmed` where other lists tell what it lacks."""
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
        holes=lacking(name) if trimmed else "",
    )


def request_list(name: str, path: str, tables: tuple[str, ...]) -> Endpoint:
    """A paged list of the Request app that older ones do not have."""
    return Endpoint(
        name,
        "request",
        path,
        tables,
        REQUEST_PAGE,
        items="data",
        total=Total.SERVER,
        absent=frozenset({404}),
    )


def alone(
    name: str,
    plane: str,
    path: str,
    lacks: str,
    named: str,
    *,
    known: str = "",
    after: tuple[str, ...] = (),
    helped_by: tuple[str, ...] = (),
) -> Endpoint:
    """One thing by itself that the list `lacks` should have: of the keys that `named` selects, those that neither it
    nor the relation `known` has. Where that list was not read to its end, nothing is asked."""
    return Endpoint(
        name,
        plane,
        path,
        ("listing_difference",),
        single,
        for_each=f"from ({named}) where key is not null "
        f"and key not in (select key from {known or f'{lacks}_item'}) "
        f"and not exists (from given_up where endpoint = 'immuta.{lacks}')",
        after=(lacks, *after),
        helped_by=helped_by,
        absent=frozenset({404}),
        redact=SECRETS,
    )


def not_whole(name: str, *, by_key: bool = False) -> str:
    """The query for whether other lists have what the list `name` of Govern lacks, as nobody knows what else it does.

    With `by_key`, for each such thing alone.
    """
    key = "key" if by_key else "'*'"
    return (
        f"select {key} as key, concat(count(*), ' of what ', "
        "string_agg(distinct listed_in, ' and ' order by listed_in), ' lists: ', array_to_string(min(key, 3), ', ')) as reason "
        f"from listing_difference where hole and missing_in = 'immuta.{name}' group by 1"
    )


def lacking(name: str) -> str:
    """The query for what the list `name` lacks by what other lists have (`listings.sql`)."""
    return f"select key, reason from trimmed_list where missing_in = 'immuta.{name}'"
