"""What one list of Immuta has and another one lacks: a hole where nothing else explains it, and then a gap."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from request_app import collected
from sandbox_fixture import DAY

from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.weather import faults
from pipeline.sandbox.weather.calls import Answer, Call, Layer, Proceed

ASSETS = 30
API = "/marketplace/api"
PRODUCTS = API + "/data-product"
UNKNOWN = "00000000-0000-4000-8000-00000000dead"
DIFFERENCES = (
    "select about, key, listed_in, missing_in, cause, hole from listing_difference order by all"
)
GAPS = "select endpoint, key, reason from gap order by all"
Rewrite = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


def rewriting(change: Rewrite) -> Layer:
    """A layer that lets `change` alter every page of the Request app, by its path."""

    async def layer(call: Call, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        page = answer.page() if call.path.startswith(API) else None
        if page is None:
            return answer
        change(call.path, page)
        return answer.saying(page)

    return layer


def found(path: Path, change: Rewrite, **options: Any) -> tuple[list[Any], list[Any]]:
    """Differences and gaps of a night on which pages were altered."""
    layers = [rewriting(change)]
    with (
        server.running(assets=ASSETS, as_of=DAY, layers=layers, **options) as url,
        collected(url, path) as night,
    ):
        con = night.staging.con
        return con.execute(DIFFERENCES).fetchall(), con.execute(GAPS).fetchall()


def without(page: dict[str, Any], key: str) -> None:
    """Takes a row out of a list, on whichever of its pages, and out of its count."""
    page["data"] = [row for row in page["data"] if row["id"] != key]
    if "totalCount" in page["meta"]:
        page["meta"]["totalCount"] -= 1


def test_a_request_that_its_product_does_not_list(tmp_path: Path, estate: Estate) -> None:
    """The list of all requests has it: the row is there, and the product's list is a hole; its counts agree."""
    one = next(r for r in estate.request_by_id.values() if r.status == "DENIED")

    def change(path: str, page: Any) -> None:
        if path == f"{PRODUCTS}/{one.product.id}/request":
            without(page, one.id)

    differences, gaps = found(tmp_path, change)
    assert differences == [
        ("request", one.id, "immuta.all_request", "immuta.access_request", "hole", True)
    ]
    assert [gap[:2] for gap in gaps] == [("immuta.access_request", one.product.id)]


def test_a_request_that_moved_during_the_walk(tmp_path: Path, estate: Estate) -> None:
    """A request made after its product's list was read is no hole in that list."""
    one = next(r for r in estate.request_by_id.values() if r.status == "DENIED")

    def change(path: str, page: Any) -> None:
        if path == f"{PRODUCTS}/{one.product.id}/request":
            without(page, one.id)
        if path == f"{API}/access-request":
            for row in page["data"]:
                if row["id"] == one.id:
                    row["updatedAt"] = clock.iso_millis(DAY)

    differences, gaps = found(tmp_path, change)
    assert differences == [
        ("request", one.id, "immuta.all_request", "immuta.access_request", "moved", False)
    ]
    assert gaps == []


def test_a_request_that_the_list_of_all_lacks(tmp_path: Path, estate: Estate) -> None:
    """Whoever may not manage it may not see requests for single tables either: the whole list is a hole."""
    one = next(iter(estate.request_by_id.values()))

    def change(path: str, page: Any) -> None:
        if path == f"{API}/access-request":
            without(page, one.id)

    differences, gaps = found(tmp_path, change)
    assert differences == [
        ("request", one.id, "immuta.access_request", "immuta.all_request", "hole", True)
    ]
    assert gaps == [("immuta.all_request", "*", f"1 of what immuta.access_request lists: {one.id}")]


def test_requests_that_only_the_counts_know_of(tmp_path: Path, estate: Estate) -> None:
    """A request that no list has is missed by the product's own counts, by its status and in all."""
    one = next(r for r in estate.request_by_id.values() if r.status == "DENIED")

    def change(path: str, page: Any) -> None:
        if path in (f"{PRODUCTS}/{one.product.id}/request", f"{API}/access-request"):
            without(page, one.id)

    differences, gaps = found(tmp_path, change)
    assert differences == []
    [(endpoint, key, reason)] = gaps
    assert (endpoint, key) == ("immuta.product_again", one.product.id)
    assert " 10 requests" in reason
    assert "denied" in reason


def test_counts_that_moved_hold_what_came_between_them(tmp_path: Path, estate: Estate) -> None:
    """Of a product that counts fewer before than after, as many as came between are enough."""
    product = estate.products[0]
    readings: list[int] = []

    def change(path: str, page: Any) -> None:
        if path == PRODUCTS:
            row = next(row for row in page["data"] if row["id"] == product.id)
            row["stats"]["totalRequestCount"] += len(readings) * 2
            readings.append(1)

    assert found(tmp_path, change) == ([], [])
    assert len(readings) == 2


def test_a_source_that_one_of_two_lists_has(tmp_path: Path, estate: Estate) -> None:
    """The two lists of a product's sources are one; what one lacks is a hole in it, and the row is there."""
    product = max(estate.products, key=lambda one: len(one.sources))
    source = str(product.sources[0].id)

    def change(path: str, page: Any) -> None:
        if path == f"{PRODUCTS}/{product.id}/datasources":
            page["data"] = [row for row in page["data"] if row["sourceId"] != source]

    differences, gaps = found(tmp_path, change)
    assert differences == [
        (
            "product source",
            f"{product.id}.{source}",
            "immuta.product_source_all",
            "immuta.product_source",
            "hole",
            True,
        )
    ]
    assert [gap[:2] for gap in gaps] == [("immuta.product_source", product.id)]


