"""What search is asked, slice by slice, and what its answers are held against."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sandbox_fixture import DAY

from pipeline import config
from pipeline.clients import planes_of
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Total
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.store import PageStore
from pipeline.collect.walk import collect
from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import History
from pipeline.sandbox.weather import faults
from pipeline.sources import purview
from pipeline.sources.purview.slices import sliced

ASSETS = 240
OTHER_PLANES = frozenset(config.PURVIEW_PLANES) - {"datamap", "account"}
LONGEST = 12


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Staging:
    """The Data Map of an estate, read by a search that trusts no list of more than a few hits."""
    path = tmp_path_factory.mktemp("sliced")
    store = PageStore(path, "run")
    endpoints = tuple(
        replace(endpoint, paging=sliced(LONGEST))
        if endpoint.name.startswith("search") and endpoint.total is Total.SERVER
        else endpoint
        for endpoint in purview.SOURCE.endpoints
    )
    staging = Staging(path / "staging.duckdb", store, 1)
    with server.running(assets=ASSETS, as_of=DAY) as url, httpx.Client() as sign_in:
        settings = config.for_sandbox(config.Config(), {"url": url, **server.credentials(1)})
        planes = planes_of(settings, sign_in)["purview"]
        source = replace(purview.SOURCE, endpoints=endpoints)
        client = Client(source, planes, Pace(10_000), store)
        outcomes = collect({"purview": client}, staging, workers=4, skip={"purview": OTHER_PLANES})
        reconcile(staging, outcomes)
        client.close()
    store.close()
    return staging


def test_no_hit_is_lost_between_slices(staging: Staging) -> None:
    """Lists cut far below their length bring every asset, and the totals before and after agree."""
    estate = History(1, ASSETS).at(clock.day_number(DAY))
    [(guids,)] = staging.con.execute("select list(guid) from search_hit").fetchall()
    assert sorted(guids) == sorted(data.guid for data in estate.datasets)
    row = staging.con.execute(
        "select verdict, server_total_before, server_total, distinct_keys "
        "from reconciliation where endpoint = 'purview.search'"
    ).fetchall()
    assert row == [("reconciled", ASSETS, ASSETS, ASSETS)]


@pytest.mark.parametrize("how", ["forbidden", "skipped"])
def test_assets_are_whole_without_the_collections(tmp_path: Path, how: str) -> None:
    """Where the account plane is refused or switched off, all there is makes one slice, and it is reconciled."""
    store = PageStore(tmp_path, "run")
    staging = Staging(tmp_path / "staging.duckdb", store, 1)
    hole = {"/account": faults.answering(403)} if how == "forbidden" else {}
    skip = OTHER_PLANES | ({"account"} if how == "skipped" else set())
    with server.running(assets=60, as_of=DAY, faults=hole) as url, httpx.Client() as sign_in:
        settings = config.for_sandbox(config.Config(), {"url": url, **server.credentials(1)})
        client = Client(
            purview.SOURCE, planes_of(settings, sign_in)["purview"], Pace(10_000), store
        )
        reconcile(staging, collect({"purview": client}, staging, workers=4, skip={"purview": skip}))
        client.close()
    store.close()
    found = staging.con.execute(
        "select r.verdict, r.distinct_keys, (select count(*) from asset where detail_read), "
        "(select count(*) from gap where list_contains(tables, 'asset')) "
        "from reconciliation r where endpoint = 'purview.search'"
    ).fetchall()
    staging.close()
    assert found == [("reconciled", 60, 60, 0)]


def test_a_long_slice_is_cut(staging: Staging) -> None:
    """More lists are read than there are collections, and no collection is asked for twice."""
    calls, collections = staging.con.execute(
        "select (select calls from reconciliation where endpoint = 'purview.search'), "
        "(select count(*) from collection)"
    ).fetchall()[0]
    assert calls > collections + 1


def test_what_is_in_no_known_collection_is_a_slice(staging: Staging) -> None:
    """The slices name every collection, and all that is in none of them."""
    [(slices, collections)] = staging.con.execute(
        "select (select list(key order by key) from purview.slice), "
        "(select list('collection ' || id order by id) from collection)"
    ).fetchall()
    assert slices == sorted([*collections, "elsewhere"])
