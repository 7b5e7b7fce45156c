"""The Request app's part of the Immuta source, collected from a server into staging."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from collecting import Clock

from pipeline import config
from pipeline.clients import planes_of
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Clock as RunClock
from pipeline.collect.staging import Earlier, Staging
from pipeline.collect.store import PageStore
from pipeline.collect.walk import collect
from pipeline.sandbox import clock, server
from pipeline.sources.groups import assembled
from pipeline.sources.immuta import (
    assets,
    data_sources,
    listings,
    products,
    request_domains,
    request_forms,
    requests,
)
from pipeline.warehouse.home import Home, lock
from pipeline.warehouse.seal import Facts, newest, seal

SOURCE = assembled(
    "immuta",
    "pipeline.sources.immuta",
    (data_sources, products, requests, request_forms, assets, request_domains, listings),
)
"""What is read of the Request app, and the data sources of Govern that it is held against."""


@dataclass(frozen=True)
class Night:
    """What came of one collection: its staging, and whether nothing is missing."""

    staging: Staging
    complete: bool


def sealed(home: Home, url: str, as_of: str, *, carry: bool = False) -> bool:
    """Whether a night that was collected and sealed is complete; with `carry` it takes over what did not move."""
    last = newest(home)
    number = last.number + 1 if last else 1
    earlier = Earlier(home.sealed()) if last and carry else None
    moment = clock.parse_as_of(as_of)
    with collected(url, home.raw, as_of, number=number, earlier=earlier) as night:
        path, complete = night.staging.path, night.complete
    facts = Facts(as_of, moment, moment, "sandbox", complete, earlier is None, [], "1", "", 1)
    with lock(home):
        seal(home, path, number, facts)
    return complete


@contextmanager
def collected(
    url: str,
    path: Path,
    as_of: str = "2026-11-21",
    *,
    number: int = 1,
    earlier: Earlier | None = None,
    skip: frozenset[str] = frozenset(),
) -> Iterator[Night]:
    """One night against the server at `url`; it never really sleeps."""
    path.mkdir(parents=True, exist_ok=True)
    moment = clock.parse_as_of(as_of)
    settings = config.for_sandbox(config.Config(), {**server.credentials(1), "url": url})
    slept, store = Clock(), PageStore(path, as_of)
    staging = Staging(
        path / f"staging{number}.duckdb",
        store,
        number,
        clock=RunClock(moment, moment),
        earlier=earlier,
    )
    with httpx.Client() as sign_in:
        plane = planes_of(settings, sign_in)["immuta"]
        client = Client(
            SOURCE,
            plane,
            Pace(1e6, clock=slept, sleep=slept.sleep),
            store,
            sleep=slept.sleep,
        )
        skipped: Mapping[str, frozenset[str]] = {"immuta": skip}
        try:
            outcomes = collect({"immuta": client}, staging, workers=4, skip=skipped)
            complete = reconcile(staging, outcomes)
            staging.record_exchanges(SOURCE, store.run_id)
            yield Night(staging, complete)
        finally:
            client.close()
            store.close()
            staging.close()