def test_a_product_that_only_its_requests_name(tmp_path: Path, estate: Estate) -> None:
    """A product left out of the list, but shown by itself, is a hole in the list."""
    product = estate.products[0]
    mine = estate.requests_by_product[product.id]

    def change(path: str, page: Any) -> None:
        if path == PRODUCTS:
            without(page, product.id)

    differences, gaps = found(tmp_path, change)
    assert differences == [
        ("product", product.id, "immuta.all_request", "immuta.data_product", "hole", True)
    ]
    [(endpoint, key, _)] = gaps
    assert (endpoint, key) == ("immuta.data_product", product.id)
    assert len(mine) == 10


def test_a_product_that_only_the_second_reading_has(tmp_path: Path, estate: Estate) -> None:
    """Left out of the list at first, with nothing that names it: the list was not whole, or the product is new."""
    lost, new = estate.products[:2]
    readings: list[int] = []

    def change(path: str, page: Any) -> None:
        if path == PRODUCTS:
            if not readings:
                without(page, lost.id)
                without(page, new.id)
            readings.append(1)
        if path == f"{PRODUCTS}/{new.id}":
            page["createdAt"] = clock.iso_millis(DAY)
        if path == f"{API}/access-request":
            known = [
                r
                for r in page["data"]
                if (r.get("dataProduct") or {}).get("id") not in (lost.id, new.id)
            ]
            page["meta"]["totalCount"] -= 20
            page["data"] = known

    differences, gaps = found(tmp_path, change)
    again = "immuta.product_again"
    assert set(differences) == {
        ("product", lost.id, again, "immuta.data_product", "hole", True),
        ("product", new.id, again, "immuta.data_product", "moved", False),
    }
    assert [gap[:2] for gap in gaps] == [("immuta.data_product", lost.id)]


def test_what_is_gone_is_no_hole(tmp_path: Path, estate: Estate) -> None:
    """A product, a domain and a source that the API, asked about each alone, has no more."""
    product = estate.products[0]
    one = next(r for r in estate.requests_by_product[product.id] if r.status == "APPROVED")

    def change(path: str, page: Any) -> None:
        if path == f"{API}/access-request":
            for row in page["data"]:
                if row["id"] == one.id:
                    row["dataProduct"]["id"] = UNKNOWN
        if path == f"{PRODUCTS}/{product.id}/request":
            without(page, one.id)
        if path == PRODUCTS:
            page["data"][0]["domains"].append(UNKNOWN)
            for row in page["data"]:
                if row["id"] == product.id:
                    row["stats"]["totalRequestCount"] -= 1
                    row["stats"][f"{one.status.lower()}RequestCount"] -= 1
        if path == f"{PRODUCTS}/{product.id}/datasources":
            page["data"].append({"name": "gone", "sourceId": "987654321", "type": "Trino"})
        if path == f"{PRODUCTS}/{product.id}/datasources/all":
            page["dataSources"].append({"sourceId": "987654321"})

    differences, gaps = found(tmp_path, change)
    assert [(row[0], row[1], *row[4:]) for row in differences] == [
        ("domain", UNKNOWN, "gone", False),
        ("product", UNKNOWN, "gone", False),
        ("source", "987654321", "gone", False),
    ]
    assert gaps == []


def test_what_is_refused_is_a_gap_of_its_own(tmp_path: Path) -> None:
    """A domain that a product names, no list has and nobody may see is not known to be gone."""

    def change(path: str, page: Any) -> None:
        if path == PRODUCTS:
            page["data"][0]["domains"].append(UNKNOWN)

    refused = {f"{API}/metadata/domain/{UNKNOWN}": faults.answering(403)}
    differences, gaps = found(tmp_path, change, faults=refused)
    assert [(row[0], row[1], *row[4:]) for row in differences] == [
        ("domain", UNKNOWN, "refused", False)
    ]
    assert [gap[:2] for gap in gaps] == [("immuta.domain_alone", UNKNOWN)]


def test_a_list_that_was_not_read_differs_in_nothing(tmp_path: Path, estate: Estate) -> None:
    """Where lists are refused there is one gap for each, and no difference besides."""
    product = estate.products[0].id
    refused = {f"{PRODUCTS}/{product}/": faults.answering(403)}
    differences, gaps = found(tmp_path, lambda _path, _page: None, faults=refused)
    assert differences == []
    assert len(gaps) == 8
    assert {key for _, key, _ in gaps} == {product}


def test_a_token_of_a_page_that_is_refused(tmp_path: Path) -> None:
    """A token that the server takes no more ends the list in a gap: it is not the end of the list."""

    def change(path: str, page: Any) -> None:
        if path == PRODUCTS:
            page["meta"]["nextToken"] = "stale"

    _, gaps = found(tmp_path, change)
    assert ("immuta.data_product", "*") in [gap[:2] for gap in gaps]


def test_an_offset_that_counts_from_one(tmp_path: Path) -> None:
    """Where offset 1 is the first row, the last row of a page comes once more on the next: each is there once."""

    async def layer(call: Call, proceed: Proceed) -> Answer:
        offset = int(call.param("offset") or 0)
        return await proceed(call.with_param("offset", max(0, offset - 1)))

    with (
        server.running(assets=ASSETS, as_of=DAY, layers=[layer]) as url,
        collected(url, tmp_path) as night,
    ):
        con = night.staging.con
        assert con.execute(DIFFERENCES).fetchall() == con.execute(GAPS).fetchall() == []
        query = "select row_count - distinct_keys from reconciliation where endpoint = 'immuta.all_request'"
        assert con.execute(query).fetchall() == [(1,)]
