"""How lists go on from page to page: generators that yield requests and are sent the pages.

Token lists never stop at a count: it is a control total, and the end is an absent token. Row
offsets end with an empty page, or with a short one where no more can follow.
"""

from collections.abc import Generator
from urllib.parse import parse_qsl, urlsplit

from pipeline.collect.endpoint import Paging, Request
from pipeline.collect.envelope import Envelope, Meta
from pipeline.errors import PageError

Pages = Generator[Request, Envelope, None]


def single(request: Request) -> Pages:
    """One answer is everything."""
    yield request


def continuation(request: Request) -> Pages:
    """Token in the body of the answer, sent back in the same body; the end is an absent token."""
    seen: set[str] = set()
    page = yield request
    while page.continuationToken:
        _once(seen, page.continuationToken, request)
        page = yield request.with_body(continuationToken=page.continuationToken)


def cursor(request: Request) -> Pages:
    """`meta.nextToken` in the answer, sent back as a parameter; the end is null.

    Such lists state no total, so a page without `meta` is no end but a changed format.
    """
    seen: set[str] = set()
    page = yield request
    while (token := _meta(page, request).nextToken) is not None:
        _once(seen, token, request)
        page = yield request.with_params(nextToken=token)


def next_link(request: Request) -> Pages:
    """An address in the answer; the end is none, or one that was visited (a service links its only page to itself)."""
    seen = {_relative(request, request.path, request.params)}
    page = yield request
    while page.nextLink:
        parts = urlsplit(page.nextLink)
        link = tuple(parse_qsl(parts.query, keep_blank_values=True))
        if not parts.path.endswith(request.path):
            raise PageError(f"nextLink leads to another endpoint: {parts.path}")
        if (place := _relative(request, request.path, link)) in seen:
            return
        seen.add(place)
        page = yield Request(request.method, request.plane, request.path, link, request.body)


def offset(items: str, *, size: str = "limit", count: int = 100) -> Paging:
    """Row offsets in steps of the rows that came, until nothing more can follow.

    The step is what came, not what was asked, and a short first page is no end: a server that caps
    the page size loses nothing. A stated total ends the list only where the page was short as well.
    A total that falls on the way means that rows moved up over the offset: one may have been skipped.
    """

    def pages(request: Request) -> Pages:
        start = largest = stated = 0
        before: Envelope | None = None
        while True:
            page = yield request.with_params(**{size: str(count), "offset": str(start)})
            rows, total = page.size(items), page.total()
            if total is not None and total < stated:
                raise PageError(
                    f"the list shrank from {stated} to {total} while it was read by offset: "
                    "a row may have been skipped"
                )
            stated = total or 0
            if before is not None and rows and page.rows(items) == before.rows(items):
                return _without_pages(request, rows, total, count)
            start += rows
            short = rows < (largest if total is None else count)
            if rows == 0 or (short and (total is None or start >= total)):
                return
            before, largest = page, max(largest, rows)

    return pages


def _without_pages(request: Request, rows: int, total: int | None, count: int) -> None:
    """Accepts a server that sends its whole list whatever the offset; refuses one that sends a part again."""
    if rows == count if total is None else rows < total:
        raise PageError(f"{request.path}: the server sends the same {rows} rows at every offset")


def _meta(page: Envelope, request: Request) -> Meta:
    if page.meta is None:
        raise PageError(f"{request.path}: the page has no 'meta': whether more follows is unknown")
    return page.meta


def _relative(request: Request, path: str, params: tuple[tuple[str, str], ...]) -> str:
    return f"{request.plane}{path}?{sorted(params)}"


def _once(seen: set[str], token: str, request: Request) -> None:
    if token in seen:
        raise PageError(
            f"{request.path}: the server repeats a continuation token: the walk would never end"
        )
    seen.add(token)
