"""Lineage: what assets and processes say of each other, and what only the lineage call knows of hubs."""

import json
from pathlib import Path
from typing import Any

import pytest
from collecting import keep, loaded, rows, store_at

from pipeline.collect.staging import Earlier, Staging
from pipeline.collect.walk import levels
from pipeline.sources import purview
from pipeline.sources.purview import account, entities, lineage, search, types, unified_catalog
from pipeline.sources.purview.lineage import HUB_REFERENCES
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import connect

Page = tuple[str, str | None, bytes]
SOURCE = purview.part(search, entities, types, lineage, account, unified_catalog)
TYPES = {"entityDefs": [{"name": "Process"}, {"name": "DataSet"},
                        {"name": "copy", "superTypes": ["Process"]},
                        {"name": "x_table", "superTypes": ["DataSet"]}]}  # fmt: skip


def page(name: str, body: Any, key: str | None = None) -> Page:
    return name, key, json.dumps(body).encode()


def refer(*guids: str, **facts: Any) -> list[dict[str, Any]]:
    return [{"guid": guid, **facts} for guid in guids]


def asset(guid: str, **relations: Any) -> dict[str, Any]:
    return {"guid": guid, "typeName": "x_table", "relationshipAttributes": relations}


def process(guid: str, inputs: str, outputs: str, **facts: Any) -> dict[str, Any]:
    ends = {"inputs": refer(*inputs), "outputs": refer(*outputs)}
    return {"guid": guid, "typeName": "copy", "attributes": ends, **facts}


def estate(*assets: dict[str, Any]) -> list[Page]:
    """A catalogue of these assets, of which search knows the names."""
    hits = [
        {"id": one["guid"], "entityType": "x_table", "qualifiedName": f"x://{one['guid']}"}
        for one in assets
    ]
    return [
        page("entity_def", TYPES),
        page("search", {"value": hits}),
        page("entity", {"entities": list(assets)}),
    ]


def asked(staging: Staging, name: str) -> list[str]:
    """What an endpoint would be asked for."""
    endpoint = next(endpoint for endpoint in SOURCE.endpoints if endpoint.name == name)
    return list(staging.keys(SOURCE, endpoint).texts())


def edges(staging: Staging) -> list[tuple[Any, ...]]:
    return rows(
        staging, "select from_guid, to_guid, process_guid, kind from lineage_edge order by all"
    )


