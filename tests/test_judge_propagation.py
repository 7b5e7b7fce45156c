"""Classes carried along lineage: how far, by which way, and what ends it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from pipeline import packs
from pipeline.judge import examples, propagation, sensitivity

KNOWN = sensitivity.load(packs.load())
MAIL, CARD = "MICROSOFT.PERSONAL.EMAIL", "MICROSOFT.FINANCIAL.CREDIT_CARD_NUMBER"

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """One workbench for every test."""
    with closing(examples.workbench()) as made:
        yield made


def _edges(*pairs: str) -> list[dict[str, Any]]:
    """`a>b` is an edge by process p, `a>b:q` one by q."""
    found = []
    for pair in pairs:
        ends, _, process = pair.partition(":")
        start, _, end = ends.partition(">")
        found.append({"from_guid": start, "to_guid": end, "process_guid": process or "p"})
    return found


def _estate(*pairs: str, mails: tuple[str, ...] = ("a",), **more: list[dict[str, Any]]) -> Rows:
    """Assets a to h with these edges; those in `mails` are classified as mail addresses."""
    given: Rows = {
        "asset": [{"guid": name, "qualified_name": f"q:{name}"} for name in "abcdefgh"],
        "process": [{"guid": name, "qualified_name": f"pipe/{name}"} for name in "pq"],
        "classification": [{"asset_guid": name, "type_name": MAIL} for name in mails],
        "lineage_edge": _edges(*pairs),
    }
    return given | more


def _carried(con: duckdb.DuckDBPyConnection, given: Rows) -> dict[str, Any]:
    """The path by entity and class."""
    examples.fill(con, given, KNOWN, examples.AS_OF, "test")
    rows = con.execute(
        "select concat(entity_guid, ' ', class_key), array_to_string(path, '>') from carried_class order by all"
    ).fetchall()
    return dict(rows)


def test_a_class_goes_on_by_the_shortest_way(con: duckdb.DuckDBPyConnection) -> None:
    """Of two ways the shorter is shown, with origin, steps and processes."""
    found = _carried(con, _estate("a>b", "b>c", "c>d", "a>d:q", "d>e"))
    assert found == {"b EMAIL": "a>b", "c EMAIL": "a>b>c", "d EMAIL": "a>d", "e EMAIL": "a>d>e"}
    rows = con.execute("select origin_guid, hops, processes, tier from carried_class where entity_guid = 'e'")  # fmt: skip
    assert rows.fetchall() == [("a", 2, ["q", "p"], 2)]


def test_circles_and_hops_end(con: duckdb.DuckDBPyConnection) -> None:
    """A circle is gone round once, a loop not at all, and nothing is carried beyond the limit."""
    assert _carried(con, _estate("a>b", "b>c", "c>a", "c>b", "b>b")) == {
        "b EMAIL": "a>b",
        "c EMAIL": "a>b>c",
    }
    line = _carried(con, _estate("a>b", "b>c", "c>d", "d>e", "e>f", "f>g"))
    assert propagation.HOP_LIMIT == 5
    assert sorted(line) == [f"{name} EMAIL" for name in "bcdef"]


def test_what_is_classified_so_starts_anew(con: duckdb.DuckDBPyConnection) -> None:
    """A target that has the class is not listed, and what follows comes from it; on a column counts, too."""
    column = {"asset_guid": "c", "column_guid": "c1", "type_name": MAIL}
    given = _estate("a>b", "b>c", "c>d", asset_column=[{"guid": "c1", "asset_guid": "c", "name": "mail"}])  # fmt: skip
    given["classification"].append(column)
    assert _carried(con, given) == {"b EMAIL": "a>b", "d EMAIL": "c1>d"}
    given["classification"][-1] = column | {"status": "DELETED"}
    assert _carried(con, given)["c EMAIL"] == "a>b>c"


def test_deleted_assets_end_it_and_unseen_ones_do_not(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing flows through what was deleted; an asset that cannot be seen still passes on."""
    given = _estate("a>b", "b>c", "a>unseen", "unseen>d")
    given["asset"][1]["status"] = "DELETED"
    assert _carried(con, given) == {"unseen EMAIL": "a>unseen", "d EMAIL": "a>unseen>d"}


