"""What judging an estate costs with every rule that is shipped, verdicts stored, beside Python loops and Great Expectations.

    uv run python benchmarks/judge.py --assets 100000 1000000

The estate is one small sandbox run, sealed once and multiplied with SQL: so many copies of every asset, with its ten
columns, classes, contacts, sources, grants, products and requests, under ids of their own, and nearly two more edges of
lineage for each asset; people, policies, tags, scans and domains stay as they are. It is kept in --folder and made only once.

Two nights are judged, each in a process of its own: the first stores every verdict, the second finds them all there.
Then ten decisions are taken three ways from the rows that they need: by DuckDB, by Python loops over rows that were
fetched (fetching included), and by Great Expectations on pandas, offending ids included: all three on --peer-assets
and in the same run, since machines are noisy and only the ratios count.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from decisions import DECISIONS, with_great_expectations, with_loops, with_sql

SEED_ASSETS = 2000
OFFSET = 4_000_000
"""Between the numbers of one copy and the next; the sandbox stays below it, 500 copies below 2^31."""

RUN_OF_ASSETS = 10
"""Assets that lineage joins to each other: tables feed tables, but not without end."""

MULTIPLIED = [
    "search_hit",
    "asset",
    "asset_column",
    "classification",
    "sensitivity_label",
    "contact",
    "managed_attribute",
    "asset_label",
    "custom_attribute",
    "relationship",
    "term_assignment",
    "process",
    "lineage_edge",
    "column_lineage",
    "immuta_source",
    "immuta_column",
    "immuta_remote_column",
    "immuta_column_tag",
    "immuta_source_tag",
    "immuta_membership",
    "immuta_group_access",
    "pending_subscription",
    "policy_application",
    "source_policy",
    "policy_condition",
    "policy_masking",
    "policy_exception",
    "project_source",
    "domain_source",
    "data_product",
    "data_product_source",
    "product_column",
    "access_request",
    "product_member",
    "approval",
    "request_form",
    "determination",
    "masking_exception_column",
    "approved_masking_exception",
    "request_domain_source",
]
OWN_KEYS = ("id", "guid", "source_id", "asset_source_id", "product_id", "request_id")
SHARED_GUIDS = ("term_guid", "category_guid", "glossary_guid")
NAMED_APART = ("qualified_name", "from_qualified_name", "to_qualified_name", "database_name")
"""Columns that tell copies apart without being keys."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--assets", type=int, nargs="+", default=[100_000])
    parser.add_argument("--peer-assets", type=int, default=20_000, help="for the other ways")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "muster-judge-benchmark"
    )
    parser.add_argument("--memory-limit", default="60%", help="[judge] memory_limit")
    parser.add_argument("--json", action="store_true", help="one JSON line per measurement")
    given = parser.parse_args()
    for assets in given.assets:
        home = estate(given.folder, assets)
        with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
            copy = Path(scratch) / "data"
            shutil.copytree(home, copy, symlinks=True)
            for night in (1, 2):
                tell(apart(judged, copy, night, given.memory_limit), given.json)
    ours: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        copy = Path(scratch) / "data"
        shutil.copytree(estate(given.folder, given.peer_assets), copy, symlinks=True)
        apart(judged, copy, 1, given.memory_limit)  # what is sensitive, and what is linked
        for way in (with_sql, with_loops, with_great_expectations):
            row = apart(decided, copy, way, given.peer_assets)
            ours = ours or row
            row["cpu_ratio"] = round(row["cpu_s"] / ours["cpu_s"], 1)
            tell(row, given.json)


def judged(home: Path, night: int, memory_limit: str) -> dict[str, Any]:
    """What judging one night took, and every rule of it; the second night has the rows of the first."""
    from pipeline import packs
    from pipeline.judge import judgement
    from pipeline.judge.bounds import Bounds
    from pipeline.warehouse.home import Home, revise

    results = Home(home)
    if night > 1:
        with revise(results) as con:
            con.execute(
                "insert into snapshot by name select * replace (number + 1 as number, "
                "concat(id, '-again') as id, null as judged_at) from snapshot"
            )
    figures: dict[str, Any] = {"phase": "judge", "night": night}
    evaluated = judgement.evaluated

    def watched(*given: Any) -> Any:
        begun = time.perf_counter()
        figures["prepare_s"] = round(begun - started, 1)
        outcomes, waived = evaluated(*given)
        figures["rules_s"] = round(time.perf_counter() - begun, 1)
        figures["rules"] = [
            {
                "rule": outcome.rule.id,
                "seconds": round(outcome.seconds, 2),
                "population": outcome.population,
                "fail": outcome.counts["fail"],
                "error": outcome.error,
            }
            for outcome in sorted(outcomes, key=lambda outcome: -outcome.seconds)
        ]
        return outcomes, waived

    judgement.evaluated = watched
    started = time.perf_counter()
    found = judgement.judge(results, packs.load(), bounds=Bounds(600, memory_limit))
    seconds = time.perf_counter() - started
    figures["store_s"] = round(seconds - figures["prepare_s"] - figures["rules_s"], 1)
    figures |= {"seconds": round(seconds, 1), "verdicts": found.population, "fail": found.failed}
    return figures | {"warehouse_mb": results.sealed().stat().st_size >> 20}


