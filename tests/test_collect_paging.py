"""Every way of turning pages reads a list once, in order, and ends."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect import paging
from pipeline.collect.endpoint import Paging, Request
from pipeline.collect.envelope import Envelope, open_page
from pipeline.collect.rereading import READINGS, SMALLEST_PAGE, Pages
from pipeline.collect.store import identity
from pipeline.errors import PageError, RequestError

REQUEST = Request("GET", "main", "/things", (("api-version", "1"),))
LISTS = st.lists(st.integers(), max_size=60, unique=True)
SIZES = st.integers(1, 20)
Serve = Callable[[Request], dict[str, Any] | list[int]]


def read(turn: Paging, items: str, serve: Serve, calls: int = 200) -> list[int]:
    """The items that the generator's requests bring."""
    found: list[int] = []
    walk = turn(REQUEST)
    request = next(walk)
    for _ in range(calls):
        assert isinstance(request, Request)
        page = open_page(json.dumps(serve(request)).encode(), items)
        found += [json.loads(bytes(item)) for item in page.rows(items)]
        try:
            request = walk.send(page)
        except StopIteration:
            return found
    raise AssertionError("the walk does not end")


def asked(request: Request, name: str) -> str | None:
    return dict(request.params).get(name)


@given(LISTS, SIZES)
def test_a_continuation_token_reads_every_item_once(rows: list[int], size: int) -> None:
    """Tokens in the body go back in the body, and the walk ends where none comes."""

    def serve(request: Request) -> dict[str, Any]:
        start = int((request.body or {}).get("continuationToken", 0))
        page: dict[str, Any] = {"value": rows[start : start + size]}
        if start + size < len(rows):
            page["continuationToken"] = str(start + size)
        return page

    assert read(paging.continuation, "value", serve) == rows


@given(LISTS, SIZES, st.booleans(), st.booleans())
def test_a_list_that_names_its_last_page_is_read_once(
    rows: list[int], size: int, says_so: bool, token_left: bool
) -> None:
    """A token on the last page leads nowhere and is not followed; a server that names no last page ends without a token."""

    def serve(request: Request) -> dict[str, Any]:
        start = int((request.body or {}).get("continuationToken", 0))
        last = start + size >= len(rows)
        page: dict[str, Any] = {"resultData": rows[start : start + size]}
        if says_so:
            page["lastPage"] = last
        if not last or (says_so and token_left):
            page["continuationToken"] = str(start + size)
        return page

    assert read(paging.continuation_to_last_page, "resultData", serve) == rows


def test_a_page_that_is_not_the_last_must_lead_on() -> None:
    """Without a token the rest of the list cannot be read: that is an error, not an end."""
    page = {"resultData": [1], "lastPage": False}
    with pytest.raises(PageError, match="not the last, but has no token"):
        read(paging.continuation_to_last_page, "resultData", lambda _: page)


@given(LISTS, SIZES)
def test_a_cursor_reads_every_item_once(rows: list[int], size: int) -> None:
    """Tokens in `meta` go back as a parameter, and the walk ends at null."""

    def serve(request: Request) -> dict[str, Any]:
        start = int(asked(request, "nextToken") or 0)
        following = str(start + size) if start + size < len(rows) else None
        return {"data": rows[start : start + size], "meta": {"nextToken": following}}

    assert read(paging.cursor, "data", serve) == rows


@given(LISTS, SIZES, st.text(alphabet="ab+/= &%é", min_size=1, max_size=5))
def test_a_next_link_reads_every_item_once(rows: list[int], size: int, salt: str) -> None:
    """Links are followed with their parameters as given, whatever characters are in the token."""

    def serve(request: Request) -> dict[str, Any]:
        token = asked(request, "$skipToken")
        start = int(token.removeprefix(salt)) if token else 0
        page: dict[str, Any] = {"count": len(rows), "value": rows[start : start + size]}
        if start + size < len(rows):
            query = f"api-version=1&$skipToken={quote(f'{salt}{start + size}', safe='')}"
            page["nextLink"] = f"https://purview.example/things?{query}"
        return page

    assert read(paging.next_link, "value", serve) == rows


@given(LISTS, SIZES, SIZES, st.booleans())
def test_offsets_read_every_item_once(rows: list[int], asks: int, cap: int, counted: bool) -> None:
    """A server that caps the page size, with a stated total or without, loses nothing."""

    def serve(request: Request) -> dict[str, Any]:
        start, size = int(asked(request, "offset") or 0), int(asked(request, "size") or 0)
        page: dict[str, Any] = {"hits": rows[start : start + min(size, cap)]}
        return page | ({"count": len(rows)} if counted else {})

    assert read(paging.offset("hits", size="size", count=asks), "hits", serve) == rows


