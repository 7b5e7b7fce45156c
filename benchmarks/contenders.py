"""Ways to get the same assets into DuckDB, each run in a process of its own that says what it cost.

    python benchmarks/contenders.py search ours http://127.0.0.1:8099 /tmp/folder

Ours is the collector as it is: it keeps every page, and where it builds tables it builds all of them and holds
them against what the service says there is.
"""

import argparse
import json
import resource
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
from others import atlas_detail, atlas_search, requests_detail, requests_search
from task import TOKEN, Task, cpu_s, peak_mb

DAYS = (datetime(2026, 11, 20, 2, tzinfo=UTC), datetime(2026, 11, 21, 2, tzinfo=UTC))
"""Two nights of the estate, one of them to start from."""
MEMORY_LIMIT = "512MB"
LISTING = {
    "collection",
    "total_before",
    "search",
    "slice_total",
    "piece_total",
    "search_again",
    "search_late",
}
PLANES = ("datamap", "account")
"""Of Purview's planes those that know assets; the others are not part of the comparison."""


def ours(
    task: Task, names: Collection[str], finish: bool, tables: str, *, per_second: float = 10_000.0
) -> dict[str, Any]:
    """What came of the endpoints named, in tables."""
    from pipeline.collect.auth import StaticToken
    from pipeline.collect.client import Client
    from pipeline.collect.pace import Pace
    from pipeline.collect.staging import Staging
    from pipeline.collect.store import PageStore
    from pipeline.collect.transport import Plane
    from pipeline.collect.walk import collect
    from pipeline.sources import purview

    limit_memory()
    figures: dict[str, Any] = {}
    begun = time.perf_counter()

    class Part(Staging):
        def finish(self, source: Any) -> None:
            figures["walk_s"] = round(time.perf_counter() - begun, 2)
            figures["walk_peak_mb"] = peak_mb()
            if finish:
                super().finish(source)

    chosen = tuple(e for e in purview.SOURCE.endpoints if e.name in names)
    source = replace(purview.SOURCE, endpoints=chosen)
    store = PageStore(task.folder, "run")
    staging = Part(task.folder / "run" / "staging.duckdb", store, 1)
    planes = {name: Plane(task.url, StaticToken(TOKEN)) for name in PLANES}
    pace = Pace(per_second)
    client = Client(source, planes, pace, store)
    skip = frozenset(e.plane for e in chosen) - set(PLANES)
    collect({"purview": client}, staging, workers=8, skip={"purview": skip})
    counts = " union all ".join(f"select count(*) from {name}" for name in tables.split())
    rows = staging.con.execute(counts).fetchall()
    client.close()
    staging.close()
    store.close()
    requests = sum(len(store.exchanges("purview", e.name)) for e in chosen)
    figures |= {"requests": requests, "rows": sum(count for (count,) in rows)}
    return figures | {"refusals_seen": pace.refusals}


def ours_search(task: Task) -> dict[str, Any]:
    """Every hit, slice by slice."""
    return ours(task, LISTING, False, "search_hit")


def ours_detail(task: Task) -> dict[str, Any]:
    """Everything that the account and the Data Map say."""
    from pipeline.sources import purview

    names = {e.name for e in purview.SOURCE.endpoints}
    return ours(task, names, True, "asset asset_column")


def limited(task: Task) -> dict[str, Any]:
    """Everything that the account and the Data Map say, at the pace the service allows; what was refused too."""
    from pipeline.sources import purview

    names = {e.name for e in purview.SOURCE.endpoints}
    return ours(task, names, True, "asset asset_column lineage_edge", per_second=task.per_second)


def increment(task: Task) -> dict[str, Any]:
    """A night that reads only what changed, by either listing, beside the full ones before it and of the same day."""
    limit_memory()
    urls = task.url.split(",")
    found = {"first": night(task.folder / "all", urls[0], DAYS[0], "all")}
    shutil.copytree(task.folder / "all", task.folder / "changes", symlinks=True)
    for name in ("full", "all", "changes"):
        found[name] = night(task.folder / name, urls[1], DAYS[1], name if name != "full" else "all")
    whole = sealed_rows(task.folder / "full")
    ratios = {
        f"{name}_of_full": found["full"]["requests"] / found[name]["requests"] for name in found
    }
    same = {f"{name}_same": sealed_rows(task.folder / name) == whole for name in ("all", "changes")}
    figures = {
        f"{name}_{what}": value for name, row in found.items() for what, value in row.items()
    }
    return figures | {name: round(ratio, 1) for name, ratio in ratios.items()} | same


def night(folder: Path, url: str, day: datetime, listing: str) -> dict[str, Any]:
    """What one night through the function behind `muster collect` took."""
    from pipeline import config, run
    from pipeline.warehouse.home import Home

    before = httpx.get(f"{url}/sandbox/counts").json()["served"]
    begun, cpu = time.perf_counter(), cpu_s()
    sealed = run.collect_and_seal(
        configuration(config, url, listing),
        Home(folder),
        estate="benchmark",
        config_sha256="",
        as_of=day,
    )
    return {
        "requests": httpx.get(f"{url}/sandbox/counts").json()["served"] - before,
        "complete": sealed.complete,
        "s": round(time.perf_counter() - begun, 2),
        "cpu_s": round(cpu_s() - cpu, 2),
    }


def sealed_rows(folder: Path) -> dict[str, tuple[int, int]]:
    """How many rows the newest snapshot has in each table of Purview, and a digest of what they say."""
    from pipeline.warehouse import schema
    from pipeline.warehouse.home import Home, connect

    found = {}
    with connect(Home(folder).sealed(), read_only=True) as con:
        for table in schema.tables().values():
            if table.group == "purview":
                said = f"coalesce(bit_xor(hash({', '.join(table.content)})), 0)"
                found[table.name] = con.execute(
                    f"select count(*), {said} from {table.name}"
                ).fetchall()[0]
    return found


def configuration(config: Any, url: str, listing: str) -> Any:
    """A configuration that reads nothing but the Data Map and the account."""
    others = [plane for plane in config.PURVIEW_PLANES if plane not in PLANES]
    return config.Config(
        purview=config.PurviewConfig(
            account="sandbox", endpoint=url, token=TOKEN, skip=others, requests_per_second=10_000
        ),
        immuta=config.ImmutaConfig(skip=("govern", "request")),
        collect=config.CollectConfig(listing=listing),
    )


def limit_memory() -> None:
    """Makes every DuckDB connection of this process keep to the limit."""
    plain = duckdb.connect

    def connect(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        options["config"] = {**options.get("config", {}), "memory_limit": MEMORY_LIMIT}
        return plain(*arguments, **options)

    duckdb.connect = connect


CONTENDERS: dict[str, dict[str, Callable[[Task], dict[str, Any]]]] = {
    "search": {"ours": ours_search, "pyapacheatlas": atlas_search, "requests": requests_search},
    "detail": {"ours": ours_detail, "pyapacheatlas": atlas_detail, "requests": requests_detail},
    "limited": {"ours": limited},
    "increment": {"ours": increment},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("phase", choices=CONTENDERS)
    parser.add_argument("name")
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pace", type=float, default=10_000.0)
    given = parser.parse_args()
    task = Task(given.url, given.folder, given.pace)
    begun, cpu = time.perf_counter(), cpu_s()
    found: dict[str, Any] = CONTENDERS[given.phase][given.name](task)
    found |= {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_s": round(cpu_s() - cpu, 2),
        "children_cpu_s": round(cpu_s(resource.RUSAGE_CHILDREN), 2),
        "peak_mb": peak_mb(),
    }
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