def test_pairs_say_which_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Where columns are paired only those carry, whatever the case of their names; where not, anything does."""
    columns = [
        {"guid": f"{asset}-{name}", "asset_guid": asset, "name": name}
        for asset in "abc"
        for name in ("mail", "card", "note")
    ]
    pair = {"process_guid": "p", "from_qualified_name": "q:a", "to_qualified_name": "q:b"}
    given = _estate(
        "a>b",
        "b>c:q",
        mails=(),
        asset_column=columns,
        column_lineage=[
            pair | {"from_column": "MAIL", "to_column": "note"},
            pair | {"from_column": "note", "to_column": "card"},
        ],
    )
    given["classification"] = [
        {"asset_guid": "a", "column_guid": "a-mail", "type_name": MAIL},
        {"asset_guid": "a", "column_guid": "a-card", "type_name": CARD},
    ]
    assert _carried(con, given) == {"b-note EMAIL": "a-mail>b-note", "c EMAIL": "a-mail>b-note>c"}
    given["column_lineage"][0]["to_column"] = "unheard of"
    assert _carried(con, given) == {"b EMAIL": "a-mail>b", "c EMAIL": "a-mail>b>c"}
    given["column_lineage"][0] |= {"from_qualified_name": "*", "to_column": "note"}
    assert "b-note EMAIL" in _carried(con, given)


def test_a_class_of_the_whole_goes_along_pairs_too(con: duckdb.DuckDBPyConnection) -> None:
    """Where nobody knows which column holds it, paired columns prove nothing."""
    pair = {"process_guid": "p", "from_qualified_name": "q:a", "from_column": "x", "to_qualified_name": "q:b", "to_column": "y"}  # fmt: skip
    assert _carried(con, _estate("a>b", column_lineage=[pair])) == {"b EMAIL": "a>b"}


@pytest.mark.parametrize(
    ("change", "cuts"),
    [
        ({}, True),
        ({"process_pattern": "pipe/*"}, True),
        ({"process_pattern": "*/p"}, True),
        ({"process_pattern": "pipe/q"}, False),
        ({"process_pattern": "pipe_p"}, False),
        ({"class_pattern": "EMAIL"}, True),
        ({"class_pattern": "E*"}, True),
        ({"class_pattern": "PHONE"}, False),
        ({"expires_at": examples.AS_OF}, True),
        ({"expires_at": datetime(2026, 11, 21, 1, 59, 59, tzinfo=UTC)}, False),
        ({"created_at": datetime(2026, 11, 21, 2, 0, 1, tzinfo=UTC)}, False),
    ],
)
def test_breakers_cut(con: duckdb.DuckDBPyConnection, change: dict[str, Any], cuts: bool) -> None:
    """A declared process passes the classes it names on no more; one that has ended, or is yet to begin, cuts nothing."""
    breaker = {"id": "b", "process_pattern": "pipe/p", "kind": "masking", "expires_at": datetime(2027, 1, 1, tzinfo=UTC)}  # fmt: skip
    found = _carried(con, _estate("a>b", "a>c:q", lineage_breaker=[breaker | change]))
    assert ("b EMAIL" in found) is not cuts
    assert ("c EMAIL" in found) or change.get("process_pattern") in ("pipe/*", "pipe/q")


def test_classes_travel_by_themselves(con: duckdb.DuckDBPyConnection) -> None:
    """What cuts one class lets another go on, and a weak class goes nowhere."""
    given = _estate("a>b")
    given["classification"] += [
        {"asset_guid": "a", "type_name": CARD},
        {"asset_guid": "a", "type_name": "MICROSOFT.GOVERNMENT.CITY_NAME"},
    ]
    breaker = {"id": "b", "process_pattern": "pipe/p", "kind": "masking", "class_pattern": "EMAIL", "expires_at": datetime(2027, 1, 1, tzinfo=UTC)}  # fmt: skip
    assert _carried(con, given) == {"b EMAIL": "a>b", "b PAYMENT_CARD": "a>b"}
    assert _carried(con, given | {"lineage_breaker": [breaker]}) == {"b PAYMENT_CARD": "a>b"}
