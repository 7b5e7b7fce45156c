"""The large Immuta: requests by number, the same in every list, in the shapes of the ordinary sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.sandbox import server, signin
from pipeline.sandbox.immuta import market_api, market_requests_api
from pipeline.sandbox.lean import immuta_api
from pipeline.sandbox.lean.immuta import (
    COLUMNS,
    REQUESTS_PER_PRODUCT,
    SOURCES_PER_PRODUCT,
    LeanImmutaEstate,
    LeanImmutaWorld,
)

SOURCES = 60
NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)
BASE = market_api.BASE


def estate(sources: int = SOURCES, as_of: datetime = NIGHT) -> LeanImmutaEstate:
    return LeanImmutaWorld(1, sources, as_of).now()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of the Request app on a socket, with the ordinary routes of two lists under other addresses."""
    served = immuta_api.app(1, SOURCES, NIGHT, gzip=True)
    served.add_route("/marketplace/ordinary/requests", market_requests_api.access_requests)
    served.add_route("/marketplace/ordinary/columns", market_requests_api.approved_masking_columns)
    with (
        server.running_app(served) as url,
        httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {signin.REQUEST_TOKEN}"}
        ) as found,
    ):
        yield found


def rows(http: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Every row of a list that is turned by offset."""
    found: list[dict[str, Any]] = []
    while True:
        params = {"limit": 100, "offset": len(found)}
        page = http.get(path, params=params).raise_for_status().json()
        found += page["data"]
        if not page["data"]:
            assert page["meta"]["totalCount"] == len(found)
            return found


def test_the_estate_is_as_large_as_it_says() -> None:
    """Sources, their columns, products and requests are in the proportions that measurements name."""
    found = estate()
    assert len(found.data_sources) == SOURCES
    assert len(found.products) == SOURCES // SOURCES_PER_PRODUCT
    assert all(len(source.dictionary()) >= COLUMNS for source in found.data_sources)
    assert len(found.any_request_by_id) == len(found.products) * REQUESTS_PER_PRODUCT


def test_products_share_out_every_request() -> None:
    """Each request is in the list of one product, which is the one it names; products have more and fewer."""
    found = estate()
    lists = found.requests_by_product
    assert [one.id for product in lists for one in lists[product]] == list(found.any_request_by_id)
    assert all(one.product.id == product for product in lists for one in lists[product])
    assert len({len(lists[product]) for product in lists}) > 1


def test_ids_belong_to_requests() -> None:
    """Every request is found by its id, and nothing by another one."""
    found = estate()
    ids = list(found.any_request_by_id)
    assert len(set(ids)) == len(ids)
    assert [found.any_request_by_id[text].id for text in ids] == ids
    for text in ("", "cnothing", f"c{len(ids):08x}0000", ids[0][:-1]):
        assert text not in found.any_request_by_id


def test_one_request_in_a_hundred_moves_overnight() -> None:
    """What a request says changes with its instant of change, and few do from one night to the next."""
    before, after = (
        {one.id: one for one in map(day.request, range(day.request_count))}
        for day in (estate(500, NIGHT - timedelta(days=1)), estate(500, NIGHT))
    )
    new = after.keys() - before.keys()
    moved = {
        text
        for text in after.keys() & before.keys()
        if (after[text].status, after[text].updated_at)
        != (before[text].status, before[text].updated_at)
    }
    assert 0.004 < (len(new) + len(moved)) / len(after) < 0.02


def test_lists_say_what_the_ordinary_ones_do(http: httpx.Client) -> None:
    """The two routes that do not look at every request answer as those that do."""
    ordinary = rows(http, "/marketplace/ordinary/requests")
    fast = rows(http, BASE + "/access-request")
    assert sorted(fast, key=lambda row: row["id"]) == sorted(ordinary, key=lambda row: row["id"])
    people = sorted({row["user"]["globalUserId"] for row in fast})
    said = 0
    for person in people[:8]:
        answers = [
            http.get(path, params={"userId": person}).json()
            for path in (
                BASE + "/access-request/approved-masking-exception-columns",
                "/marketplace/ordinary/columns",
            )
        ]
        assert answers[0] == answers[1]
        said += len(answers[0])
    assert said


def test_a_product_and_the_list_of_all_agree(http: httpx.Client) -> None:
    """A product counts its requests, lists them, and they are those that the list of all says are its own."""
    every = rows(http, BASE + "/access-request")
    products = http.get(BASE + "/data-product", params={"limit": 100}).json()["data"]
    for product in products:
        listed = rows(http, f"{BASE}/data-product/{product['id']}/request")
        ids = {row["id"] for row in every if row["dataProduct"]["id"] == product["id"]}
        assert {row["id"] for row in listed} == ids
        assert product["stats"]["totalRequestCount"] == len(listed)
    assert http.get(BASE + "/access-request/cnobody/records").status_code == 404
    records = http.get(f"{BASE}/access-request/{every[0]['id']}/records").json()
    assert {row["dataAccessRequestId"] for row in records["approvalRecords"]} == {every[0]["id"]}
