"""The account, scanning and policy planes of Purview alone: their source, and a walk of it over a socket."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collecting import Clock, rows, staging_at, store_at
from sandbox_fixture import DAY

from pipeline.collect.auth import StaticToken
from pipeline.collect.client import Client
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.transport import Plane
from pipeline.collect.walk import collect
from pipeline.sandbox import server, signin
from pipeline.sources import purview
from pipeline.sources.purview import account, policy_store, scanning
from pipeline.warehouse import schema

ASSETS = 60
SOURCE = purview.part(account, scanning, policy_store)
GRANTS = (
    "select collection_id, role_id, principal_id, principal_kind, granted_on, conditional "
    "from role_assignment"
)


@dataclass(frozen=True)
class Walk:
    """What came of a walk: staging, the folder of its pages, and whether nothing is missing."""

    staging: Staging
    folder: Path
    complete: bool

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows(self.staging, query)


@contextmanager
def walked(path: Path, **options: Any) -> Iterator[Walk]:
    """The three planes read from a sandbox that was started with the options."""
    clock, store = Clock(), store_at(path)
    planes = {endpoint.plane for endpoint in SOURCE.endpoints}
    with (
        server.running(assets=ASSETS, as_of=DAY, **options) as url,
        staging_at(path, store) as staging,
    ):
        client = Client(
            SOURCE,
            dict.fromkeys(planes, Plane(url, StaticToken(signin.PURVIEW_TOKEN))),
            Pace(1e6, clock=clock, sleep=clock.sleep),
            store,
            sleep=clock.sleep,
        )
        try:
            outcomes = collect({SOURCE.name: client}, staging, workers=4, skip={})
            yield Walk(staging, path, reconcile(staging, outcomes))
        finally:
            client.close()
            store.close()


def broken_promises(walk: Walk, tables: Sequence[str]) -> list[str]:
    """Tables of which a key comes twice, a required value is missing, or a reference leads nowhere."""
    found = []
    for table in (schema.tables()[name] for name in tables):
        keys = ", ".join(table.key)
        if walk.rows(f"select {keys} from {table.name} group by all having count(*) > 1"):
            found.append(f"{table.name}: key")
        for column in table.columns:
            if column.required and walk.rows(f"from {table.name} where {column.name} is null"):
                found.append(f"{table.name}.{column.name}: null")
        for one in table.references:
            using = " and ".join(
                f"t.{a} = o.{b}" for a, b in zip(one.columns, one.keys, strict=True)
            )
            if walk.rows(f"select 1 from {table.name} t anti join {one.table} o on {using}"):
                found.append(f"{table.name}: {one.table}")
    return found
