"""What tests share that hold every table against what the sandbox's systems hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from collecting import staging_at, store_at
from sandbox_fixture import DAY

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Source
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.sandbox import server, signin

Rows = set[tuple[Any, ...]]


def read(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """The rows of a query; a row that comes twice is an error."""
    found = con.execute(query).fetchall()
    assert len(set(found)) == len(found), "the same row twice"
    return set(found)


@contextmanager
def immuta_collected(source: Source, path: Path, assets: int) -> Iterator[Staging]:
    """Staging in a run's folder, with a part of Immuta collected over a socket; nothing is missing."""
    store = store_at(path)
    with server.running(assets=assets, as_of=DAY) as url, staging_at(path, store) as staging:
        planes = {
            "govern": Plane(url, StaticToken(signin.IMMUTA_KEY)),
            "request": Plane(url + "/marketplace", StaticToken(signin.REQUEST_TOKEN)),
        }
        client = Client(source, planes, Pace(10_000.0), store)
        try:
            outcomes = collect({"immuta": client}, staging, workers=4, skip={})
        finally:
            client.close()
            store.close()
        assert reconcile(staging, outcomes), "something is missing"
        staging.record_exchanges(source, "run")
        yield staging
