"""Columns of assets: settled in the page that their asset came in, or afterwards, where several answers speak of them."""

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

from collecting import loaded, rows

from pipeline.sources import purview
from pipeline.sources.purview import account, entities, search, types, unified_catalog

CATALOGUE = purview.part(search, entities, types, account, unified_catalog)
ASSETS = [f"a{number:02d}" for number in range(30)]
LISTED = ASSETS[2:]
"""The first two are in no hit of search: what they own is no row."""
COLUMNS = [f"c{number:03d}" for number in range(240)]

Page = dict[str, Any]


def drawn_pages(draw: random.Random) -> list[Page]:
    """Eight pages of assets, some in several, with nearly all of their columns and some of nobody's."""
    pages = []
    for number in range(8):
        assets = draw.sample(ASSETS, 6)
        entities, came = [], set()
        for guid in assets:
            mine = draw.sample(COLUMNS, 10)
            states = [draw.choice([None, "ACTIVE", "ACTIVE", "DELETED"]) for _ in mine]
            pointers = [
                {"guid": c, "entityStatus": state} for c, state in zip(mine, states, strict=True)
            ]
            relations = {"columns": pointers}
            entities.append({"guid": guid, "typeName": "x", "relationshipAttributes": relations})
            came |= {column for column in mine if draw.random() < 0.8}
        came |= set(draw.sample(COLUMNS, 4))
        referred = {column: answer(draw, column, f"page {number}") for column in sorted(came)}
        pages.append({"entities": entities, "referredEntities": referred})
    return pages


def answer(draw: random.Random, guid: str, name: str) -> Page:
    """What the server says of a column, this time."""
    classes = [{"typeName": f"CLASS.{n}"} for n in draw.sample(range(4), draw.randrange(3))]
    return {
        "guid": guid,
        "attributes": {"name": name},
        "relationshipAttributes": {"meanings": []},
        "classifications": classes,
    }


def expected(pages: list[Page], called: list[Page]) -> tuple[set[Any], set[Any], set[str]]:
    """Columns with asset and name, classes of columns, and columns to be asked for, worked out plainly."""
    owners = defaultdict(set)
    readings: dict[str, Page] = {}
    for page in pages:
        for entity in page["entities"]:
            for pointer in entity["relationshipAttributes"]["columns"]:
                if pointer["entityStatus"] != "DELETED":
                    owners[pointer["guid"]].add(entity["guid"])
        readings |= page["referredEntities"]
    wanted = set(owners) - set(readings)
    readings |= {column["guid"]: column for column in called}
    found = [
        (guid, min(owners[guid]), reading)
        for guid, reading in readings.items()
        if owners[guid] and min(owners[guid]) in LISTED
    ]
    columns = {(guid, owner, reading["attributes"]["name"]) for guid, owner, reading in found}
    classes = {
        (guid, owner, one["typeName"])
        for guid, owner, reading in found
        for one in reading["classifications"]
    }
    return columns, classes, wanted


def test_every_column_has_one_owner_and_its_last_answer(tmp_path: Path) -> None:
    """However answers overlap: a call of its own comes first, then the later page; of several assets the first by guid owns it."""
    draw = random.Random(20261121)
    pages = drawn_pages(draw)
    called = [answer(draw, guid, "asked") for guid in draw.sample(COLUMNS, 60)]
    columns, classes, wanted = expected(pages, called)
    hits = {"value": [{"id": guid, "entityType": "x"} for guid in LISTED]}
    bodies = [
        ("search", hits),
        *(("entity", page) for page in pages),
        ("column", {"entities": called}),
    ]
    with loaded(
        tmp_path, CATALOGUE, [(n, None, json.dumps(b).encode()) for n, b in bodies]
    ) as staging:
        assert set(rows(staging, "select guid, asset_guid, name from asset_column")) == columns
        assert rows(staging, "select count(*) from asset_column") == [(len(columns),)]
        query = "select column_guid, asset_guid, type_name from classification"
        assert set(rows(staging, query)) == classes
        assert {key for (key,) in rows(staging, "select key from purview.column_wanted")} == wanted
    contested = [
        guid for guid in COLUMNS if sum(guid in page["referredEntities"] for page in pages) > 1
    ]
    assert (len(contested) > 40, len(wanted) > 5, len(columns) > 100) == (True, True, True)


def test_columns_that_their_asset_does_not_point_at_are_a_gap(tmp_path: Path) -> None:
    """What came along and bears the name of an asset was not said to be its: it is not known whole."""

    def came(guid: str, name: str, **facts: Any) -> Page:
        return {
            "guid": guid,
            "attributes": {"qualifiedName": name},
            "relationshipAttributes": {},
        } | facts

    def asset(guid: str, **relations: Any) -> Page:
        return came(guid, f"x://schema/{guid}", relationshipAttributes=relations)

    gone = [{"guid": "gone", "relationshipStatus": "DELETED"}]
    assets = [
        came("schema", "x://schema"),
        asset("null", columns=None),
        asset("absent"),
        asset("empty", columns=[]),
        asset("told", columns=[{"guid": "told/a"}]),
        asset("untold", columns=gone),
        asset("file", tabular_schema={"guid": "layout"}),
    ]
    columns = [
        *(came(f"{one}/{at}", f"x://schema/{one}/{at}") for one in ("null", "empty", "told") for at in "a"),
        came("absent/a", "x://schema/absent#a"),
        came("gone", "x://schema/untold/a"),
        came("deleted", "x://schema/untold/b", status="DELETED"),
        came("longer", "x://schema2/untold/b"),
        came("layout", "x://schema/file#l", relationshipAttributes={"columns": [{"guid": "of file"}]}),
        came("of file", "x://schema/file#l/a"),
    ]  # fmt: skip
    body = {"entities": assets, "referredEntities": {one["guid"]: one for one in columns}}
    hits = {"value": [{"id": one["guid"], "entityType": "x"} for one in assets]}
    found = [("search", None, json.dumps(hits).encode()), ("entity", None, json.dumps(body).encode())]  # fmt: skip
    [entity] = [one for one in entities.ENDPOINTS if one.name == "entity"]
    with loaded(tmp_path, CATALOGUE, found) as staging:
        lost = ["absent", "empty", "null"]
        query = "select guid from asset where not detail_read order by 1"
        assert [guid for (guid,) in rows(staging, query)] == lost
        query = "select guid from asset_column order by 1"
        assert rows(staging, query) == [("of file",), ("told/a",)]
        staging.con.execute("set search_path = 'purview,main'")
        holes = sorted(rows(staging, entity.holes))
        staging.con.execute("set search_path = 'main'")
        reason = "1 that came along with it bear its name, and it points at none of them: "
        assert holes == [(guid, f"{reason}{guid}/a") for guid in lost]