def decided(home: Path, way: Callable[..., dict[str, int]], assets: int) -> dict[str, Any]:
    """What ten decisions took one way, and how many fail."""
    from pipeline.warehouse.home import Home, connect

    with connect(Home(home).sealed(), read_only=True) as con:
        way(con, DECISIONS[:1])  # imports are not counted
        begun, cpu = time.perf_counter(), cpu_s()
        failing = way(con, DECISIONS)
        seconds, cpu = time.perf_counter() - begun, cpu_s() - cpu
    return {
        "phase": "ten decisions",
        "way": way.__name__,
        "assets": assets,
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu, 2),
        "cpu_us_per_asset": round(1e6 * cpu / assets, 1),
        "fail": failing,
    }


def estate(folder: Path, assets: int) -> Path:
    """A folder of results with a sealed snapshot of about so many assets; made if it is not there."""
    small, home = folder / "seed", folder / f"assets-{assets}"
    if not (small / "warehouse.duckdb").exists():
        small.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pipeline",
            "collect",
            "--sandbox",
            "--as-of",
            "2026-11-21",
        ]
        subprocess.run(
            [*command, "--assets", str(SEED_ASSETS)],
            env={**os.environ, "MUSTER_HOME": str(small)},
            check=True,
        )
    if not (home / "warehouse.duckdb").exists():
        apart(multiply, small, home, max(1, assets // SEED_ASSETS))
    return home


def multiply(small: Path, home: Path, copies: int) -> dict[str, Any]:
    """Seals `copies` of the estate in `small` as one."""
    from pipeline.warehouse import history, schema
    from pipeline.warehouse.home import Home, revise

    with revise(Home(home)) as con:
        history.initialise(con)
        con.execute(f"attach '{Home(small).sealed()}' as small (read_only)")
        con.execute("insert into snapshot by name from small.snapshot")
        con.execute("insert into exchange by name from small.exchange")
        there = con.execute(
            "select table_name from duckdb_tables() where database_name = 'small'"
        ).fetchall()
        for name, table in schema.tables().items():
            # one that was added since the small estate was made is empty
            if (name,) in there and table.historised and table.group in schema.COLLECTED:
                keys = [c for c in table.columns if name in MULTIPLIED and _is_own(c.name)]
                con.execute(_copied(name, table, keys, copies))
        for step in (1, 2):
            con.execute(
                "insert into history.lineage_edge by name "
                "with numbered as (select guid, page_id, row_number() over (order by guid) as n from asset) "
                "select a.guid as from_guid, b.guid as to_guid, '' as process_guid, 'direct' as kind, "
                f"a.page_id, '{step}' as item, 1 as valid_from, 0::ubigint as row_hash from numbered a "
                f"join numbered b on b.n = a.n + {step} and b.n // {RUN_OF_ASSETS} = a.n // {RUN_OF_ASSETS}"
            )
        con.execute("detach small")
    return {}


def _is_own(column: str) -> bool:
    return column in OWN_KEYS or (column.endswith("_guid") and column not in SHARED_GUIDS)


def _copied(name: str, table: Any, keys: list[Any], copies: int) -> str:
    """The statement that puts a table of the small estate into the large one."""
    if not keys:
        return (
            f"insert into history.{name} by name from small.history.{name} where valid_to is null"
        )
    apart = [c for c in table.columns if c.name in NAMED_APART and c not in keys]
    changes = [
        f"if(copy = 0, {c.name}, concat({c.name}, '~', copy)) as {c.name}"
        if c.type == "VARCHAR"
        else f"{c.name} + copy * {OFFSET} as {c.name}"
        for c in (*keys, *apart)
    ]
    # what belongs to nothing of its own would be there many times
    owned = " or ".join(f"nullif({c.name}::varchar, '') <> '0'" for c in keys)
    return (
        f"insert into history.{name} by name select * exclude (copy) replace ({', '.join(changes)}) "
        f"from small.history.{name}, range({copies}) r(copy) "
        f"where valid_to is null and (copy = 0 or {owned})"
    )


def apart(work: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """What `work` says in a process of its own, and the CPU and memory that it took."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, *given))


def _measured(work: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    row = work(*given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"total_cpu_s": round(cpu_s(), 1), "peak_mb": peak, **row}


def cpu_s() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def tell(row: dict[str, Any], as_json: bool) -> None:
    """Prints a row: as JSON, or its figures, and under them its rules."""
    if as_json:
        print(json.dumps(row), flush=True)
        return
    rules = row.pop("rules", [])
    figures = [f"{k} {v:,}" if isinstance(v, int | float) else f"{k} {v}" for k, v in row.items()]
    print(", ".join(figures))
    for about in rules:
        print(
            "   {rule:<8} {seconds:>8.2f} s {population:>12,} {fail:>12,} {error}".format_map(about)
        )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
