"""What an identity with roles on one branch alone is not shown of any plane of Purview, and what says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from collecting import Clock, rows, staging_at, store_at
from sandbox_fixture import BULK, DAY, PURVIEW, SEARCH, VERSION

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Source
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.answers import BRANCH
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.purview.unified import catalog
from pipeline.sandbox.weather import faults
from pipeline.sandbox.weather.calls import Answer, Call, Layer, Proceed
from pipeline.sources import purview
from pipeline.sources.purview import account, entities, search, types, unified_catalog
from pipeline.warehouse import wholeness

ASSETS = 240
NARROW = {"Authorization": f"Bearer {signin.NARROW_PURVIEW_TOKEN}"}
ATLAS = "/datamap/api/atlas/v2"
OF_DOMAINS = (
    "data_product",
    "catalog_asset",
    "catalog_term",
    "critical_data_element",
    "objective",
    "data_subscription",
    "access_workflow",
    "access_workflow_run",
)


@dataclass(frozen=True)
class Night:
    """What a collection brought."""

    complete: bool
    staging: Staging
    gaps: dict[tuple[str, str], str]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows(self.staging, query)


@contextmanager
def collected(path: Path, source: Source, token: str, **options: Any) -> Iterator[Night]:
    """A collection of these planes from a sandbox with the options."""
    time, store = Clock(), store_at(path)
    with (
        server.running(as_of=DAY, **options) as url,
        staging_at(path, store) as staging,
    ):
        plane = Plane(url, StaticToken(token))
        planes = {endpoint.plane: plane for endpoint in source.endpoints}
        pace = Pace(1e6, clock=time, sleep=time.sleep)
        client = Client(source, planes, pace, store, sleep=time.sleep)
        complete = reconcile(staging, collect({source.name: client}, staging, workers=4, skip={}))
        client.close()
        store.close()
        query = "select replace(endpoint, 'purview.', ''), key, reason from gap"
        yield Night(complete, staging, {(a, b): c for a, b, c in rows(staging, query)})


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """What the identity is shown."""
    path = tmp_path_factory.mktemp("narrow")
    with collected(path, purview.SOURCE, signin.NARROW_PURVIEW_TOKEN, assets=ASSETS) as night:
        yield night


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


def is_shown(collection: str) -> bool:
    return collection in (BRANCH, f"raw{BRANCH[:3]}", f"cur{BRANCH[:3]}")


def test_audit_events_of_other_collections_are_a_gap(narrow: Night) -> None:
    """The log is as long as it says, and leaves out what it may not show."""
    seen = {one for (one,) in narrow.rows("select object_collection_id from audit_event")}
    assert {is_shown(one) for one in seen if one is not None} == {True}
    assert "no root: this identity is shown a part of the tree" in narrow.gaps["audit_event", "*"]


def test_a_domain_above_that_is_not_shown_gives_lists_away(narrow: Night) -> None:
    """One domain is open, and names one above it that is refused: all that belongs to domains may be a part."""
    above = catalog.domain_id(1, catalog.PARENT_OF[0])
    assert narrow.rows("select parent_id from business_domain") == [(above,)]
    assert narrow.gaps["domain_policy", "*"] == "HTTP 403"
    assert narrow.gaps["business_domain_alone", above] == "HTTP 403"
    reason = f"others name, and the API does not answer about, 1 that it lacks (purview.business_domain): {above}"  # fmt: skip
    assert narrow.gaps["business_domain", "*"] == reason
    told = f"of business domains only a part is shown: {reason}"
    assert {narrow.gaps[name, "*"] for name in OF_DOMAINS} == {told}
    tables = ("purview_data_product", "catalog_asset", "catalog_term", "objective", "data_subscription")  # fmt: skip
    assert all(wholeness.unread(narrow.staging.con, [table]) for table in tables)


def test_what_is_shown_is_the_branch_alone(narrow: Night, estate: Estate) -> None:
    """Products, terms and requests are those of the one domain; assets those of its collections."""
    own = [one.id for one in catalog.held(estate).products if one.domain == 0]
    assert {one for (one,) in narrow.rows("select id from purview_data_product")} == set(own)
    assert narrow.rows("select count(*) from catalog_term") == [(catalog.TERMS_PER_DOMAIN,)]
    asked = narrow.rows("select distinct product_id from data_subscription")
    assert {one for (one,) in asked} <= set(own)
    assets = {one for (one,) in narrow.rows("select guid from asset")}
    assert assets == {data.guid for data in estate.datasets if is_shown(data.collection)}


def test_nothing_that_is_not_shown_is_taken_for_gone(narrow: Night) -> None:
    """What is refused by itself is no asset that went, and the collection is not whole."""
    assert narrow.rows("from vanished_asset") == []
    assert ("search", "*") in narrow.gaps
    assert not narrow.complete


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        httpx.Client(base_url=url, params=VERSION, timeout=30) as client,
    ):
        yield client


def test_entities_of_hidden_collections(http: httpx.Client, estate: Estate) -> None:
    """Bulk reads leave them and their columns out; by itself each is refused, in whatever way it is asked for."""
    hidden, shown = (
        next(d for d in estate.datasets if d.has_schema and is_shown(d.collection) is seen)
        for seen in (False, True)
    )
    guids = [hidden.guid, shown.guid, hidden.column_guid(1), shown.column_guid(1), hidden.schema_guid]  # fmt: skip
    for headers, expected in ((NARROW, guids[1::2]), (PURVIEW, guids[:4])):
        found = http.get(BULK, params={**VERSION, "guid": guids[:4]}, headers=headers).json()
        assert {one["guid"] for one in found["entities"]} == set(expected)
    for inner in ("", "/header", "/classifications"):
        address = f"{ATLAS}/entity/guid/{hidden.guid}{inner}"
        answer = http.get(address, headers=NARROW)
        assert (answer.status_code, answer.json()["errorCode"]) == (403, "ATLAS-403-00-001")
        assert http.get(address, headers=PURVIEW).status_code == 200
    named = f"{ATLAS}/entity/uniqueAttribute/type/{hidden.type_name}"
    asked = {**VERSION, "attr:qualifiedName": hidden.qualified_name}
    assert http.get(named, params=asked, headers=NARROW).status_code == 404
    assert http.get(named, params=asked, headers=PURVIEW).status_code == 200
    for tail in (f"/atlas/v2/lineage/{hidden.guid}", f"/lineage/{hidden.guid}/next"):
        way = {**VERSION, "direction": "INPUT"}
        assert http.get(f"/datamap/api{tail}", params=way, headers=NARROW).status_code == 403


def test_searches_of_one_caller_are_not_those_of_another(http: httpx.Client) -> None:
    """The same search is answered to each by what it may see."""
    body = {"keywords": "*", "limit": 5}
    whole, part = (
        http.post(SEARCH, json=body, headers=headers).json()["@search.count"]
        for headers in (PURVIEW, NARROW)
    )
    assert whole == ASSETS
    assert 0 < part < whole


def test_nodes_of_lineage_that_are_hidden_are_named_by_edges_only(
    http: httpx.Client, estate: Estate
) -> None:
    """An edge leads to what its map of nodes does not have."""
    for data in (one for one in estate.datasets if is_shown(one.collection)):
        address = f"{ATLAS}/lineage/{data.guid}"
        params = {**VERSION, "direction": "BOTH", "depth": 3}
        graph = http.get(address, params=params, headers=NARROW).json()
        ends = {end for r in graph["relations"] for end in (r["fromEntityId"], r["toEntityId"])}
        dangling = ends - graph["guidEntityMap"].keys()
        if dangling:
            break
    assert dangling
    assert {is_shown(found.collection) for guid in dangling if (found := estate.dataset(guid))} <= {False}  # fmt: skip


def left_out(guid: str) -> Layer:
    """Bulk reads without one entity."""

    async def layer(call: Call, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        page = answer.page()
        if page is None or not call.path.endswith("/entity/bulk"):
            return answer
        kept = [one for one in page["entities"] if one["guid"] != guid]
        return answer.saying({**page, "entities": kept})

    return layer


@pytest.mark.parametrize("listed", [True, False])
def test_what_search_lists_is_not_gone(tmp_path: Path, listed: bool) -> None:
    """An asset that is denied with "not there" is hidden, as long as search has it; else it went while it was read."""
    guid = History(1, 30).at(clock.day_number(DAY)).datasets[3].guid

    async def forgotten(call: Call, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        is_asked = call.path == SEARCH and guid.encode() in call.body
        return answer.saying({"@search.count": 0, "value": []}) if is_asked else answer

    source = purview.part(search, entities, types, account, unified_catalog)
    with collected(
        tmp_path,
        source,
        signin.PURVIEW_TOKEN,
        assets=30,
        layers=[left_out(guid), *([] if listed else [forgotten])],
        faults={f"{ATLAS}/entity/guid/{guid}": faults.answering(404)},
    ) as night:
        found = night.rows(f"select detail_read from asset where guid = '{guid}'")
        gone = night.rows("select guid from vanished_asset")
        reason = "the API says that it is not there, and search lists it still"
        assert night.gaps == ({("entity", guid): reason} if listed else {})
        assert (found, gone) == (([(False,)], []) if listed else ([], [(guid,)]))
        assert night.complete is not listed
