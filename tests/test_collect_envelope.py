"""A page is either what its endpoint promises, or refused with a reason that helps."""

import json
from typing import Any

import duckdb
import msgspec
import pytest
from collecting import JSON
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.envelope import open_page
from pipeline.errors import PageError
from pipeline.warehouse import pages

DUCKDB = duckdb.connect()
SHAPES = ("value", "hits", "data", "approvalRecords", "[]", "")


@pytest.mark.parametrize(
    ("body", "items", "reason"),
    [
        (b'{"count": 2}', "value", "the page has no list 'value'"),
        (b'{"id": 7}', "metadata", "the page has no list 'metadata'"),
        (b'{"metadata": {"a": 1}}', "metadata", "the page has no list 'metadata'"),
        (b'{"value": null}', "value", "the page has no list 'value'"),
        (b'{"value": {}}', "value", "Expected `array | null`"),
        (b'{"value": "x"}', "value", "Expected `array | null`"),
        (b"[]", "value", "Expected `object`, got `array`"),
        (b"{}", "[]", "Expected `array`, got `object`"),
        (b"[]", "", "Expected `object`, got `array`"),
        (b"null", "value", "got `null`"),
        (b"<html><h1>Sign in</h1></html>", "value", "starts '<html><h1>Sign in"),
        (b'{"value": [1, 2', "value", "truncated"),
        (b'{"value": [1]}}', "value", "trailing characters"),
        (b"", "value", "truncated"),
        (b"", "", "truncated"),
        (b'{"value": ["\xff\xfe"]}', "value", "invalid start byte"),
        (b'{"value": [], "continuationToken": 7}', "value", "continuationToken"),
        (b'{"value": [], "@search.count": "many"}', "value", "@search.count"),
        (b'{"data": [], "meta": []}', "data", "$.meta"),
        (b"[" * 100_000, "[]", "recursion"),
        (b'{"value": [' + b"[" * 100_000, "value", "recursion"),
    ],
)  # fmt: skip
def test_a_page_that_breaks_its_promise_says_how(body: bytes, items: str, reason: str) -> None:
    """The text names the offence, or how the body starts."""
    with pytest.raises(PageError) as refused:
        open_page(body, items)
    assert reason in str(refused.value)


@given(st.binary(max_size=200), st.sampled_from(SHAPES))
def test_arbitrary_bytes_are_opened_or_refused(body: bytes, items: str) -> None:
    """No body makes anything else happen than a page or a PageError."""
    try:
        page = open_page(body, items)
    except PageError:
        return
    assert page.size(items) >= 0


@given(JSON, st.sampled_from(SHAPES), st.integers(0, 300), st.binary(max_size=3))
def test_damaged_json_that_is_accepted_is_json_all_the_same(
    value: Any, items: str, at: int, damage: bytes
) -> None:
    """What passes here can be read by the engine that loads it: skipped parts were checked as well."""
    body = json.dumps({items: [value], "other": value} if items.isalpha() else value).encode()
    body = body[:at] + damage + body[at + len(damage) :]
    try:
        open_page(body, items)
    except PageError:
        return
    json.loads(body)
    loaded = pages.loadable(body).decode()
    assert DUCKDB.execute("select json_valid(?)", [loaded]).fetchall() == [(True,)]


@given(st.lists(JSON, max_size=5), st.dictionaries(st.text(), JSON, max_size=3))
def test_unknown_fields_do_not_matter(items: list[Any], others: dict[str, Any]) -> None:
    """A page with fields of any name and kind beside its list is that list."""
    page = {f"x-{name}": value for name, value in others.items()} | {"value": items}
    assert open_page(json.dumps(page).encode(), "value").size("value") == len(items)


@given(JSON)
def test_metadata_of_other_pages_does_not_matter(metadata: Any) -> None:
    """A list of that name makes a dictionary; beside another list it may be anything."""
    body = json.dumps({"metadata": metadata, "hits": [1]}).encode()
    assert open_page(body, "hits").size("hits") == 1
    assert open_page(body, "").size("") == 1
    if isinstance(metadata, list):
        assert open_page(body, "metadata").size("metadata") == len(metadata)


@pytest.mark.parametrize(
    ("page", "total"),
    [
        ({"value": [], "@search.count": 7, "count": 3}, 7),
        ({"value": [], "count": 3}, 3),
        ({"value": [], "count": 0, "meta": {"totalCount": 5}}, 0),
        ({"value": [], "meta": {"totalCount": 5}}, 5),
        ({"value": [], "meta": {"nextToken": None}}, None),
        ({"value": []}, None),
    ],
)
def test_the_stated_total_is_found_wherever_it_is(page: dict[str, Any], total: int | None) -> None:
    """Each plane has its own place for it, and zero is a total."""
    assert open_page(json.dumps(page).encode(), "value").total() == total


def test_sizes_of_the_three_shapes() -> None:
    """A list counts its items, a bare list as well, and one object is one."""
    assert open_page(b'{"hits": [1, 2]}', "hits").size("hits") == 2
    assert open_page(b"[1, 2, 3]", "[]").size("[]") == 3
    assert open_page(b'{"id": 4}', "").size("") == 1


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"a\\ud800b", "a\ufffdb"),
        (b"\\uDC00", "\ufffd"),
        (b"\\ud83d\\ude00", "\U0001f600"),
        (b"\\ud83d\\ud83d\\ude00", "\ufffd\U0001f600"),
        (b"\\\\ud800", "\\ud800"),
        (b"\\\\\\ud800", "\\\ufffd"),
        (b"\\ud83d", "\ufffd"),
    ],
)
def test_half_a_surrogate_pair_costs_no_page(sent: bytes, read: str) -> None:
    """An escape that no parser takes is read as U+FFFD; pairs, and backslashes before the letter u, stay."""
    body = b'{"value": [{"name": "' + sent + b'"}]}'
    (row,) = open_page(body, "value").rows("value")
    assert msgspec.json.decode(row) == {"name": read}
    assert pages.item(body, "/value/0/name") == read


@given(JSON)
def test_only_half_pairs_are_touched(value: object) -> None:
    """Any other body is read byte for byte."""
    body = json.dumps(value).encode()
    assert pages.loadable(body) == body
