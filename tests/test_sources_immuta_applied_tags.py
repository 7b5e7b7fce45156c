"""The search of applied tags: asked of many sources at once, read page by page, and held against what columns and sources show."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from collecting import loaded, rows

from pipeline.collect.endpoint import Request
from pipeline.collect.envelope import Envelope, open_page
from pipeline.collect.staging import Staging
from pipeline.errors import PageError
from pipeline.sources import immuta
from pipeline.sources.immuta import applied_tags, data_sources, dictionaries

SOURCE = immuta.part(data_sources, dictionaries, applied_tags)
[SEARCH] = applied_tags.ENDPOINTS
Page = tuple[str, str | None, bytes]
COLUMN, TABLE = "column.0", "datasource.0"


def tag(number: Any, name: Any, **more: Any) -> dict[str, Any]:
    return {"tagId": number, "name": name, **more}


def page(name: str, key: str | None, body: Any) -> Page:
    return name, key, json.dumps(body).encode()


def found(key: str, *tags: dict[str, Any], total: int | None = None) -> Page:
    total = len(tags) if total is None else total
    return page("applied_tag", key, {"data": list(tags), "total": total})


def asked(
    path: Path,
    pages: Sequence[Page],
    searches: Sequence[str] = (COLUMN, TABLE),
    dictionaries: Sequence[str] = (),
    gone: Sequence[str] = (),
) -> AbstractContextManager[Staging]:
    """As `loaded`, where these searches and dictionaries were asked for, and some dictionaries are not there."""
    keys = {"applied_tag": searches, "dictionary": dictionaries}
    return loaded(path, SOURCE, pages, asked=keys, gone={"dictionary": gone})


def test_a_tag_is_one_row_however_often_it_comes(tmp_path: Path) -> None:
    """Of columns and of sources apart, by its number: two catalogs may have the same name."""
    whole = {"source": "curated", "displayName": "A", "protected": True, "deleted": False,
             "systemCreated": False, "createdBy": 7, "createdAt": "2026-01-05T08:30:00.000Z"}  # fmt: skip
    pages = [
        found(COLUMN, tag(1, "PII.A", **whole), tag(1, "PII.A", **whole), tag(2, "PII.A"), total=3),
        found("column.1", tag(1, "PII.A", **whole)),
        found(TABLE, tag(1, "PII.A")),
    ]
    query = (
        "select model_type, tag_id, tag, tag_source, display_name, protected, created_by, "
        "created_at is null, item from applied_tag order by all"
    )
    blank = (None, None, None, None, True)
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert rows(staging, query) == [
            ("column", 1, "PII.A", "curated", "A", True, 7, False, "/data/0"),
            ("column", 2, "PII.A", *blank, "/data/2"),
            ("datasource", 1, "PII.A", *blank, "/data/0"),
        ]
        assert rows(staging, "select count(distinct key) from immuta.applied_tag_item") == [(5,)]


@pytest.mark.parametrize("lost", [tag(None, "A"), tag("seven", "A"), tag(1, None)])
def test_a_tag_that_cannot_be_told_is_lost(tmp_path: Path, lost: dict[str, Any]) -> None:
    """It has no row, and so counts as lost, while its neighbour has one."""
    with loaded(tmp_path, SOURCE, [found(COLUMN, lost, tag(2, "B"))]) as staging:
        assert rows(staging, "select item from immuta.applied_tag_item") == [("/data/1",)]


SOURCES = page("data_source", None, {
    "hits": [{"id": 5}, {"id": 6, "deleted": True}, *({"id": 100 + at} for at in range(600))],
    "count": 602,
})  # fmt: skip


def test_many_sources_are_searched_at_once(tmp_path: Path) -> None:
    """Those that are not disabled, in groups, once for their columns and once for themselves."""
    with loaded(tmp_path, SOURCE, [SOURCES]) as staging:
        keys = staging.keys(SOURCE, SEARCH)
        calls = [dict(zip(keys.names, row, strict=True)) for row in keys]
    assert [one["key"] for one in calls] == ["column.0", "column.1", "datasource.0", "datasource.1"]
    for first, rest in (calls[:2], calls[2:]):
        assert first["modelType"] == rest["modelType"] == first["key"].partition(".")[0]
        ids = [json.loads(one["dataSourceIds"]) for one in (first, rest)]
        assert [len(one) for one in ids] == [500, 101]
        assert ids[0] + ids[1] == [5, *range(100, 700)]


def pages_of(total: int | None, tags: int, step: int) -> list[tuple[int, int]]:
    """Offset and number of tags of each page of a search, where a page has at most `step`."""
    walk = applied_tags.by_offset(
        Request("POST", "request", "/search", body={"modelType": "column"})
    )
    asked, seen = next(walk), []
    while True:
        body = dict(asked.body or {})
        start = body["offset"]
        assert body == {"modelType": "column", "offset": start, "limit": applied_tags.PAGE}
        rows = [tag(at, f"T{at}") for at in range(start, min(start + step, tags))]
        seen.append((start, len(rows)))
        answer = {"data": rows} if total is None else {"data": rows, "total": total}
        try:
            asked = walk.send(opened(answer))
        except StopIteration:
            return seen


def opened(answer: dict[str, Any]) -> Envelope:
    assert SEARCH.as_json is not None
    return open_page(SEARCH.as_json(json.dumps(answer).encode()), "hits")


@pytest.mark.parametrize(
    ("total", "tags", "step", "pages"),
    [
        (0, 0, 100, [(0, 0)]),
        (100, 100, 100, [(0, 100)]),
        (130, 130, 100, [(0, 100), (100, 30)]),
        (130, 130, 60, [(0, 60), (60, 60), (120, 10)]),
        (140, 130, 100, [(0, 100), (100, 30), (130, 0)]),
        (None, 130, 100, [(0, 100), (100, 30)]),
        (None, 100, 100, [(0, 100), (100, 0)]),
    ],
)
def test_pages_by_the_offset_in_the_body(
    total: int | None, tags: int, step: int, pages: list[tuple[int, int]]
) -> None:
    """Until as many came as there are; a capped page is no end, and without a total a short one is."""
    assert pages_of(total, tags, step) == pages


def test_a_server_that_does_not_heed_the_offset_is_noticed() -> None:
    """The same page again is no further one."""
    walk = applied_tags.by_offset(Request("POST", "request", "/search"))
    next(walk)
    answer = opened({"data": [tag(1, "A")], "total": 5})
    walk.send(answer)
    with pytest.raises(PageError, match="same tags"):
        walk.send(answer)


DIFFERENCES = "select about, key, listed_in, missing_in, cause, hole from listing_difference"
DICTIONARY, DETAIL, SEARCHED = (
    "immuta.dictionary",
    "immuta.data_source_detail",
    "immuta.applied_tag",
)
SHOWN = [
    page("data_source", None, {"hits": [{"id": 5}, {"id": 6, "deleted": True}], "count": 2}),
    page("dictionary", "5", {"metadata": [{"name": "A", "tags": [{"name": "Both"}, {"name": "Shown"}]}]}),
    page("dictionary", "6", {"metadata": [{"name": "A", "tags": [{"name": "Old"}]}]}),
    page("data_source_detail", "5", {"id": 5, "tags": [{"name": "Both"}]}),
]  # fmt: skip
HIDDEN = ("column tag", "Hidden", SEARCHED, DICTIONARY)
UNSEARCHED = ("column tag", "Shown", DICTIONARY, SEARCHED, "unknown", False)


def test_tags_that_only_one_of_search_and_dictionaries_has(tmp_path: Path) -> None:
    """Both ways; a tag that is deleted, or on disabled sources alone, need not be found."""
    pages = [
        *SHOWN,
        found(COLUMN, tag(1, "Both"), tag(2, "Hidden"), tag(3, "Gone", deleted=True)),
        found(TABLE, tag(1, "Both"), tag(4, "Elsewhere")),
    ]
    with asked(tmp_path, pages) as staging:
        assert set(rows(staging, DIFFERENCES)) == {
            (*HIDDEN, "unknown", False),
            ("source tag", "Elsewhere", SEARCHED, DETAIL, "unknown", False),
            UNSEARCHED,
        }


@pytest.mark.parametrize(
    ("dictionaries", "gone", "cause"),
    [(["5", "6", "7"], [], "unread"), (["5", "6", "7"], ["7"], "unknown")],
)
def test_a_dictionary_that_was_not_read_may_have_the_tag(
    tmp_path: Path, dictionaries: list[str], gone: list[str], cause: str
) -> None:
    """One that did not come is a gap of its own; one that is not there has nothing."""
    pages = [*SHOWN, found(COLUMN, tag(1, "Both"), tag(2, "Hidden")), found(TABLE, tag(1, "Both"))]
    with asked(tmp_path, pages, dictionaries=dictionaries, gone=gone) as staging:
        assert set(rows(staging, DIFFERENCES)) == {(*HIDDEN, cause, False), UNSEARCHED}


@pytest.mark.parametrize(
    ("search", "searches"),
    [
        ([], ()),
        ([], (COLUMN, TABLE)),
        ([found(COLUMN, tag(1, "Both"), total=2), found(TABLE, tag(1, "Both"))], (COLUMN, TABLE)),
        ([found(COLUMN, tag(1, "Both")), found(TABLE, tag(1, "Both"))], (COLUMN, "column.1", TABLE)),
    ],
    ids=["not asked for", "not there", "cut short", "not all came"],
)  # fmt: skip
def test_a_search_that_was_not_read_whole_proves_no_absence(
    tmp_path: Path, search: list[Page], searches: tuple[str, ...]
) -> None:
    """What it does not name may be in what did not come."""
    with asked(tmp_path, [*SHOWN, *search], searches) as staging:
        assert rows(staging, DIFFERENCES) == []
