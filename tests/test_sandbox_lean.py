"""The lean estate: a pure function of size and day, the same through search and bulk reads, at any size."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.lean import api, bodies
from pipeline.sandbox.lean.estate import BLOCK, LeanEstate, LeanWorld, generation, guid, is_process
from pipeline.sandbox.purview.datamap.search import QueryError
from pipeline.sandbox.weather.limits import COUNTS_PATH, Bucket

ASSETS = 2000
DAY = clock.day_number(datetime(2026, 11, 21, 2, tzinfo=UTC))
ESTATE = LeanEstate(1, ASSETS, DAY)
EVERYTHING = {"keywords": "*", "limit": 1000, "orderby": [{"id": "ASC"}]}


def hits(estate: LeanEstate = ESTATE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(
        b"[" + bodies.hits(estate, list(range(estate.assets))) + b"]"
    )
    return found


def read(estate: LeanEstate = ESTATE) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(bodies.bulk(estate, list(range(estate.assets))))
    return found


@pytest.fixture(scope="module")
def http() -> Any:
    """A client of a lean server on a socket."""
    served = api.app(1, ASSETS, datetime(2026, 11, 21, 2, tzinfo=UTC), gzip=True)
    with (
        server.running_app(served) as url,
        httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {signin.PURVIEW_TOKEN}"},
            params={"api-version": "2023-09-01"},
        ) as found,
    ):
        yield found


def test_guids_come_in_the_order_of_slots() -> None:
    """Ordering by guid costs nothing, and no two assets share one."""
    found = [hit["id"] for hit in hits()]
    assert found == sorted(set(found))
    assert len(found) == ASSETS
    assert [ESTATE.slot_of(text) for text in found] == list(range(ASSETS))


def test_an_unknown_guid_is_nobodys() -> None:
    """Neither another generation's, nor one beyond the estate, nor no guid at all."""
    volatile = 5 * BLOCK + 8
    assert ESTATE.slot_of(guid(volatile, generation(volatile, DAY) - 1)) is None
    assert ESTATE.slot_of(guid(ASSETS, 0)) is None
    assert ESTATE.slot_of("nonsense") is None


def test_search_and_bulk_read_say_the_same() -> None:
    """Times, collection and owner of an asset do not depend on where one asks."""
    for hit, entity in zip(hits(), read()["entities"], strict=True):
        assert hit["id"] == entity["guid"]
        assert hit["entityType"] == entity["typeName"]
        for name in ("createTime", "updateTime", "collectionId"):
            assert hit[name] == entity[name]
        assert [c["id"] for c in hit["contact"] if c["contactType"] == "Owner"] == [
            c["id"] for c in entity["contacts"]["Owner"]
        ]


def test_columns_come_along_whole() -> None:
    """Every column that a table points at is in the same answer, with its relationships and classifications."""
    answer = read()
    pointed = Counter(
        column["guid"]
        for entity in answer["entities"]
        for column in entity["relationshipAttributes"].get("columns", [])
    )
    referred = answer["referredEntities"]
    assert set(pointed) == set(referred)
    assert set(pointed.values()) == {1}
    assert len(pointed) == 20 * sum(not is_process(slot) for slot in range(ASSETS))
    assert all("relationshipAttributes" in column for column in referred.values())
    assert any("classifications" in column for column in referred.values())


def test_lineage_is_told_alike_by_both_ends() -> None:
    """What a process reads and writes is what the datasets say, about two edges per asset, and nobody else is named."""
    by_guid = {entity["guid"]: entity for entity in read()["entities"]}
    told: set[tuple[str, str, str]] = set()
    answered: set[tuple[str, str, str]] = set()
    edges = 0
    for text, entity in by_guid.items():
        relations, attributes = entity["relationshipAttributes"], entity["attributes"]
        told |= {(text, p["guid"], "in") for p in relations.get("inputToProcesses", [])}
        told |= {(text, p["guid"], "out") for p in relations.get("outputFromProcesses", [])}
        answered |= {(d["guid"], text, "in") for d in attributes.get("inputs", [])}
        answered |= {(d["guid"], text, "out") for d in attributes.get("outputs", [])}
        edges += len(attributes.get("inputs", [])) * len(attributes.get("outputs", []))
    assert told == answered
    assert {end for row in told for end in row[:2]} <= set(by_guid)
    assert edges == 2 * ASSETS


def test_one_in_a_hundred_changes_overnight() -> None:
    """An asset's update time moves when what it says does, and only then; some go and as many come."""
    before = {hit["id"]: hit for hit in hits(LeanEstate(1, 20_000, DAY - 1))}
    after = {hit["id"]: hit for hit in hits(LeanEstate(1, 20_000, DAY))}
    cut = clock.millis(clock.cut(DAY - 1))
    moved = {text for text in after.keys() & before.keys() if after[text]["updateTime"] >= cut}
    assert moved == {text for text in after.keys() & before.keys() if after[text] != before[text]}
    assert 0.005 < len(moved) / len(after) < 0.02
    assert len(before.keys() - after.keys()) == len(after.keys() - before.keys()) > 0