@pytest.mark.parametrize("count", [HUB_REFERENCES - 1, HUB_REFERENCES])
def test_a_long_list_of_processes_is_not_taken_for_whole(tmp_path: Path, count: int) -> None:
    """From the number on at which lists are cut, the lineage call is made; in one direction is enough."""
    many = refer(*(f"p{turn}" for turn in range(count)))
    few = refer(*(f"q{turn}" for turn in range(HUB_REFERENCES // 2 + 1)))
    pages = estate(
        asset("a", inputToProcesses=many), asset("b", outputFromProcesses=few, inputToProcesses=few)
    )
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert asked(staging, "lineage") == (["a"] if count >= HUB_REFERENCES else [])


def test_a_process_that_an_asset_does_not_name_gives_the_cut_away(tmp_path: Path) -> None:
    """An asset that was read names every process that names it; one that was not read, or a deleted process, says nothing."""
    pages = [
        *estate(
            asset("a", inputToProcesses=refer("p")), asset("b", outputFromProcesses=refer("p"))
        ),
        page(
            "process",
            {"entities": [process("p", "au", "b"), process("q", "a", "b", status="DELETED")]},
        ),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert asked(staging, "lineage") == []
    pages.append(page("process", {"entities": [process("r", "a", "u")]}))
    with loaded(tmp_path / "more", SOURCE, pages) as staging:
        assert asked(staging, "lineage") == ["a"]


def graph(relations: str, nodes: dict[str, str] | None = None, **counts: Any) -> dict[str, Any]:
    """The lineage of asset a; relations are written as `ab`: from a to b."""
    return {
        "baseEntityGuid": "a",
        "relations": [
            {"fromEntityId": pair[0], "toEntityId": pair[1]} for pair in relations.split()
        ],
        "guidEntityMap": {guid: {"typeName": kind} for guid, kind in (nodes or {}).items()},
        "widthCounts": counts,
    }


HUB = [
    *estate(asset("a", inputToProcesses=refer("p")), asset("b", outputFromProcesses=refer("p"))),
    page("process", {"entities": [process("p", "a", "b")]}),
]
NODES = {"p": "copy", "q": "copy", "r": "copy", "d": "x_table", "u": "of no known type"}


@pytest.mark.parametrize(
    ("answer", "further"),
    [
        (graph("ap aq", NODES, INPUT={}, OUTPUT={"a": 2}), []),
        (graph("ap aq", NODES, OUTPUT={"a": 3, "p": 40}), ["a"]),
        (graph("", OUTPUT={"a": 1}), []),
        (graph("", OUTPUT={"a": 2}), ["a"]),
        (graph(""), []),
        (graph("", BOTH=None), []),
        ({"baseEntityGuid": "A", "relations": None, "widthCounts": None}, []),
    ],
)
def test_next_pages_are_asked_for_while_neighbours_are_missing(
    tmp_path: Path, answer: dict[str, Any], further: list[str]
) -> None:
    """Those of the entity and those of the graph count; an empty graph states nothing."""
    with loaded(tmp_path, SOURCE, [*HUB, page("lineage", answer, "a")]) as staging:
        assert asked(staging, "lineage_output") == further
        assert asked(staging, "lineage_input") == []
        assert rows(staging, "select key from purview.lineage_item") == [("a",)]


@pytest.mark.parametrize("answer", [{}, graph("ab") | {"baseEntityGuid": "b"}])
def test_an_answer_about_nobody_is_none(tmp_path: Path, answer: dict[str, Any]) -> None:
    """One that does not say that it is about the asset leaves it unanswered: reconciliation finds nothing under its key."""
    with loaded(tmp_path, SOURCE, [*HUB, page("lineage", answer, "a")]) as staging:
        assert rows(staging, "from purview.lineage_item") == []
        assert edges(staging) == [("a", "b", "p", "process")]


def test_what_only_the_lineage_call_knows_is_added(tmp_path: Path) -> None:
    """Processes are read, of an unknown type too; an asset at the other end is a direct edge."""
    pages = [
        *HUB,
        page("lineage", graph("ap ad", NODES, OUTPUT={"a": 5}), "a"),
        page("lineage_output", graph("aq ar", NODES), "a"),
        page("lineage_output", graph("au", NODES), "a"),
        page("hub_process", {"entities": [process("q", "a", "b"), process("r", "a", "c")]}),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert asked(staging, "hub_process") == ["q", "r", "u"]
        assert rows(staging, "select distinct key from purview.lineage_output_item") == [("a",)]
        assert edges(staging) == [
            ("a", "b", "p", "process"),
            ("a", "b", "q", "process"),
            ("a", "c", "r", "process"),
            ("a", "d", "", "direct"),
        ]
        assert rows(staging, "select guid from process order by guid") == [("p",), ("q",), ("r",)]


def test_pages_that_end_too_early_leave_their_asset_unanswered(tmp_path: Path) -> None:
    """The server stated four neighbours and sent three: reconciliation finds no answer under the asset's key."""
    pages = [
        *HUB,
        page("lineage", graph("ap", NODES, OUTPUT={"a": 4}, INPUT={"a": 0}), "a"),
        page("lineage_output", graph("aq ar ap", NODES), "a"),
    ]
    with loaded(tmp_path, SOURCE, pages) as staging:
        query = "select distinct key from purview.lineage_output_item"
        assert rows(staging, query) == [("a in part",)]


def test_edges_that_people_drew(tmp_path: Path) -> None:
    """Either end may name the other; an edge that was removed is none, and columns are mapped by name."""
    pairs = json.dumps([{"Source": "x", "Sink": "y"}])
    mapped = {"relationshipAttributes": {"attributes": {"columnMapping": pairs}}}
    pages = estate(
        asset("a", sinks=refer("b", **mapped) + refer("c", relationshipStatus="DELETED")),
        asset("b", sources=refer("a", **mapped)),
        asset("d", sources=refer("u", relationshipAttributes={"attributes": None})),
    )
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert edges(staging) == [("a", "b", "", "direct"), ("u", "d", "", "direct")]
        query = (
            "select process_guid, from_qualified_name, from_column, to_qualified_name, to_column "
            "from column_lineage"
        )
        assert rows(staging, query) == [("", "x://a", "x", "x://b", "y")]


@pytest.mark.parametrize(
    "mapping", ["", "not JSON", "[]", "[1, null]", '{"Source": "x"}', '[{"Source": "x"}]', None, 7]
)
def test_a_mapping_that_says_nothing_stops_nothing(tmp_path: Path, mapping: Any) -> None:
    """Neither on an edge that people drew nor on a process."""
    one = {"relationshipAttributes": {"attributes": {"columnMapping": mapping}}}
    bad = process("p", "a", "b")
    bad["attributes"]["columnMapping"] = mapping
    pages = [*estate(asset("a", sinks=refer("b", **one))), page("process", {"entities": [bad]})]
    with loaded(tmp_path, SOURCE, pages) as staging:
        assert edges(staging) == [("a", "b", "", "direct"), ("a", "b", "p", "process")]
        assert rows(staging, "select count(*) from column_lineage") == [(0,)]


def warehouse_of(staging: Staging, path: Path) -> Path:
    """A warehouse whose only snapshot holds the assets that are staged."""
    with connect(path) as con:
        history.initialise(con)
        con.execute(f"attach '{staging.path}' as staged (read_only)")
        for name in ("search_hit", "asset", "relationship"):
            history.merge(con, schema.tables()[name], f"staged.{name}", 1)
    return path


def test_references_of_unchanged_assets_are_remembered(tmp_path: Path) -> None:
    """What is not read again still says which processes to read, who is a hub, and which edges people drew."""
    many = refer(*(f"p{turn}" for turn in range(HUB_REFERENCES)))
    gone = refer("gone", entityStatus="DELETED")
    first = estate(asset("a", inputToProcesses=many + gone, sinks=refer("b")), asset("b"))
    with loaded(tmp_path / "first", SOURCE, first) as staging:
        staging.close()
        earlier = Earlier(warehouse_of(staging, tmp_path / "warehouse.duckdb"))
    store = store_at(tmp_path / "second")
    keep(store, SOURCE, "search", first[1][2])
    staging = Staging(tmp_path / "staging.duckdb", store, 2, earlier=earlier)
    try:
        for level in levels([SOURCE]):
            for source, endpoint in level:
                staging.load(source, endpoint)
        assert asked(staging, "entity") == []
        assert set(asked(staging, "process")) == {one["guid"] for one in many}
        assert asked(staging, "lineage") == ["a"]
        staging.finish(SOURCE)
        assert edges(staging) == [("a", "b", "", "direct")]
        assert rows(staging, "select count(*) from relationship") == [(len(many) + 2,)]
    finally:
        staging.close()
        store.close()
