"""Nights that ask only for the records of requests that moved seal what full nights seal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from request_app import collected, sealed

from pipeline.collect.staging import Earlier
from pipeline.sandbox import clock, server
from pipeline.sandbox.weather import faults
from pipeline.warehouse import schema
from pipeline.warehouse.home import Home, connect

ASSETS = 120
NIGHTS = ("2026-11-14", "2026-11-16", "2026-11-21")
OWN_TO_A_RUN = {"reconciliation", "gap"}
"""Tables that tell how a collection went, which is not the same for a short one."""


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """The same nights, read whole and in short."""
    found = {way: Home(tmp_path_factory.mktemp(way)) for way in ("full", "short")}
    for night in NIGHTS:
        with server.running(assets=ASSETS, as_of=clock.parse_as_of(night)) as url:
            for way, home in found.items():
                sealed(home, url, night, carry=way == "short")
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
    differing: dict[str, list[Any]] = {}
    for table in schema.tables().values():
        if table.group == "immuta" and table.historised:
            query = (
                f"select {', '.join(table.content)} from {table.name}_at('{night}') order by all"
            )
            full, short = (warehouses[way].execute(query).fetchall() for way in ("full", "short"))
            if full != short:
                differing[table.name] = [row for row in full if row not in short][:2]
                differing[table.name] += [row for row in short if row not in full][:2]
    assert differing == {}
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


def test_a_carried_step_leads_to_the_page_it_was_read_from(
    homes: dict[str, Home], warehouses: dict[str, duckdb.DuckDBPyConnection]
) -> None:
    """A review that was read on an earlier night points to that night's page, which is still there."""
    query = (
        "select distinct e.run_id, e.part from approval a join exchange e using (page_id) "
        "join snapshot s on s.number = e.snapshot_number where s.number < 3"
    )
    found = warehouses["short"].execute(query).fetchall()
    assert found
    for run_id, part in found:
        assert Path(homes["short"].raw, run_id, part).exists()


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