@given(LISTS, SIZES, st.integers(0, 60))
def test_a_total_that_is_too_low_does_not_cut_a_full_page_short(
    rows: list[int], size: int, total: int
) -> None:
    """The stated total is a control total: as long as full pages come there may be more."""

    def serve(request: Request) -> dict[str, Any]:
        start = int(asked(request, "offset") or 0)
        return {"hits": rows[start : start + size], "count": min(total, len(rows))}

    assert read(paging.offset("hits", count=size), "hits", serve) == rows


@given(LISTS, SIZES)
def test_bare_lists_are_read_by_offset_too(rows: list[int], size: int) -> None:
    """A glossary list has no envelope and no total."""

    def serve(request: Request) -> list[int]:
        start = int(asked(request, "offset") or 0)
        return rows[start : start + size]

    assert read(paging.offset("[]", count=size), "[]", serve) == rows


@given(st.lists(st.booleans(), max_size=60), SIZES, SIZES)
def test_hidden_rows_do_not_end_a_list_that_ends_empty(
    shown: list[bool], asks: int, cap: int
) -> None:
    """Without hidden rows the list is read once; hidden ones never bring rows that are none, nor lose any of the first page."""
    rows = list(range(len(shown)))

    def serve(request: Request) -> dict[str, Any]:
        start, limit = int(asked(request, "offset") or 0), int(asked(request, "limit") or 0)
        page = rows[start : start + min(limit, cap)]
        return {"relations": [row for row in page if shown[row]]}

    found = read(paging.until_empty("relations", count=asks), "relations", serve)
    if all(shown):
        assert found == rows
    assert set(found) <= {row for row in rows if shown[row]}
    first = [row for row in rows[: min(asks, cap)] if shown[row]]
    assert found[: len(first)] == first


def test_a_first_page_that_never_ends_is_refused() -> None:
    """A server that pages but ignores the offset would never come to an empty page."""
    page = {"relations": [1, 2]}
    with pytest.raises(PageError, match="the same 2 rows at every offset"):
        read(paging.until_empty("relations", count=2), "relations", lambda _: page)
    assert read(paging.until_empty("relations", count=3), "relations", lambda _: page) == [
        1,
        2,
        1,
        2,
    ]


@pytest.mark.parametrize("total", [None, 3])
def test_a_server_that_knows_no_offset_is_read_once(total: int | None) -> None:
    """A whole list that comes again at every offset is taken as it is."""
    calls = 0

    def serve(_: Request) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        return {"hits": [1, 2, 3], "count": total}

    assert read(paging.offset("hits", count=2), "hits", serve) == [1, 2, 3, 1, 2, 3]
    assert calls == 2


@pytest.mark.parametrize("total", [None, 3])
def test_a_first_page_that_comes_again_and_again_is_refused(total: int | None) -> None:
    """A server that pages but ignores the offset would never show the rest: that is an error, not an end."""
    with pytest.raises(PageError, match="the same 2 rows at every offset"):
        read(paging.offset("hits", count=2), "hits", lambda _: {"hits": [1, 2], "count": total})


@pytest.mark.parametrize("turn", [paging.continuation, paging.cursor, paging.skip_token])
def test_a_repeated_token_is_refused(turn: Paging) -> None:
    """A token that comes a second time would lead in a circle."""
    page = {
        "value": [1],
        "continuationToken": "again",
        "meta": {"nextToken": "again"},
        "skipToken": "again",
    }
    with pytest.raises(PageError, match="repeats a continuation token"):
        read(turn, "value", lambda _: page)


def test_a_link_to_the_page_itself_is_the_end() -> None:
    """A service was seen to link its only page to itself, its parameters in another order."""
    link = "https://purview.example/things?b=2&api-version=1"
    request = Request("GET", "main", "/things", (("api-version", "1"), ("b", "2")))
    walk = paging.next_link(request)
    next(walk)
    with pytest.raises(StopIteration):
        walk.send(Envelope(value=[], nextLink=link))


@pytest.mark.parametrize("path", ["/others", "/things/1", "//evil.example", ""])
def test_a_link_to_another_endpoint_is_refused(path: str) -> None:
    """A link may turn the page, not choose what is read."""
    walk = paging.next_link(REQUEST)
    next(walk)
    with pytest.raises(PageError, match="another endpoint"):
        walk.send(Envelope(value=[], nextLink=f"https://purview.example{path}?x=1"))