@pytest.mark.parametrize(
    "clause",
    [
        {"collectionId": ESTATE.collections[0]},
        {"entityType": "snowflake_table"},
        {"createTime": {"operator": "lt", "timeThreshold": 1_710_000_000_000}},
        {"updateTime": {"operator": "ge", "timeThreshold": 1_790_000_000_000}},
        {"or": [{"entityType": "trino_table"}, {"entityType": "snowflake_table"}]},
        {"and": [{"collectionId": ESTATE.collections[0]}, {"not": {"entityType": "trino_table"}}]},
        {"collectionId": "nowhere"},
    ],
)
def test_a_filter_and_its_negation_are_everything(clause: dict[str, Any]) -> None:
    """Any condition cuts the estate into two parts without loss or overlap."""
    one = ESTATE.matching(clause).to_list()
    other = ESTATE.matching({"not": clause}).to_list()
    assert sorted(one + other) == list(range(ASSETS))
    assert one == sorted(one)


@pytest.mark.parametrize(
    "clause", [[], {"colour": "red"}, {"updateTime": "LAST_7D"}, {"and": [{"colour": "red"}]}]
)
def test_what_the_estate_cannot_filter_by_is_refused(clause: Any) -> None:
    """A filter that is not understood does not let everything through."""
    with pytest.raises(QueryError):
        ESTATE.matching(clause)


def test_facets_count_every_hit() -> None:
    """The counts of a facet add up to the hits, and each is that of its filter."""
    counted = ESTATE.facet("entityType", ESTATE.matching({}))
    assert sum(row["count"] for row in counted) == ASSETS
    assert all(
        row["count"] == len(ESTATE.matching({"entityType": row["value"]})) for row in counted
    )


def test_searches_are_kept_for_one_day() -> None:
    """A search that is paged through is worked out once; another day begins anew."""
    world = LeanWorld(1, ASSETS, datetime(2026, 11, 21, 2, tzinfo=UTC))
    first = world.search("all", {})
    assert world.search("all", {}) is first
    assert len(world.searches) == 1


def test_pages_and_bulk_reads_over_a_socket(http: httpx.Client) -> None:
    """Tokens lead through every hit once, bulk reads answer what is known, and other planes refuse."""
    body, found = dict(EVERYTHING), []
    while True:
        page = http.post("/datamap/api/search/query", json=body).json()
        found += [hit["id"] for hit in page["value"]]
        if "continuationToken" not in page:
            break
        body["continuationToken"] = page["continuationToken"]
    assert page["@search.count"] == len(found) == len(set(found)) == ASSETS
    answer = http.get(
        "/datamap/api/atlas/v2/entity/bulk", params={"guid": [*found[:90], guid(ASSETS, 0)]}
    )
    assert answer.headers["content-encoding"] == "gzip"
    assert [entity["guid"] for entity in answer.json()["entities"]] == found[:90]
    assert http.get("/scan/datasources").status_code == 403
    assert http.post("/datamap/api/search/query", json={"filter": {"x": 1}}).status_code == 400


def test_a_bucket_serves_what_it_holds_and_then_its_rate() -> None:
    """A second's worth at once, then one call per refill; a refusal names the wait."""
    now = [0.0]
    bucket = Bucket(10.0, clock=lambda: now[0])
    assert [bucket.refusal() for _ in range(10)] == [0.0] * 10
    assert bucket.refusal() == pytest.approx(0.1)
    now[0] += 0.11
    assert bucket.refusal() == 0.0
    assert (bucket.served, bucket.refused) == (11, 1)


def test_a_refusal_blocks_for_its_time_and_no_longer() -> None:
    """Calls during the block are refused whatever the bucket holds, and do not make it longer."""
    now = [0.0]
    bucket = Bucket(10.0, blocks_s=5.0, clock=lambda: now[0])
    for _ in range(10):
        bucket.refusal()
    assert bucket.refusal() == pytest.approx(5.0)
    now[0] += 4.0
    assert bucket.refusal() == pytest.approx(1.0)
    now[0] += 1.0
    assert bucket.refusal() == 0.0


def test_limits_are_felt_and_counted_over_a_socket() -> None:
    """A refused call gets 429 with the seconds to wait, and the server tells what it served."""
    served = api.app(1, 100, None, latency_s=0.001, bucket=Bucket(1.0, blocks_s=5.0))
    with server.running_app(served) as url, httpx.Client(base_url=url) as client:
        statuses = [client.get("/account/collections") for _ in range(2)]
        assert [answer.status_code for answer in statuses] == [401, 429]
        assert statuses[1].headers["retry-after"] == "5"
        assert client.get(COUNTS_PATH).json() == {"served": 1, "refused": 1}
