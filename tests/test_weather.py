"""A collection in every weather of the sandbox brings the exact estate, or says exactly what is missing."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from collecting import Clock, staging_at, store_at
from sandbox_fixture import DAY

from pipeline import config
from pipeline.clients import SOURCES, planes_of
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.walk import collect
from pipeline.sandbox import server
from pipeline.sandbox.weather import faults, forecast
from pipeline.sandbox.weather.calls import Answer, Call, Proceed
from pipeline.sandbox.weather.faults import Faults
from pipeline.sandbox.weather.values import WORDS
from pipeline.warehouse import schema

ASSETS = 60
SOURCES = [source for source in SOURCES if source.name in ("purview", "immuta")]


Rows = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Collected:
    """What a collection brought: rows of every table without their provenance, their keys without words of an
    enumeration, gaps, verdicts, and the weather's hits."""

    tables: dict[str, Rows]
    keys: dict[str, Rows]
    gaps: dict[tuple[str, str], tuple[list[str], int | None, bool]]
    verdicts: dict[str, str]
    complete: bool
    hits: Mapping[str, int]

    def lacking(self, other: "Collected") -> dict[str, Rows]:
        """Rows of each table that `other` has and this one has not."""
        lacks = {name: rows - self.tables[name] for name, rows in other.tables.items()}
        return {name: rows for name, rows in lacks.items() if rows}

    @property
    def named(self) -> set[str]:
        """The tables that are said to lack rows."""
        return {table for tables, _, _ in self.gaps.values() for table in tables}


def collected(
    path: Path,
    *weathers: str,
    per_second: float = 1e6,
    deadline_s: float = 60.0,
    seen: list[Call] | None = None,
    faults: Faults | None = None,
) -> Collected:
    """The estate as it is collected in this weather; nobody really waits but for a whole answer, and the sandbox
    counts by the same clock."""
    clock, store = Clock(), store_at(path)

    async def note(call: Call, proceed: Proceed) -> Answer:
        if seen is not None:
            seen.append(call)
        return await proceed(call)

    options: dict[str, Any] = {
        "weather": weathers,
        "clock": clock,
        "layers": [note],
        "faults": faults,
    }
    with (
        server.running(assets=ASSETS, as_of=DAY, **options) as url,
        httpx.Client() as http,
        staging_at(path, store) as staging,
    ):
        facts = {**server.credentials(1), "url": url}
        settings = config.for_sandbox(config.Config(), facts)
        planes = planes_of(settings, http)
        clients = {
            source.name: Client(
                source,
                planes[source.name],
                Pace(per_second, clock=clock, sleep=clock.sleep),
                store,
                deadline_s=deadline_s,
                sleep=clock.sleep,
            )
            for source in SOURCES
        }
        try:
            outcomes = collect(clients, staging, workers=6, skip={})
            complete = reconcile(staging, outcomes)
        finally:
            for client in clients.values():
                client.close()
            store.close()
        con = staging.con
        gaps = con.execute("select endpoint, key, tables, status, page_id from gap").fetchall()
        verdicts = con.execute("select endpoint, verdict from reconciliation").fetchall()
        tables = [t for t in schema.tables().values() if t.group in ("purview", "immuta")]
        return Collected(
            {t.name: _rows(con, t.name, t.content) for t in tables},
            {t.name: _rows(con, t.name, tuple(c for c in t.key if c not in WORDS)) for t in tables},
            {(e, key): (names, status, page is not None) for e, key, names, status, page in gaps},
            dict(verdicts),
            complete,
            # on a connection of its own: the server may have closed one that rested during the walk
            httpx.get(f"{url}/weather").json(),
        )


def _rows(con: Any, table: str, columns: tuple[str, ...]) -> Rows:
    query = f"select {', '.join(f'{name}::varchar' for name in columns)} from {table}"
    return Counter(con.execute(query).fetchall())


def names(kinds: tuple[str, ...]) -> set[str]:
    """Weathers without their numbers."""
    return {kind.partition(":")[0] for kind in kinds}


def struck(found: Collected) -> set[str]:
    """The weathers that struck at all."""
    return {name for name, hits in found.hits.items() if hits > 0}


@pytest.fixture(scope="module")
def seen() -> list[Call]:
    """What the sandbox was asked on a fine day, once that is over."""
    return []


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory, seen: list[Call]) -> Collected:
    """The estate on a fine day."""
    found = collected(tmp_path_factory.mktemp("fair"), seen=seen)
    assert found.gaps == {}
    assert found.complete
    return found


def test_nothing_but_known_reads_was_sent(fair: Collected, seen: list[Call]) -> None:
    """Every call of a whole collection is a sign-in, or has method and path of an endpoint; GET but for searches."""
    assert fair.complete
    known = [
        (endpoint.method, re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(endpoint.path))))
        for source in SOURCES
        for endpoint in source.endpoints
    ]
    asked = {(call.method, call.path) for call in seen if not call.signs_in}
    assert len(asked) > 300
    for method, path in asked - {("GET", forecast.REPORT)}:
        below = path.removeprefix("/marketplace")
        assert any(method == m and template.fullmatch(below) for m, template in known), path
    searched = {path for method, path in asked if method != "GET"}
    assert {re.sub(BELOW, "", path) for path in searched} == SEARCHES
    assert {call.method for call in seen} == {"GET", "POST"}


SEARCHES = {
    "/marketplace/api/metadata/tags/applied/search",
    "/api/audit/rest/v1/search",
    "/data/object/search",
    "/datamap/api/audit/query",
    "/datamap/api/search/query",
}
BELOW = r"(?<=^/data/object/search)/.+"
"""The schema of a connection whose tables are searched."""

