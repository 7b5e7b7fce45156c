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
from pipeline.errors import PageError

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


@pytest.mark.parametrize("turn", [paging.continuation, paging.cursor])
def test_a_repeated_token_is_refused(turn: Paging) -> None:
    """A token that comes a second time would lead in a circle."""
    page = {"value": [1], "continuationToken": "again", "meta": {"nextToken": "again"}}
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


def test_a_list_that_shrinks_under_an_offset_is_refused() -> None:
    """A row that went while the list was read moved another one up, past the offset."""
    totals, rows = iter((3, 2)), iter(range(10))
    turn = paging.offset("data", count=1)
    with pytest.raises(PageError, match="shrank from 3 to 2"):
        read(turn, "data", lambda _: {"data": [next(rows)], "count": next(totals)})