def test_a_link_never_leaves_the_plane() -> None:
    """Whatever host a link names, the request stays a path and parameters of the configured plane."""
    walk = paging.next_link(REQUEST)
    next(walk)
    following = walk.send(Envelope(value=[], nextLink="https://evil.example/things?page=2"))
    assert following == Request("GET", "main", "/things", (("page", "2"),))


@pytest.mark.parametrize(
    ("turn", "page"),
    [
        (paging.continuation, {"value": [], "continuationToken": ""}),
        (paging.cursor, {"value": [], "meta": {}}),
        (paging.next_link, {"value": [], "nextLink": ""}),
        (paging.linked, {"value": [], "nextLink": ""}),
        (paging.skip_token, {"value": [], "skipToken": ""}),
        (paging.single, {"value": [], "nextLink": "https://purview.example/things?page=2"}),
    ],
)
def test_nothing_to_go_on_with_is_the_end(turn: Paging, page: dict[str, Any]) -> None:
    """An absent token and an absent link end a list."""
    calls: list[Request] = []

    def serve(request: Request) -> dict[str, Any]:
        calls.append(request)
        return page

    assert read(turn, "value", serve) == []
    assert calls == [REQUEST]


@pytest.mark.parametrize("meta", [{}, {"meta": None}])
def test_a_cursor_list_without_meta_is_a_changed_format(meta: dict[str, Any]) -> None:
    """Nothing counts such lists: a page that does not say whether more follows is refused."""
    with pytest.raises(PageError, match="no 'meta'"):
        read(paging.cursor, "data", lambda _: {"data": [1], **meta})


def shrinking(readings: int) -> tuple[Serve, list[Request]]:
    """A list of six rows, paged by every style at once, that loses its first row under each of the first readings."""
    calls: list[Request] = []

    def serve(request: Request) -> dict[str, Any]:
        calls.append(request)
        token = (request.body or {}).get("continuationToken") or asked(request, "token")
        start = int(token or asked(request, "offset") or 0)
        gone = request.reading <= readings and start > 0
        rows = list(range(1 if gone else 0, 6))
        page: dict[str, Any] = {"value": rows[start : start + 2], "count": len(rows)}
        if start + 2 < len(rows):
            page["continuationToken"] = str(start + 2)
            page["nextLink"] = f"https://purview.example/things?token={start + 2}"
        return page

    return serve, calls


COUNTED: list[Paging] = [paging.continuation, paging.next_link, paging.offset("value", count=2)]


@pytest.mark.parametrize("turn", COUNTED)
def test_a_list_that_shrinks_is_read_again(turn: Paging) -> None:
    """A row that went moved another one up, past the page's edge: the second reading brings it, as other requests."""
    serve, calls = shrinking(readings=1)
    found = read(turn, "value", serve)
    assert set(found) == set(range(6))
    assert {request.reading for request in calls} == {1, 2}
    assert len({identity(request, "toy", "thing") for request in calls}) == len(calls)


@pytest.mark.parametrize("turn", COUNTED)
def test_a_list_that_shrinks_whenever_it_is_read_is_refused(turn: Paging) -> None:
    """After three readings nobody can say that no row was skipped."""
    serve, calls = shrinking(readings=9)
    with pytest.raises(PageError, match="shrank from 6 to 5"):
        read(turn, "value", serve)
    assert calls[-1].reading == READINGS


SIZED: list[tuple[Paging, Request]] = [
    (paging.continuation, Request("POST", "main", "/things", (), {"limit": 500})),
    (paging.cursor, Request("GET", "main", "/things", (("limit", "500"),))),
    (paging.offset("value", count=500), REQUEST),
    (paging.skipped("value", top=500), REQUEST),
]


def size_of(request: Request) -> int:
    """The page size a request asks for."""
    params = dict(request.params)
    return int((request.body or {}).get("limit") or params.get("limit") or params["top"])


@pytest.mark.parametrize(("turn", "request_"), SIZED)
def test_what_takes_too_long_is_asked_for_in_smaller_pages(turn: Paging, request_: Request) -> None:
    """The page size is halved until an answer comes; another failure, or a page that is small already, is final."""
    slow = RequestError("HTTP 408 after 3 tries", 408, slow=True)
    walk = turn(request_)
    sizes = [size_of(next_request(walk))]
    while sizes[-1] > SMALLEST_PAGE:
        sizes.append(size_of(next_request(walk, slow)))
    assert sizes == [500, 250, 125, 62, 31, 15, 10]
    with pytest.raises(RequestError, match="408"):
        walk.throw(slow)
    walk = turn(request_)
    next(walk)
    with pytest.raises(RequestError, match="500"):
        walk.throw(RequestError("HTTP 500 after 6 tries", 500))