EXACT = [
    ("html:5", "unavailable:5", "resets:5", "truncated:5"),
    ("glossary-timeout:12", "short-url:400", "throttle:15"),
    ("duplicates:4", "self-link", "throttle-date:15"),
    ("slow:80", "token-expiry:30", "blocking:5"),
]
"""Weathers that come together strike different calls, or the same call one after the other: none hides another.
What costs a call fewer tries comes first, and limits of the rate last."""
RATES = {"throttle:15", "throttle-date:15", "blocking:5"}


@pytest.mark.parametrize("kinds", EXACT, ids=" ".join)
def test_weather_that_only_delays_changes_nothing(
    tmp_path: Path, fair: Collected, kinds: tuple[str, ...]
) -> None:
    """Each strikes, and every table is what it is on a fine day, without a gap."""
    patience: dict[str, Any] = {"per_second": 40.0} if RATES & set(kinds) else {}
    if "slow:80" in kinds:
        patience["deadline_s"] = 1.0
    found = collected(tmp_path, *kinds, **patience)
    assert struck(found) == names(kinds)
    assert found.gaps == {}
    assert found.tables == fair.tables
    assert found.complete


NOBODY_TELLS = {"data_product_source"}
"""Tables of which both lists there are may hide the same row."""


def untold(found: Collected, fair: Collected) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(table, row) of what is missing, but for rows that a gap of their table names: they have its key, or their form's product has."""
    product_of = {row[1]: row[0] for row in fair.tables["request_form"]}
    for table, rows in found.lacking(fair).items():
        keys = {key for (_, key), (tables, _, _) in found.gaps.items() if table in tables}
        for row in rows:
            if not keys & {*row, *(product_of.get(value) for value in row)}:
                yield table, row


TAKING = [("missing-guids:8", "trimmed:8"), ("forbidden-guids:20",)]
"""Weathers that come together take from different sources, which have no table in common."""


@pytest.mark.parametrize("kinds", TAKING, ids=" ".join)
def test_what_the_weather_takes_is_named(
    tmp_path: Path, fair: Collected, kinds: tuple[str, ...]
) -> None:
    """Every row that is missing is about something that a gap of its table names, and no list that lost a row is reconciled."""
    found = collected(tmp_path, *kinds)
    assert struck(found) == names(kinds)
    assert set(found.lacking(fair)) <= found.named
    assert {table for table, row in untold(found, fair)} <= NOBODY_TELLS
    assert found.complete == (not found.gaps)
    # who refuses is on record
    assert all(kept for _, status, kept in found.gaps.values() if status and status >= 300)
    for endpoint, _ in found.gaps:
        assert found.verdicts[endpoint] == "incomplete"


REFUSED = {
    "/scan": 403,
    "/datamap/api/audit": 404,
    "/datagovernance/catalog": 404,
    "/datagovernance/access": 403,
    "/policyStore": 404,
}
"""Where whole planes lie, and what they answer."""


def test_planes_that_refuse_cost_nothing_but_their_own(tmp_path: Path, fair: Collected) -> None:
    """Whatever is asked first of a plane that is forbidden or not there is a gap; tables of other planes are what they are."""
    shut = {path: faults.answering(status) for path, status in REFUSED.items()}
    found = collected(tmp_path, faults=shut)
    endpoints = [(source, one) for source in SOURCES for one in source.endpoints]
    inside = [(s, one) for s, one in endpoints if one.path.startswith(tuple(REFUSED))]
    assert {one.plane for _, one in inside} >= {
        "scanning",
        "audit",
        "unified_catalog",
        "data_access",
    }
    for source, one in inside:
        if one.for_each is None and 404 not in one.absent:
            statuses = {status for path, status in REFUSED.items() if one.path.startswith(path)}
            (tables, status, kept) = found.gaps[source.qualified(one), "*"]
            assert set(one.tables) <= set(tables)
            assert ({status}, kept) == (statuses, True)
    assert "purview.audit_event" in {endpoint for endpoint, _ in found.gaps}
    assert not found.complete
    touched = {table for _, one in inside for table in one.tables}
    assert set(found.lacking(fair)) <= touched
    assert set(found.lacking(fair)) <= found.named


STRANGE = [("nulls:3", "hostile:4", "huge:2"), ("unknown-words:4",)]
IN_FORCE = {"lineage_edge", "column_lineage"}
"""Tables of what is in force: an entity whose status nobody knows is not known to be."""
ASKED_FOR = {"risk_assessment"}
"""Tables whose calls depend on a status: one that nobody knows is asked about."""


@pytest.mark.parametrize("kinds", STRANGE, ids=" ".join)
def test_no_strange_value_costs_a_row(
    tmp_path: Path, fair: Collected, kinds: tuple[str, ...]
) -> None:
    """Nulls, absent fields, unheard-of words, attacks and megabytes: every row is there under its key."""
    found = collected(tmp_path, *kinds)
    assert struck(found) == names(kinds)
    assert found.gaps == {}
    assert found.complete
    for table, keys in fair.keys.items():
        if "unknown-words:4" in kinds and table in IN_FORCE:
            assert set(found.keys[table]) <= set(keys)
        elif "unknown-words:4" in kinds and table in ASKED_FOR:
            assert set(found.keys[table]) >= set(keys)
        else:
            assert found.keys[table] == keys, table


def test_a_list_that_moves_is_read_again(tmp_path: Path, fair: Collected) -> None:
    """A row that slipped past the second page of every counted list comes with the second reading."""
    found = collected(tmp_path, "moving:4")
    assert sum(found.hits.values()) > 20
    assert found.gaps == {}
    assert found.tables == fair.tables


def test_every_weather_is_tested() -> None:
    """The lists above name every weather there is."""
    tested = [*EXACT, *TAKING, *STRANGE, ("moving",)]
    assert set().union(*map(names, tested)) == set(forecast.KINDS)
