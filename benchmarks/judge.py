"""What judging an estate costs with every rule that is shipped, verdicts stored, beside Python loops, pandas and Great Expectations.

    uv run python benchmarks/judge.py --assets 100000 1000000

The estate is one small sandbox run, sealed once and multiplied with SQL: so many copies of every asset, with its ten
columns, classes, contacts, sources, grants, products and requests, under ids of their own, and nearly two more edges of
lineage for each asset; people, policies, tags, scans and domains stay as they are. It is kept in --folder, and made anew
when the tables are other ones.

Two nights are judged, each in a process of its own: the first stores every verdict, the second finds them all there.
Then ten decisions are taken four ways, each of which does all of it itself, joins included, and gives a verdict for every
subject: in SQL, verdicts in tables; in Python loops; in pandas; and with Great Expectations on what pandas joined, offending
ids included. All four on --peer-assets and in the same run, since machines are noisy and only the ratios count. The three
others start from tables in memory: what it took to fetch them (`fetch_s`) is in no ratio, while the SQL reads the warehouse.
That all four say of the same subjects that they fail is checked.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from apart import apart, cpu_s
from decisions import (
    DECISIONS,
    Failing,
    opened,
    rows,
    said_in_loops,
    said_in_sql,
    with_loops,
    with_sql,
)
from estate import estate
from frames import (
    frames,
    said_in_great_expectations,
    said_in_pandas,
    with_great_expectations,
    with_pandas,
)


class Way(NamedTuple):
    """What it starts from, the verdicts it comes to, and who fails by them."""

    fetch: Callable[[Any], Any]
    decide: Callable[..., Any]
    failing: Callable[[Any], Failing]


WAYS = (
    Way(opened, with_sql, said_in_sql),
    Way(rows, with_loops, said_in_loops),
    Way(frames, with_pandas, said_in_pandas),
    Way(frames, with_great_expectations, said_in_great_expectations),
)
"""Ours comes first: the others are held against it."""


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
        for way in WAYS:
            row = apart(decided, copy, way, given.peer_assets)
            ours = ours or row
            row["cpu_ratio"] = round(row["cpu_s"] / ours["cpu_s"], 1)
            tell(row, given.json)
            if row["fail"] != ours["fail"] or row["who"] != ours["who"]:
                raise SystemExit(
                    f"{row['way']} and {ours['way']} do not say the same: no ratio counts"
                )


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


def decided(home: Path, way: Way, assets: int) -> dict[str, Any]:
    """What ten decisions took one way, how many fail, and a digest of who."""
    from pipeline.warehouse.home import Home, connect

    with connect(Home(home).sealed(), read_only=True) as con:
        begun = time.perf_counter()
        tables = way.fetch(con)
        fetch_s = time.perf_counter() - begun
        way.decide(tables, DECISIONS[-1:])  # imports are not counted
        begun, cpu = time.perf_counter(), cpu_s()
        verdicts = way.decide(tables, DECISIONS)
        seconds, cpu = time.perf_counter() - begun, cpu_s() - cpu
        failing = {like: sorted(ids) for like, ids in way.failing(verdicts).items()}
    return {
        "phase": "ten decisions",
        "way": way.decide.__name__,
        "assets": assets,
        "fetch_s": round(fetch_s, 1),
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu, 2),
        "cpu_us_per_asset": round(1e6 * cpu / assets, 1),
        "fail": {like: len(ids) for like, ids in failing.items()},
        "who": hashlib.sha256(json.dumps(failing).encode()).hexdigest()[:16],
    }


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
