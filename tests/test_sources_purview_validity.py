"""What counts today: classes that hold for a time only, and entities that nobody has described."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collecting import keep, loaded, rows, store_at

from pipeline.collect.staging import Clock, Earlier, Staging
from pipeline.collect.walk import levels
from pipeline.sources import purview
from pipeline.sources.purview import account, entities, search, types, unified_catalog
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import connect

CATALOGUE = purview.part(search, entities, types, account, unified_catalog)
ENTITY = next(one for one in CATALOGUE.endpoints if one.name == "entity")
LABEL = "Microsoft.Label.00AA"
FIRST = {"startTime": "2020/01/01 00:00:00", "endTime": "2021/01/01 00:00:00", "timeZone": "UTC"}
LATE = {"startTime": "2090/07/01 00:00:00", "endTime": None, "timeZone": "Europe/Vienna"}
LATER = {"startTime": "2095-01-01T00:00:00Z"}
LONG = {"startTime": "", "endTime": "2090-01-01T00:00:00+02:00"}


def page(name: str, body: Any) -> tuple[str, str | None, bytes]:
    return name, None, json.dumps(body).encode()


def bounded(periods: Any, name: str = "CLASS", **facts: Any) -> dict[str, Any]:
    return {"typeName": name, "validityPeriods": periods, **facts}


def estate(*found: dict[str, Any], **referred: Any) -> list[tuple[str, str | None, bytes]]:
    """These entities, of which search has hits."""
    hits = [{"id": one["guid"], "entityType": "x_table", "qualifiedName": "x"} for one in found]
    body = {"entities": list(found), "referredEntities": referred}
    return [page("search", {"value": hits}), page("entity", body)]


@contextmanager
def holding(path: Path, *classes: dict[str, Any]) -> Iterator[Staging]:
    """An asset with these classes."""
    with loaded(path, CATALOGUE, estate({"guid": "t", "classifications": list(classes)})) as found:
        yield found


def gaps(staging: Staging) -> list[tuple[Any, ...]]:
    """What the entities show to be missing."""
    staging.con.execute("set search_path = 'purview,main'")
    found = rows(staging, ENTITY.holes)
    staging.con.execute("set search_path = 'main'")
    return found


PERIODS: list[tuple[Any, str, str | None, str | None]] = [
    (None, "ACTIVE", None, None),
    ([], "ACTIVE", None, None),
    ([{}], "ACTIVE", None, None),
    ([None], "ACTIVE", None, None),
    ([FIRST], "ENDED", "2020-01-01 00:00", "2021-01-01 00:00"),
    ([LATE], "NOT_BEGUN", "2090-06-30 22:00", None),
    ([FIRST, LATER, LATE], "NOT_BEGUN", "2090-06-30 22:00", None),
    ([FIRST, LONG], "ACTIVE", None, "2089-12-31 22:00"),
    # beside one that holds for certain, one that cannot be read changes nothing
    ([{"endTime": "soon"}, LONG], "ACTIVE", None, "2089-12-31 22:00"),
]


def test_a_class_counts_within_its_periods(tmp_path: Path) -> None:
    """One that is over, or not begun, says so and when; it stays a row, and the asset is known."""
    classes = (bounded(one[0], f"CLASS {at}") for at, one in enumerate(PERIODS))
    with holding(tmp_path, *classes) as staging:
        query = (
            "select status, strftime(starts_at at time zone 'UTC', '%Y-%m-%d %H:%M'), "
            "strftime(ends_at at time zone 'UTC', '%Y-%m-%d %H:%M') from classification order by type_name"
        )
        assert rows(staging, query) == [one[1:] for one in PERIODS]
        assert rows(staging, "select detail_read, incomplete from asset") == [(True, False)]
        assert gaps(staging) == []


def test_labels_and_endorsements_are_bounded_too(tmp_path: Path) -> None:
    """What is over is no label and no endorsement of the asset; a class that was taken away stays so."""
    endorsed = {"attributes": {"endorsement": "Certified"}}
    classes = (
        bounded([FIRST], LABEL),
        bounded([], "Microsoft.Label.00BB"),
        bounded([FIRST], "MICROSOFT.POWERBI.ENDORSEMENT", **endorsed),
        bounded([FIRST], entityStatus="DELETED"),
    )
    with holding(tmp_path, *classes) as staging:
        query = "select label_id, status, year(ends_at) from sensitivity_label order by 1"
        assert rows(staging, query) == [("00aa", "ENDED", 2021), ("00bb", "ACTIVE", None)]
        query = "select sensitivity_label, endorsement from asset"
        assert rows(staging, query) == [("Microsoft.Label.00BB", None)]
        assert rows(staging, "select status from classification") == [("DELETED",)]


UNREADABLE: list[Any] = [
    [{"startTime": "first of May"}],
    [{"endTime": "2021/13/01 00:00:00"}],
    [{**FIRST, "timeZone": "Middle/Earth"}],
    [FIRST, {"endTime": "soon"}],
    {"startTime": "2020/01/01 00:00:00"},
    "always",
    ["always"],
    [{"startTime": 1577836800000}],
]


def test_a_period_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    """Rules that ask what is sensitive go on seeing the class, and the asset is not known whole."""
    other = bounded([FIRST], "OTHER")
    assets = [
        {"guid": f"t{at}", "classifications": [bounded(periods), other]}
        for at, periods in enumerate(UNREADABLE)
    ]
    with loaded(
        tmp_path, CATALOGUE, estate(*assets, {"guid": "u", "classifications": [other]})
    ) as staging:
        guids = [one["guid"] for one in assets]
        query = "select asset_guid, status from classification where type_name = 'CLASS' order by 1"
        assert rows(staging, query) == [(guid, "ACTIVE") for guid in guids]
        query = "select guid from asset where not detail_read order by 1"
        assert rows(staging, query) == [(guid,) for guid in guids]
        reason = "whether it is in force cannot be read of CLASS"
        assert sorted(gaps(staging)) == [(guid, reason) for guid in guids]


def unread(staging: Staging) -> list[str]:
    """Assets that are not known whole, each of which the entities show to be."""
    found = rows(staging, "select guid from asset where not detail_read order by 1")
    assert sorted(key for key, _ in gaps(staging)) == [guid for (guid,) in found]
    return [guid for (guid,) in found]


def test_a_class_without_a_name_is_a_gap(tmp_path: Path) -> None:
    """Of an asset or of a column of it: which classes the asset has is not known; the others are kept."""
    column = {"guid": "c", "relationshipAttributes": {}, "classifications": [{"typeName": None}]}
    pages = estate(
        {"guid": "t", "classifications": [{"typeName": None}, {"typeName": "CLASS"}]},
        {"guid": "u", "classifications": [None]},
        {"guid": "v", "relationshipAttributes": {"columns": [{"guid": "c"}]}},
        {"guid": "w", "classifications": None},
        {"guid": "x", "classifications": []},
        {"guid": "y"},
        c=column,
    )
    with loaded(tmp_path, CATALOGUE, pages) as staging:
        assert unread(staging) == ["t", "u", "v"]
        assert rows(staging, "select asset_guid, type_name from classification") == [("t", "CLASS")]


def test_classes_that_search_alone_knows_are_a_gap(tmp_path: Path) -> None:
    """The entity and its columns have none at all, and did not change after what search has seen."""
    column = {"guid": "c", "relationshipAttributes": {}, "updateTime": 2}
    classed = column | {"guid": "d", "classifications": [{"typeName": "CLASS"}]}
    assets: list[dict[str, Any]] = [
        {"guid": "same", "updateTime": 1},
        {"guid": "untimed"},
        {"guid": "later", "updateTime": 2},
        {"guid": "later column", "relationshipAttributes": {"columns": [{"guid": "c"}]}},
        {"guid": "classed column", "relationshipAttributes": {"columns": [{"guid": "d"}]}},
        {"guid": "classed", "classifications": [{"typeName": "CLASS", "entityStatus": "DELETED"}]},
        {"guid": "deleted", "status": "DELETED"},
    ]
    hits = [
        {"id": one["guid"], "entityType": "x_table", "classification": ["CLASS"], "updateTime": 1}
        for one in assets
    ]
    body = {"entities": assets, "referredEntities": {"c": column, "d": classed}}
    pages = [page("search", {"value": hits}), page("entity", body)]
    with loaded(tmp_path, CATALOGUE, pages) as staging:
        assert unread(staging) == ["same", "untimed"]


HIT_AGAIN = estate(
    {"guid": "turned", "classifications": [bounded([{"endTime": "2024/01/01 00:00:00"}], LABEL)]},
    {"guid": "late", "classifications": [bounded([LATER])]},
    {"guid": "ended", "classifications": [bounded([FIRST])]},
)


def at(year: int) -> Clock:
    """A run in the middle of a year."""
    moment = datetime(year, 6, 1, tzinfo=UTC)
    return Clock(moment, moment)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Earlier:
    """What a run of 2021 sealed."""
    path = tmp_path_factory.mktemp("earlier")
    store = store_at(path)
    for name, _, body in HIT_AGAIN:
        keep(store, CATALOGUE, name, body)
    staging = Staging(path / "staging.duckdb", store, 1, clock=at(2021))
    _load(staging)
    staging.finish(CATALOGUE)
    staging.close()
    store.close()
    with connect(path / "warehouse.duckdb") as con:
        history.initialise(con)
        con.execute(f"attach '{staging.path}' as staged (read_only)")
        for name in ("search_hit", "asset", "classification", "sensitivity_label"):
            history.merge(con, schema.tables()[name], f"staged.{name}", 1)
    return Earlier(path / "warehouse.duckdb")


@pytest.mark.parametrize(("year", "reread"), [(2021, []), (2096, ["late", "turned"])])
def test_an_asset_is_read_anew_when_a_class_of_it_turns(
    tmp_path: Path, earlier: Earlier, year: int, reread: list[str]
) -> None:
    """Nothing but the clock tells that a class has ended, or counts from now on."""
    store = store_at(tmp_path)
    keep(store, CATALOGUE, "search", HIT_AGAIN[0][2])
    staging = Staging(tmp_path / "staging.duckdb", store, 2, earlier=earlier, clock=at(year))
    try:
        _load(staging)
        assert sorted(staging.keys(CATALOGUE, ENTITY).texts()) == reread
    finally:
        staging.close()
        store.close()


def _load(staging: Staging) -> None:
    for level in levels([CATALOGUE]):
        for source, endpoint in level:
            staging.load(source, endpoint)


def test_a_shell_is_no_described_asset(tmp_path: Path) -> None:
    """Of an entity that only stands for a reference nothing is known, and neither of an asset with such a column."""
    column = {"isIncomplete": True, "relationshipAttributes": {}}
    pages = estate(
        {"guid": "shell", "isIncomplete": True},
        {"guid": "whole", "isIncomplete": False},
        {"guid": "silent"},
        {"guid": "half", "relationshipAttributes": {"columns": [{"guid": "c"}]}},
        {"guid": "gone", "relationshipAttributes": {"columns": [{"guid": "d"}]}},
        c={**column, "guid": "c"},
        d={**column, "guid": "d", "status": "DELETED"},
    )
    pages[0] = page("search", {"value": [{"id": guid, "entityType": "x_table"} for guid in
                    ("shell", "whole", "silent", "half", "gone", "unread")]})  # fmt: skip
    with loaded(tmp_path, CATALOGUE, pages) as staging:
        query = "select guid, detail_read, incomplete from asset order by guid"
        assert rows(staging, query) == [
            ("gone", True, False),
            ("half", False, False),
            ("shell", False, True),
            ("silent", True, False),
            ("unread", False, None),
            ("whole", True, False),
        ]
        query = "select guid, incomplete from asset_column order by guid"
        assert rows(staging, query) == [("c", True), ("d", True)]


def test_a_process_that_is_a_shell_says_so(tmp_path: Path) -> None:
    """What flows through it is not known."""
    bodies = [{"guid": "p", "typeName": "x", "isIncomplete": True}, {"guid": "q", "typeName": "x"}]
    with loaded(tmp_path, purview.SOURCE, [page("process", {"entities": bodies})]) as staging:
        assert rows(staging, "select guid, incomplete from process order by guid") == [
            ("p", True),
            ("q", False),
        ]
