"""How long the stages of a first run take, over a sandbox on a socket, beside plain Python in the same run.

    uv run python benchmarks/first_run.py --assets 2000 50000

Prints one row per size: assets per second collected (search, entities, columns, lineage, scans and all of
Immuta), seconds to load, to check, to seal and to judge, and peak memory of this process. Machines are noisy, so
each figure stands beside a baseline measured in the same run: requests per second against one plain sequential
httpx client that decodes the JSON of every twentieth of the same calls, loading against `json.loads` of the same
pages, judging against a Python loop that decides OWN-001 alone from the same rows.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx

from pipeline import config, gate, packs
from pipeline.cli import sandbox
from pipeline.clients import SOURCES, build_clients, planes_of
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.store import PageStore
from pipeline.collect.walk import collect
from pipeline.judge.judgement import judge
from pipeline.warehouse.home import Home, connect
from pipeline.warehouse.seal import Facts, seal

AS_OF = datetime(2026, 11, 21, 2, tzinfo=UTC)
EVERY_NTH_CALL = 20
"""Share of the calls that the plain client repeats: a fair sample of light and heavy ones."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--assets", type=int, nargs="+", default=[2000])
    for assets in parser.parse_args().assets:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(assets, Home(Path(folder)))), flush=True)


def measure(assets: int, home: Home) -> dict[str, Any]:
    """Every figure for one size of estate."""
    figures: dict[str, Any] = {"assets": assets}
    loading = 0.0
    with sandbox.running(1, assets, AS_OF) as facts, httpx.Client(timeout=60) as sign_in:
        settings = config.for_sandbox(config.Config(), facts)
        store = PageStore(home.raw, "run")
        staging = TimedStaging(home.raw / "run" / "staging.duckdb", store, 1)
        clients = build_clients(settings, planes_of(settings, sign_in), store)
        begun = time.perf_counter()
        outcomes = collect(clients, staging, workers=settings.collect.workers, skip={})
        whole = time.perf_counter() - begun
        loading = staging.seconds
        complete = reconcile(staging, outcomes)
        for client in clients.values():
            staging.record_exchanges(client.source, "run")
            client.close()
        baseline = plain_requests_per_second(facts, store)
    calls = sum(len(store.exchanges(o.source.name, o.endpoint.name)) for o in outcomes)
    collecting = whole - loading
    figures |= {
        "requests": calls,
        "collect_s": round(collecting, 2),
        "assets_per_s": round(assets / collecting, 1),
        "requests_per_s": round(calls / collecting, 1),
        "requests_vs_plain_httpx": round(calls / collecting / baseline, 2),
        "load_s": round(loading, 2),
        "load_vs_json_loads": round(loading / seconds(lambda: decode(store, staging)), 2),
    }
    store.close()
    staging.close()
    figures["gate_s"] = round(seconds(lambda: gate.check(staging.path)), 2)
    about = Facts("run", AS_OF, AS_OF, "benchmark", complete, True, [], "0", "", 1)
    figures["seal_s"] = round(seconds(lambda: seal(home, staging.path, 1, about)), 2)
    judging = seconds(lambda: judge(home, packs.load()))
    figures["judge_s"] = round(judging, 2)
    figures["judge_all_rules_vs_python_own_001"] = round(judging / owners_in_python(home), 2)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return figures


class TimedStaging(Staging):
    """Staging that adds up the seconds its loads take."""

    seconds = 0.0

    def load(self, *arguments: Any) -> None:
        self.seconds += seconds(lambda: super(TimedStaging, self).load(*arguments))

    def finish(self, *arguments: Any) -> None:
        self.seconds += seconds(lambda: super(TimedStaging, self).finish(*arguments))


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def plain_requests_per_second(facts: Any, store: PageStore) -> float:
    """A sample of the same calls, one after the other, by a client that does nothing else but decode."""
    tokens = {
        "purview": facts["purview_token"],
        "govern": facts["immuta_api_key"],
        "request": facts["immuta_request_token"],
    }
    sample = [
        (exchange.url, tokens[endpoint.plane if source.name == "immuta" else "purview"])
        for source in SOURCES
        for endpoint in source.endpoints
        for exchange in store.exchanges(source.name, endpoint.name)[::EVERY_NTH_CALL]
        if exchange.method == "GET"
    ]
    with httpx.Client(timeout=60) as plain:
        begun = time.perf_counter()
        for url, token in sample:
            plain.get(url, headers={"Authorization": f"Bearer {token}"}).json()
        return len(sample) / (time.perf_counter() - begun)


def decode(store: PageStore, staging: Staging) -> None:
    """Turns every stored page into Python objects, and nothing more."""
    rows = staging.con.execute("select distinct source, split_part(endpoint, '.', 2) from exchange")
    for source, endpoint in rows.fetchall():
        for _, body in store.pages(source, endpoint):
            json.loads(body)


def owners_in_python(home: Home) -> float:
    """Seconds that a Python loop takes to decide one rule from rows it is handed."""
    with closing(connect(home.sealed(), read_only=True)) as con:
        return seconds(lambda: decide(con))


def decide(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """OWN-001 as a loop over fetched rows."""
    owners: dict[str, set[str]] = {}
    for guid, role, principal in con.execute(
        "select asset_guid, role, principal_id from contact"
    ).fetchall():
        if role == "Owner":
            owners.setdefault(guid, set()).add(principal)
    tiers = dict(
        con.execute("select name, tier from sensitivity where source = 'purview'").fetchall()
    )
    sensitive = {
        guid
        for guid, name in con.execute("select asset_guid, type_name from classification").fetchall()
        if tiers.get(name) in (1, 2)
    }
    return {
        guid: "pass" if owners.get(guid) else "fail"
        for guid, level in con.execute("select guid, level from asset").fetchall()
        if level == "dataset" and guid in sensitive
    }


if __name__ == "__main__":
    main()
