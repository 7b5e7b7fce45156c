"""What a collection costs beside pyapacheatlas and requests, over a socket, and how near it comes to the rate limit.

    uv run python benchmarks/collect.py --sizes 10000 200000 --phases search detail limited increment

Every contender is a process of its own that talks to the same server process (`python -m pipeline.sandbox serve
--lean`: an estate worked out by arithmetic, about 1.2 MB per bulk read, uncompressed). Machines are noisy: what counts
are the ratios within one run, and of these the ratios of CPU seconds. Phases:

search     all hits in DuckDB
detail     all hits and their details, with columns. Ours also builds every table of the account and the Data Map
limited    the whole collection at 80 ms latency where the service serves 25 calls a second: seconds against the least
           that the limit allows, calls refused, and memory under DuckDB's memory_limit of 512 MB; once with a plain
           bucket, once where every refusal blocks the caller for 5 s
increment  nights with a gate and a seal, the second reading only what changed, listed as a whole or as changes:
           how many times as many requests a full one of that day takes, and whether they seal the same rows
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from contenders import CONTENDERS, DAYS

LATENCY_MS = 80
CALLS_PER_S = 25.0
BLOCKS_S = (0.0, 5.0)
HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 200_000])
    parser.add_argument("--phases", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--pace", type=float, default=CALLS_PER_S, help="calls a second to try")
    parser.add_argument(
        "--latency-ms",
        type=float,
        default=0.0,
        help="before every answer, where contenders compare",
    )
    parser.add_argument("--json", action="store_true", help="one JSON line per measurement")
    parser.add_argument("--gzip", action="store_true", help="the server compresses its answers")
    given = parser.parse_args()
    for phase in given.phases:
        for assets in given.sizes:
            for row in PHASES[phase](phase, assets, given):
                print(json.dumps(row) if given.json else readable(row), flush=True)


def compared(phase: str, assets: int, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row per contender, with its cost in units of ours."""
    with served(assets, "--latency-ms", given.latency_ms, *gzip(given)) as url:
        ours: dict[str, Any] = {}
        for name in CONTENDERS[phase]:
            row = contend(phase, name, url, assets)
            ours = ours or row
            for measure in ("seconds", "cpu_s", "peak_mb"):
                row[f"{measure}_ratio"] = round(row[measure] / ours[measure], 2)
            yield row


def limited(phase: str, assets: int, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row per kind of limit: how near the least number of seconds the whole collection came."""
    for blocks_s in BLOCKS_S:
        limit = ("--latency-ms", LATENCY_MS, "--rate", CALLS_PER_S, "--refusal-blocks-s", blocks_s)
        with served(assets, *limit, *gzip(given)) as url:
            row = contend(phase, "ours", url, assets, "--pace", given.pace)
            counts = httpx.get(f"{url}/sandbox/counts").json()
        # the bucket is full at the start: it holds one second's worth
        least_s = (counts["served"] - CALLS_PER_S) / CALLS_PER_S
        row |= {"blocks_s": blocks_s, **counts, "least_s": round(least_s, 2)}
        row["share_of_least"] = round(least_s / row["walk_s"], 3)
        yield row


def increment(phase: str, assets: int, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row: what the second night needs of what a full one does."""
    with ExitStack() as stack:
        urls = [
            stack.enter_context(
                served(assets, "--as-of", day.isoformat(), "--rate", 1_000_000, *gzip(given))
            )
            for day in DAYS
        ]
        yield contend(phase, "ours", ",".join(urls), assets)


PHASES = {"search": compared, "detail": compared, "limited": limited, "increment": increment}


def gzip(given: argparse.Namespace) -> tuple[str, ...]:
    """The server's option, where it is asked for."""
    return ("--gzip",) if given.gzip else ()


def contend(phase: str, name: str, url: str, assets: int, *options: Any) -> dict[str, Any]:
    """What one contender said its work cost."""
    with tempfile.TemporaryDirectory() as folder:
        command = [HERE / "contenders.py", phase, name, url, folder, *options]
        done = subprocess.run(
            [sys.executable, *map(str, command)], stdout=subprocess.PIPE, check=True
        )
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    row["cpu_us_per_asset"] = round(1e6 * row["cpu_s"] / assets, 1)
    row["assets_per_s"] = round(assets / row["seconds"])
    return {"phase": phase, "contender": name, "assets": assets, **row}


@contextmanager
def served(assets: int, *options: Any) -> Iterator[str]:
    """The address of a server that runs for as long as the block."""
    command = ["-m", "pipeline.sandbox", "serve", "--until-eof", "--lean", "--assets", assets]
    with subprocess.Popen(
        [sys.executable, *map(str, (*command, *options))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            yield str(json.loads(line)["url"])
        finally:
            process.terminate()


def readable(row: dict[str, Any]) -> str:
    """A row as a heading and its figures."""
    figures = [f"{k} {v:,}" if isinstance(v, int | float) else f"{k} {v}" for k, v in row.items()]
    return f"{row['phase']} of {row['assets']:,}: {row['contender']}\n    " + ", ".join(figures[3:])


if __name__ == "__main__":
    main()
