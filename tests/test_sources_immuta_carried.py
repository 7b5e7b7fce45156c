"""Nights that ask only for the records of requests that moved seal what full nights seal."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from request_app import collected, sealed
from short_nights import are_kept, differing

from pipeline.collect.staging import Earlier
from pipeline.sandbox import clock, server
from pipeline.sandbox.weather import faults
from pipeline.warehouse import schema
from pipeline.warehouse.home import Home, connect

ASSETS = 120
NIGHTS = ("2026-11-14", "2026-11-16", "2026-11-21")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """The same nights, read whole and in short; there is nothing to carry into the first one, which is made once."""
    found = {way: Home(tmp_path_factory.mktemp(way) / "data") for way in ("full", "short")}
    for night in NIGHTS:
        with server.running(assets=ASSETS, as_of=clock.parse_as_of(night)) as url:
            sealed(found["full"], url, night, carry=False)
            if night == NIGHTS[0]:
                shutil.copytree(found["full"].root, found["short"].root, symlinks=True)
            else:
                sealed(found["short"], url, night, carry=True)
    return found


@pytest.fixture(scope="module")
def warehouses(homes: dict[str, Home]) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    opened = {way: connect(home.sealed(), read_only=True) for way, home in homes.items()}
    yield opened
    for con in opened.values():
        con.close()


@pytest.mark.parametrize("night", NIGHTS)
def test_a_short_night_seals_what_a_full_one_seals(
    warehouses: dict[str, duckdb.DuckDBPyConnection], night: str
) -> None:
    """Every table of every night says the same, whichever way it was collected."""
    tables = [one for one in schema.tables().values() if one.group == "immuta"]
    assert differing(warehouses["full"], warehouses["short"], night, tables) == {}
    assert warehouses["full"].execute("select count(*) from approval").fetchall() > [(100,)]


def test_a_short_night_asks_for_what_moved(
    warehouses: dict[str, duckdb.DuckDBPyConnection],
) -> None:
    """Records are read of requests that are pending, new or moved, and of no others."""
    con = warehouses["short"]
    [(asked, carried, requests)] = con.execute(
        "select r.calls, r.carried, (select count(*) from access_request) "
        "from reconciliation r where endpoint = 'immuta.approval'"
    ).fetchall()
    assert asked + carried == requests
    assert 0 < asked < requests / 3
    moved = con.execute(
        f"select n.id from access_request_at('{NIGHTS[2]}') n left join access_request_at('{NIGHTS[1]}') b using (id) "
        "where n.status = 'PENDING' or (n.status, n.updated_at) is distinct from (b.status, b.updated_at)"
    ).fetchall()
    read = con.execute(
        "select distinct e.key from exchange e join snapshot s on s.number = e.snapshot_number "
        f"where e.endpoint = 'immuta.approval' and s.as_of::date = '{NIGHTS[2]}'"
    ).fetchall()
    assert sorted(moved) == sorted(read)


@pytest.mark.parametrize("table", ["approval", "risk_assessment"])
def test_a_carried_row_leads_to_the_page_it_was_read_from(
    homes: dict[str, Home], warehouses: dict[str, duckdb.DuckDBPyConnection], table: str
) -> None:
    """What was read of a request on an earlier night points to that night's page, which is still there."""
    assert are_kept(homes["short"], warehouses["short"], table, len(NIGHTS))


def test_risks_are_asked_of_who_may_be_deciding(
    warehouses: dict[str, duckdb.DuckDBPyConnection],
) -> None:
    """A full night asks about requests that are pending or were decided in 30 days, a short one about those that it does not know."""
    due = (
        "select id from access_request where status = 'PENDING' or (status in ('APPROVED', 'DENIED') "
        f"and updated_at >= timestamptz '{NIGHTS[2]} 02:00:00+00' - interval 30 days)"
    )
    asked = (
        "select e.key from exchange e join snapshot s on s.number = e.snapshot_number "
        f"where e.endpoint = 'immuta.risk' and s.as_of::date = '{NIGHTS[2]}'"
    )
    full, short = (
        {key for (key,) in warehouses[way].execute(asked).fetchall()} for way in ("full", "short")
    )
    assert full == {key for (key,) in warehouses["full"].execute(due).fetchall()}
    before = "select request_id, risk from risk_assessment_at('{}')"
    known = dict(warehouses["short"].execute(before.format(NIGHTS[1])).fetchall())
    query = (
        "select n.id from access_request n join access_request_at('{}') b using (id) "
        "where n.status <> 'PENDING' and (n.status, n.updated_at) = (b.status, b.updated_at)"
    )
    unmoved = {key for (key,) in warehouses["short"].execute(query.format(NIGHTS[1])).fetchall()}
    final = {key for key, risk in known.items() if risk != "PENDING"}
    assert short == full - (unmoved & final)
    assert 0 < len(short) < len(full)
    query = "select calls, carried from reconciliation where endpoint = 'immuta.risk'"
    assert warehouses["short"].execute(query).fetchall() == [(len(short), len(full) - len(short))]


def test_records_that_were_refused_are_asked_for_again(tmp_path: Path) -> None:
    """A request whose records lacked on the night before is read, though it did not move."""
    home, day = Home(tmp_path), clock.parse_as_of(NIGHTS[0])
    refused = {"/marketplace/api/access-request/c": faults.answering(403)}
    with server.running(assets=60, as_of=day, faults=refused) as url:
        sealed(home, url, NIGHTS[0])
    with connect(home.sealed(), read_only=True) as con:
        query = "select count(*) from gap where endpoint = 'immuta.approval'"
        [(missing,)] = con.execute(query).fetchall()
    assert missing > 20
    again = Earlier(home.sealed())
    with (
        server.running(assets=60, as_of=day) as url,
        collected(url, tmp_path / "again", NIGHTS[0], number=2, earlier=again) as night,
    ):
        query = "select carried from reconciliation where endpoint = 'immuta.approval'"
        assert night.staging.con.execute(query).fetchall() == [(0,)]
        query = "select count(*) from access_request anti join approval on request_id = access_request.id"
        assert night.staging.con.execute(query).fetchall() == [(0,)]