def next_request(walk: Pages, error: RequestError | None = None) -> Request:
    """What the generator asks for next, told of a failure."""
    step = next(walk) if error is None else walk.throw(error)
    assert isinstance(step, Request)
    return step


def test_a_list_without_a_page_size_cannot_be_asked_for_less() -> None:
    """An answer that takes too long ends it."""
    walk = paging.next_link(REQUEST)
    next(walk)
    with pytest.raises(RequestError):
        walk.throw(RequestError("HTTP 408 after 3 tries", 408, slow=True))


def test_a_capped_list_is_read_past_its_total() -> None:
    """Pages that repeat a row reach the total early: only a page shorter than the others is the end."""
    rows = list(range(8))

    def serve(request: Request) -> dict[str, Any]:
        start = max(int(asked(request, "offset") or 0) - 1, 0)
        return {"value": rows[start : start + 4], "count": len(rows)}

    assert set(read(paging.offset("value", count=100), "value", serve)) == set(rows)


@given(LISTS, SIZES)
def test_a_skip_token_reads_every_item_once(rows: list[int], size: int) -> None:
    """Tokens beside the list go back as a parameter, and the walk ends where none comes."""

    def serve(request: Request) -> dict[str, Any]:
        start = int(asked(request, "skipToken") or 0)
        page: dict[str, Any] = {"values": rows[start : start + size]}
        return page | ({"skipToken": str(start + size)} if start + size < len(rows) else {})

    assert read(paging.skip_token, "values", serve) == rows


@given(LISTS, SIZES, st.sampled_from(["skipToken", "$skipToken"]), st.booleans())
def test_a_link_of_another_host_reads_every_item_once(
    rows: list[int], size: int, name: str, whole: bool
) -> None:
    """Whatever the token is called, and whether or not the link repeats the other parameters."""

    def serve(request: Request) -> dict[str, Any]:
        assert asked(request, "api-version") == "1"
        start = int(asked(request, name) or 0)
        page: dict[str, Any] = {"value": rows[start : start + size]}
        if start + size < len(rows):
            version = "api-version=1&" if whole else ""
            page["nextLink"] = f"https://inner.example/api/things?{version}{name}={start + size}"
        return page

    assert read(paging.linked, "value", serve) == rows


@given(LISTS, SIZES, SIZES, st.booleans())
def test_skipping_reads_every_item_once(rows: list[int], top: int, cap: int, linked: bool) -> None:
    """A server that caps the page size loses nothing, whether or not it gives the address of the next page."""

    def serve(request: Request) -> dict[str, Any]:
        start, size = int(asked(request, "skip") or 0), int(asked(request, "top") or cap)
        end = start + min(size, cap)
        page: dict[str, Any] = {"value": rows[start:end]}
        if linked and end < len(rows):
            page["nextLink"] = f"https://purview.example/things?skip={end}"
        return page

    assert read(paging.skipped("value", top=top), "value", serve) == rows


def test_a_list_that_only_links_on_is_not_cut_short_by_skipping() -> None:
    """A server that turns its pages by a token, and knows no `skip`, is followed to its end."""

    def serve(request: Request) -> dict[str, Any]:
        if asked(request, "skipToken"):
            return {"value": [3]}
        return {"value": [1, 2], "nextLink": "https://purview.example/things?skipToken=2"}

    assert read(paging.skipped("value", top=100), "value", serve) == [1, 2, 3]


@pytest.mark.parametrize("turn", [paging.linked, paging.skipped("value")])
def test_a_link_of_another_host_stays_at_its_endpoint(turn: Paging) -> None:
    """Only the parameters of such a link count, and only where its path ends in the list's name."""
    walk = turn(REQUEST)
    next(walk)
    following = walk.send(Envelope(value=[], nextLink="https://evil.example/inner/things?page=2"))
    assert following == REQUEST.with_params(page="2")
    with pytest.raises(PageError, match="another endpoint"):
        walk.send(Envelope(value=[], nextLink="https://purview.example/things/1?page=3"))


def test_a_link_of_another_host_to_the_page_itself_is_the_end() -> None:
    """A page that links to itself has nothing after it."""
    walk = paging.linked(REQUEST)
    next(walk)
    with pytest.raises(StopIteration):
        walk.send(Envelope(value=[], nextLink="https://inner.example/api/things?api-version=1"))
