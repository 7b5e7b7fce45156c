"""Nights that read only what changed seal what a full collection seals."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from short_nights import are_kept, differing

from pipeline import run
from pipeline.collect.endpoint import Source
from pipeline.config import Config, for_sandbox
from pipeline.sandbox import clock, server
from pipeline.sources import purview
from pipeline.warehouse import schema
from pipeline.warehouse.home import Home, connect, lock

ASSETS = 240
NIGHTS = ("2026-11-16", "2026-11-18", "2026-11-21")
WAYS: dict[str, dict[str, Any]] = {
    "full": {"full_refresh_days": 0},
    "all": {"full_refresh_days": 30},
    "changes": {"full_refresh_days": 30, "listing": "changes"},
}
READ_WHOLE = {
    "purview": ("scanning", "policy_store", "audit", "unified_catalog", "data_access"),
    "immuta": ("govern", "request"),
    "directory": ("graph",),
}
"""Planes of which nothing is ever carried over: they are left out here."""
OWN_TO_A_RUN = {"reconciliation", "gap"}
"""Tables that tell how a collection went, which is not the same for a short one."""


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """The results of the same nights, collected in each way; the first one is a full one in every way, and made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(purview, "SOURCE", replace(purview.SOURCE, sql=_small_pages(purview.SOURCE)))
        return _collected({way: Home(tmp_path_factory.mktemp(way) / "data") for way in WAYS})


def _small_pages(source: Source) -> str:
    """The SQL of Purview where a list of ten hits is a long one."""
    small = source.sql.replace("set variable page_hits = 1000;", "set variable page_hits = 1;")
    assert small != source.sql
    return small


def _collected(found: dict[str, Home]) -> dict[str, Home]:
    for night in NIGHTS:
        as_of = clock.parse_as_of(night)
        with server.running(assets=ASSETS, as_of=as_of) as url:
            settings = for_sandbox(Config(), {"url": url, **server.credentials(1)})
            left_out = {
                name: getattr(settings, name).model_copy(update={"skip": planes})
                for name, planes in READ_WHOLE.items()
            }
            settings = settings.model_copy(update=left_out)
            for way, home in found.items():
                if night == NIGHTS[0] and way != "full":
                    shutil.copytree(found["full"].root, home.root, symlinks=True)
                    continue
                collect = settings.collect.model_copy(update=WAYS[way])
                config = settings.model_copy(update={"collect": collect})
                with lock(home):
                    sealed = run.collect_and_seal(
                        config, home, estate="sandbox", config_sha256="x", as_of=as_of
                    )
                assert sealed.complete
    return found


@pytest.fixture(scope="module")
def warehouses(homes: dict[str, Home]) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    opened = {way: connect(home.sealed(), read_only=True) for way, home in homes.items()}
    yield opened
    for con in opened.values():
        con.close()


@pytest.mark.parametrize("way", ["all", "changes"])
@pytest.mark.parametrize("night", NIGHTS)
def test_a_short_night_seals_what_a_full_one_seals(
    warehouses: dict[str, duckdb.DuckDBPyConnection], way: str, night: str
) -> None:
    """Every table of every night says the same, whichever way it was collected."""
    tables = [
        table
        for table in schema.tables().values()
        if table.group in schema.COLLECTED and table.historised and table.name not in OWN_TO_A_RUN
    ]
    assert differing(warehouses["full"], warehouses[way], night, tables) == {}


@pytest.mark.parametrize("way", ["all", "changes"])
def test_a_short_night_asks_for_little(
    warehouses: dict[str, duckdb.DuckDBPyConnection], way: str
) -> None:
    """Details are asked for the changed assets only, and the others are said to be carried over."""
    query = (
        "select r.distinct_keys, r.carried, (select count(*) from asset) "
        "from reconciliation r where endpoint = 'purview.entity'"
    )
    [(asked, carried, assets)] = warehouses[way].execute(query).fetchall()
    assert asked + carried == assets
    assert 0 < asked < assets / 5


def test_only_changes_are_listed(warehouses: dict[str, duckdb.DuckDBPyConnection]) -> None:
    """With `listing = changes` the unchanged hits are not listed again, unless their slice lost one."""
    query = "select carried from reconciliation where endpoint = 'purview.search'"
    assert warehouses["all"].execute(query).fetchall() == [(0,)]
    [(carried,)] = warehouses["changes"].execute(query).fetchall()
    assert carried > 0


def test_of_a_long_slice_only_the_pieces_that_lost_something_are_listed(
    warehouses: dict[str, duckdb.DuckDBPyConnection],
) -> None:
    """A slice that lost a hit is counted in pieces, few of which are read again: less than the slice has."""
    query = (
        "select endpoint, calls from reconciliation_at('2026-11-21') "
        "where endpoint in ('purview.piece_total', 'purview.search_again')"
    )
    counted, read = sorted(warehouses["changes"].execute(query).fetchall())
    assert counted[1] > read[1] > 0


def test_rows_carried_over_point_to_the_page_they_were_read_from(
    homes: dict[str, Home], warehouses: dict[str, duckdb.DuckDBPyConnection]
) -> None:
    """An asset read on an earlier night leads to that night's page, which is still there."""
    assert are_kept(homes["all"], warehouses["all"], "asset", len(NIGHTS))
