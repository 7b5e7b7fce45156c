"""Both sources against the sandbox over a socket while it misbehaves: the estate comes whole, or what lacks is named."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from collecting import Clock, rows, staging_at, store_at
from sandbox_fixture import DAY

from pipeline import config
from pipeline.clients import SOURCES, planes_of
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.walk import collect
from pipeline.errors import SignInError
from pipeline.sandbox import clock, server
from pipeline.sandbox.estate import History
from pipeline.sandbox.weather import faults
from pipeline.sandbox.weather.faults import Fault

ASSETS = 60
COUNTS = (
    "select (select count(*) from asset where detail_read), (select count(*) from immuta_source), "
    "(select count(*) from data_product), (select count(*) from access_request)"
)


class Counting(Fault):
    """No fault: it counts the calls of its path prefix."""

    calls = 0

    def takes_place(self) -> bool:
        self.calls += 1
        return False


def collected(
    url: str, path: Path, *queries: str, **changed: str
) -> tuple[bool, list[list[tuple[Any, ...]]], Clock]:
    """Whether nothing is missing, the answers of the queries over staging, and the clock that was slept on."""
    facts = {**server.credentials(1), "url": url, **changed}
    settings = config.for_sandbox(config.Config(), facts)
    slept, store = Clock(), store_at(path)
    with httpx.Client() as sign_in, staging_at(path, store) as staging:
        planes = planes_of(settings, sign_in)
        clients = {
            source.name: Client(
                source,
                planes[source.name],
                Pace(1e6, clock=slept, sleep=slept.sleep),
                store,
                sleep=slept.sleep,
            )
            for source in SOURCES
        }
        try:
            outcomes = collect(clients, staging, workers=4, skip={})
            complete = reconcile(staging, outcomes)
            return complete, [rows(staging, query) for query in queries], slept
        finally:
            for client in clients.values():
                client.close()
            store.close()


@dataclass(frozen=True)
class Recovered:
    """What came of a walk through faults that pass, with tokens that live for a second."""

    complete: bool
    counts: list[tuple[Any, ...]]
    gaps: list[tuple[Any, ...]]
    slept_s: float
    entra_calls: int
    immuta_calls: int


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> Recovered:
    entra, immuta = Counting("status"), Counting("status")
    behaviour = {
        f"/{server.credentials(1)['tenant_id']}": entra,
        "/bim/apikey": immuta,
        "/datamap/api/search": faults.throttled("7"),
        "/datamap/api/atlas/v2/entity": faults.truncated(times=1),
        "/datamap/api/atlas/v2/glossary": faults.answering(500, times=2),
        "/account": faults.dropped(times=1),
        "/scan": faults.malformed(times=1),
        "/dataSource": faults.answering(503, times=3),
        "/dictionary": faults.dropped(times=2),
        "/marketplace/api/data-product": faults.malformed(times=2),
    }
    folder = tmp_path_factory.mktemp("recovered")
    with server.running(assets=ASSETS, as_of=DAY, faults=behaviour, token_lifetime_s=1) as url:
        complete, (counts, gaps), slept = collected(url, folder, COUNTS, "select * from gap")
    return Recovered(complete, counts, gaps, slept.now, entra.calls, immuta.calls)


def test_faults_that_pass_leave_nothing_missing(recovered: Recovered) -> None:
    """Throttling, server errors, broken bodies and dropped connections on many planes: everything comes in the end."""
    estate = History(1, ASSETS).at(clock.day_number(DAY))
    assert recovered.complete
    assert recovered.gaps == []
    assert recovered.counts == [
        (ASSETS, len(estate.data_sources), len(estate.products), len(estate.any_request_by_id))
    ]
    assert recovered.slept_s >= 7.0


def test_faults_that_stay_are_gaps_and_nothing_else_suffers(tmp_path: Path) -> None:
    """A list that is forbidden and one that is never whole are named; the other tables are full."""
    behaviour = {
        "/bim/user": faults.answering(403),
        "/account/domains": faults.malformed(),
        "/tag": faults.truncated(),
    }
    query = "select endpoint, key, status from gap order by endpoint"
    words = "select endpoint from reconciliation where verdict = 'incomplete' order by endpoint"
    with server.running(assets=ASSETS, as_of=DAY, faults=behaviour) as url:
        complete, (counts, gaps, short), _ = collected(url, tmp_path, COUNTS, query, words)
    assert not complete
    assert gaps == [
        ("immuta.tag", "*", None),
        ("immuta.user", "*", 403),
        ("purview.platform_domain", "*", 200),
    ]
    assert short == [("immuta.tag",), ("immuta.user",), ("purview.platform_domain",)]
    assert counts[0][0] == ASSETS


def test_tokens_that_expire_during_the_walk_are_renewed(recovered: Recovered) -> None:
    """Tokens that live for a second are fetched again and again, and no call is lost to them."""
    assert recovered.complete
    assert recovered.counts[0][0] == ASSETS
    assert recovered.entra_calls > 1
    assert recovered.immuta_calls > 1


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"client_secret": "wrong"}, "check AZURE_TENANT_ID"),
        ({"immuta_api_key": "wrong"}, "check IMMUTA_HOST and IMMUTA_API_KEY"),
        ({"immuta_request_token": "wrong"}, "refused the credential"),
    ],
)
def test_a_wrong_credential_ends_the_run_with_one_message(
    tmp_path: Path, wrong: dict[str, str], cure: str
) -> None:
    """Each of the three ways to sign in says what to check, and shows no secret."""
    with (
        server.running(assets=20, as_of=DAY) as url,
        pytest.raises(SignInError) as refused,
    ):
        collected(url, tmp_path, **wrong)
    assert cure in str(refused.value)
    assert "wrong" not in str(refused.value)
