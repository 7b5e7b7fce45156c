"""What clients write to the sandbox between two nights is what the second night collects."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import httpx
import pytest
from command import muster, tenant
from sandbox_fixture import API, DAY, GOVERN, REQUEST
from writes_fixture import nested

from pipeline.collect.allowed import Allowed
from pipeline.collect.endpoint import Request
from pipeline.errors import ForbiddenRequestError
from pipeline.sandbox import server
from pipeline.sandbox.immuta.writes import write_api
from pipeline.sources.immuta import SOURCE

pytestmark = pytest.mark.slow

ASSETS = 150


class Written:
    """A folder of two collections, and the ids of what was written between them."""

    def __init__(self, folder: Path, ids: dict[str, Any]) -> None:
        self.folder, self.ids = folder, ids

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the warehouse that both collections sealed."""
        path = str(self.folder / "data/warehouse.duckdb")
        with closing(duckdb.connect(path, read_only=True)) as con:
            return con.execute(query, values).fetchall()


def _write(http: httpx.Client) -> dict[str, Any]:
    """Ids of what was changed: one of everything that has an id."""

    def done(method: str, path: str, body: Any = None) -> Any:
        headers = REQUEST if path.startswith(API) else GOVERN
        answer = http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    hits = http.get("/dataSource", params={"size": 999}, headers=GOVERN).json()["hits"]
    live = [hit["id"] for hit in hits if not hit["deleted"]]
    made = done("POST", "/snowflake/handler", nested("Loan balances", "LOANS"))["dataSourceId"]
    done("DELETE", f"/dataSource/{live[0]}")
    for _ in range(2):
        done("DELETE", f"/dataSource/{live[1]}")
    done("POST", "/tag", {"tags": [{"name": "Quarterly"}]})
    done("POST", f"/tag/column/{made}_BALANCE", [{"name": "Quarterly"}])
    config = {"fields": [{"name": "Quarterly"}], "maskingConfig": {"type": "Null"}}
    action = {"rules": [{"config": config, "type": "masking"}], "type": "masking"}
    policy = {"actions": [action], "circumstances": [], "name": "Quarterly", "type": "data"}
    number = done("POST", "/policy/global", policy)["id"]
    listed = http.get(API + "/data-product", params={"limit": 100}, headers=REQUEST).json()
    product = listed["data"][0]["id"]
    done("PUT", f"{API}/data-product/{product}/datasources",
         {"dataSources": [{"sourceId": str(made)}]})  # fmt: skip
    people = http.get(API + "/metadata/users", headers=REQUEST).json()["users"]
    asked = done("POST", f"{API}/data-product/{product}/request",
                 {"user": people[0]["globalUserId"]})["id"]  # fmt: skip
    (record,) = done("GET", f"{API}/access-request/{asked}/records")["approvalRecords"]
    yes = {"status": "APPROVED", "duration": 5, "durationUnit": "DAYS", "reason": "quarter"}
    done("PUT", f"{API}/approval-record/{record['id']}", yes)
    return {
        "disabled": live[0],
        "made": made,
        "policy": number,
        "product": product,
        "record": record["id"],
        "removed": live[1],
        "request": asked,
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("written")
    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        httpx.Client(base_url=url, timeout=30) as http,
    ):
        tenant(folder, url)
        muster("collect", "--as-of", "2026-11-21", folder=folder)
        ids = _write(http)
        muster("collect", "--as-of", "2026-11-21", folder=folder)
        yield Written(folder, ids)


def test_the_changed_world_is_collected(written: Written) -> None:
    """Sources, columns, tags and policies of the second night are those that were written."""
    ids = written.ids
    query = "select deleted from immuta_source where id = ?"
    assert written.rows(query, ids["made"]) == [(False,)]
    assert written.rows(query, ids["disabled"]) == [(True,)]
    assert written.rows(query, ids["removed"]) == []
    columns = written.rows(
        "select name from immuta_column where source_id = ? order by name", ids["made"]
    )
    assert columns == [("BALANCE",), ("CARD_NO",)]
    assert written.rows("select name from immuta_tag where name = 'Quarterly'")
    assert written.rows("select name from immuta_policy where id = ?", ids["policy"]) == [
        ("Quarterly",)
    ]
    linked = written.rows(
        "select source_id from data_product_source where product_id = ?", ids["product"]
    )
    assert {str(one) for (one,) in linked} == {str(ids["made"])}


def test_a_decided_request_is_collected_with_its_record(written: Written) -> None:
    """A request made and approved between the nights is approved until its time is over."""
    ids = written.ids
    (row,) = written.rows(
        "select status, product_id, expires_at - updated_at = interval 5 days "
        "from access_request where id = ?",
        ids["request"],
    )
    assert row == ("APPROVED", ids["product"], True)
    assert written.rows("select status from approval where id = ?", ids["record"]) == [
        ("APPROVED",)
    ]


def test_the_nights_differ_by_what_was_written(written: Written) -> None:
    """Neither night has a gap, and the sources that came and went are those that were written."""
    assert written.rows("select count(*) from gap") == [(0,)]
    assert written.rows("select bool_and(complete) from snapshot") == [(True,)]
    first, second = (
        {one for (one,) in written.rows("select id from immuta_source_at(?)", night)}
        for night in ("20261121T020000Z", "20261121T020000Z-2")
    )
    assert second - first == {written.ids["made"]}
    assert first - second == {written.ids["removed"]}


def test_a_collection_sends_nothing_but_reads(written: Written) -> None:
    """Every request in the log of exchanges reads; none has the address of a call that writes."""
    logs = list((written.folder / "data/raw").rglob("exchanges.jsonl"))
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    sent = {(line["method"], urlsplit(line["url"]).path) for line in lines}
    assert len(sent) > 100
    writes = [
        (method, route.path_regex)
        for route in write_api.ROUTES
        for method in route.methods or ()
        if method not in ("GET", "HEAD")
    ]
    for method, path in sent:
        assert method in ("GET", "POST")
        assert not any(method == one and form.match(path) for one, form in writes), path


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(
        {
            (method, route.path.replace("{id}", "7").replace("{", "").replace("}", ""))
            for route in write_api.ROUTES
            for method in route.methods or ()
            if method not in ("GET", "HEAD")
        }
    ),
)
def test_the_client_refuses_to_write(method: str, path: str) -> None:
    """No write that the sandbox takes could be sent by ours: the allowlist refuses each."""
    plane = "request" if path.startswith("/marketplace") else "govern"
    request = Request(method=method, plane=plane, path=path.removeprefix("/marketplace"))
    with pytest.raises(ForbiddenRequestError):
        Allowed(SOURCE).check(request)
