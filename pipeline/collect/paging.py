"""How lists go on from page to page: generators that yield requests and are sent the pages.

Token lists never stop at a count: it is a control total, and the end is an absent token. Row
offsets end with an empty page, or with a short one where no more can follow. Lists with a page size
are read anew in smaller pages where a page takes too long, and where rows moved meanwhile.
"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from pipeline.collect.endpoint import Paging, Request, Split
from pipeline.collect.envelope import Envelope, Meta
from pipeline.collect.rereading import SMALLEST_PAGE, Pages, not_less, patiently
from pipeline.errors import PageError, RequestError


def single(request: Request) -> Pages:
    """One answer is everything."""
    yield request


def continuation(
    request: Request, cut: Callable[[Envelope], Split | None] = lambda _: None
) -> Pages:
    """Token in the body of the answer, sent back in the same body; the end is an absent token.

    `cut` may split the list when it has seen its first page.
    """

    def read(request: Request, limit: int | None) -> Pages:
        return _by_token(request.with_body(limit=limit) if limit else request, cut)

    yield from patiently(read, request, (request.body or {}).get("limit"))


def _by_token(request: Request, cut: Callable[[Envelope], Split | None]) -> Pages:
    seen: set[str] = set()
    page = yield request
    if (split := cut(page)) is not None:
        yield split
        return
    stated = page.total() or 0
    while page.continuationToken:
        _once(seen, page.continuationToken, request)
        page = yield request.with_body(continuationToken=page.continuationToken)
        if not page.approximate:
            stated = not_less(request, stated, page)


def continuation_to_last_page(request: Request) -> Pages:
    """As `continuation`, where the answer says which page is the last: that one may still have a token.

    Where it does not say so, the end is an absent token.
    """
    seen: set[str] = set()
    page = yield request
    while not page.lastPage:
        if not page.continuationToken:
            if page.lastPage is None:
                return
            raise PageError(f"{request.path}: the page is not the last, but has no token to go on")
        _once(seen, page.continuationToken, request)
        page = yield request.with_body(continuationToken=page.continuationToken)


def cursor(request: Request) -> Pages:
    """`meta.nextToken` in the answer, sent back as a parameter; the end is null.

    Such lists state no total, so a page without `meta` is no end but a changed format.
    """

    def read(request: Request, limit: int | None) -> Pages:
        return _by_cursor(request.with_params(limit=str(limit)) if limit else request)

    limit = dict(request.params).get("limit")
    yield from patiently(read, request, int(limit) if limit else None)


def _by_cursor(request: Request) -> Pages:
    seen: set[str] = set()
    page = yield request
    while (token := _meta(page, request).nextToken) is not None:
        _once(seen, token, request)
        page = yield request.with_params(nextToken=token)


def next_link(request: Request) -> Pages:
    """An address in the answer; the end is none, or one that was visited (a service links its only page to itself)."""
    yield from patiently(lambda again, _: _by_link(again), request, None)


def _by_link(request: Request) -> Pages:
    seen = {_relative(request, request.path, request.params)}
    page = yield request
    stated = page.total() or 0
    while address := page.nextLink or page.odata_next:
        parts = urlsplit(address)
        link = tuple(parse_qsl(parts.query, keep_blank_values=True))
        if not parts.path.endswith(request.path):
            raise PageError(f"nextLink leads to another endpoint: {parts.path}")
        if (place := _relative(request, request.path, link)) in seen:
            return
        seen.add(place)
        page = yield replace(request, params=link)
        stated = not_less(request, stated, page)


def skip_token(request: Request) -> Pages:
    """`skipToken` in the body of the answer, sent back as a parameter; the end is an absent token."""
    seen: set[str] = set()
    page = yield request
    while page.skipToken:
        _once(seen, page.skipToken, request)
        page = yield request.with_params(skipToken=page.skipToken)


def linked(request: Request) -> Pages:
    """An address in the answer of which only the parameters count, laid over ours: a service behind several
    hosts links to another one, or to its own inner path. The end is none, or one that was visited."""
    page = yield request
    yield from _linked(request, page)


def skipped(items: str, *, top: int = 100) -> Paging:
    """Row offsets in `skip`, as `offset`; where the answer gives an address, that leads on instead, to the end."""
    offsets = offset(items, size="top", skip="skip", count=top)

    def pages(request: Request) -> Pages:
        walk = offsets(request)
        asked = next(walk)
        while True:
            try:
                page = yield asked
            except RequestError as error:
                asked = walk.throw(error)
                continue
            if page.nextLink:
                yield from _linked(request, page)
                return
            try:
                asked = walk.send(page)
            except StopIteration:
                return

    return pages


def offset(items: str, *, size: str = "limit", skip: str = "offset", count: int = 100) -> Paging:
    """Row offsets in steps of the rows that came, until nothing more can follow.

    The step is what came, not what was asked, and a short first page is no end: a server that caps
    the page size loses nothing. A stated total ends the list only where the page was short as well.
    """

    def pages(request: Request) -> Pages:
        yield from patiently(by_offset, request, count)

    def by_offset(request: Request, rows_asked: int | None) -> Pages:
        count = rows_asked or SMALLEST_PAGE
        start = largest = stated = 0
        before: Envelope | None = None
        while True:
            page = yield request.with_params(**{size: str(count), skip: str(start)})
            rows, total = page.size(items), page.total()
            stated = not_less(request, stated, page)
            if before is not None and rows and page.rows(items) == before.rows(items):
                return _without_pages(request, rows, total, count)
            start += rows
            # a server that caps the page size shows by its largest page what is short
            short = rows < (largest or (0 if total is None else count))
            if rows == 0 or (short and (total is None or start >= total)):
                return
            before, largest = page, max(largest, rows)

    return pages


def until_empty(items: str, *, count: int = 100) -> Paging:
    """Row offsets as `offset`, where only a page without rows is the end: one may be short because rows are hidden."""

    def pages(request: Request) -> Pages:
        start = 0
        before: Envelope | None = None
        while True:
            page = yield request.with_params(limit=str(count), offset=str(start))
            rows = page.size(items)
            if rows == 0:
                return
            if before is not None and page.rows(items) == before.rows(items):
                return _without_pages(request, rows, None, count)
            start += rows
            before = page

    return pages


def _linked(request: Request, page: Envelope) -> Pages:
    """The requests after `page`, which answered `request`."""
    seen = {_relative(request, request.path, request.params)}
    while page.nextLink:
        parts = urlsplit(page.nextLink)
        if parts.path.rpartition("/")[2] != request.path.rpartition("/")[2]:
            raise PageError(f"nextLink leads to another endpoint: {parts.path}")
        request = request.with_params(**dict(parse_qsl(parts.query, keep_blank_values=True)))
        if (place := _relative(request, request.path, request.params)) in seen:
            return
        seen.add(place)
        page = yield request


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
