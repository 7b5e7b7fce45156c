"""What a night at Immuta costs, over a socket: the whole walk, loaded, checked and sealed, as `muster collect` does it.

    uv run python benchmarks/immuta.py --sizes 1000 10000 --phases whole increment
    uv run python benchmarks/immuta.py --sizes 250 --phases limited

A size is a number of data sources of 30 columns; there are a fifth as many data products and twenty times as many
requests, each with its own review to be asked for. Every night is a process of its own that talks to the same server
process (`python -m pipeline.sandbox serve --lean immuta`). Machines are noisy: what counts are requests, CPU seconds
and memory, and seconds only against a rate limit. Phases:

whole      as fast as both sides can: requests by endpoint, CPU seconds and peak memory; of every size but the first
           also how many times what the first one took per data source
limited    where the service serves 25 requests a second: seconds against the least that the limit allows
paced      the same on a clock that skips the limiter's waits; a bucket on that clock counts what would have been refused
increment  a second night, when about one request in a hundred has moved, against a full one of the same day
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from collect import readable, served
from contenders import DAYS
from task import cpu_s, peak_mb
from waits import SkippedWaits

from pipeline.collect.pace import Pace
from pipeline.collect.transport import Transport
from pipeline.sandbox.weather.limits import Bucket

CALLS_PER_S = 25.0
UNLIMITED = 1_000_000.0
KEY, REQUEST_TOKEN = "sandbox-immuta-key", "sandbox-request-token"
"""Open the sandbox only."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=["whole", "increment"])
    parser.add_argument("--pace", type=float, default=CALLS_PER_S, help="calls a second to try")
    parser.add_argument("--json", action="store_true", help="one JSON line per measurement")
    parser.add_argument("--night", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--skip-waits", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.night:
        url, folder, day, pace = given.night
        about = (url, Path(folder), datetime.fromisoformat(day), float(pace))
        print(json.dumps(night(*about, SkippedWaits() if given.skip_waits else None)))
        return
    for phase in given.phases:
        for row in PHASES[phase](given):
            print(json.dumps(row) if given.json else readable(row), flush=True)


def whole(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row per size, with its cost per data source in units of the first one's."""
    first: dict[str, Any] = {}
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder, at_day(size, 1, UNLIMITED) as url:
            row = measured("whole", size, url, folder, 1, UNLIMITED)
        first = first or row
        grown = size / first["assets"]
        row["cpu_s_per_source_ratio"] = round(row["cpu_s"] / first["cpu_s"] / grown, 2)
        row["peak_mb_ratio"] = round(row["peak_mb"] / first["peak_mb"], 2)
        yield row


def limited(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row per size: how near the least number of seconds the walk came."""
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder, at_day(size, 1, CALLS_PER_S) as url:
            row = measured("limited", size, url, folder, 1, given.pace)
        yield against_the_least(row)


def paced(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row per size, as of `limited`; the seconds are those of the clock that skips waits, but for `real_s`."""
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder, at_day(size, 1, UNLIMITED) as url:
            row = measured("paced", size, url, folder, 1, given.pace, "--skip-waits")
        yield against_the_least(row)


def against_the_least(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the seconds that the limit allows at least, and how many times these it took."""
    # the bucket is full at the start: it holds one second's worth
    least_s = row["requests"] / CALLS_PER_S - 1
    return row | {
        "least_s": round(least_s, 1),
        "walk_of_least": round(row["walk_s"] / least_s, 3),
        "night_of_least": round(row["seconds"] / least_s, 3),
    }


def increment(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Three rows per size: the first night, the second one after it, and the second day read as a whole."""
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
            with at_day(size, 0, UNLIMITED) as url:
                yield measured("first night", size, url, folder, 0, UNLIMITED)
            with at_day(size, 1, UNLIMITED) as url:
                second = measured("second night", size, url, folder, 1, UNLIMITED)
                full = measured("second day whole", size, url, other, 1, UNLIMITED)
        second["of_whole"] = round(second["requests"] / full["requests"], 3)
        second["cpu_s_of_whole"] = round(second["cpu_s"] / full["cpu_s"], 3)
        yield second
        yield full


PHASES: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
    "whole": whole,
    "limited": limited,
    "paced": paced,
    "increment": increment,
}


@contextmanager
def at_day(size: int, day: int, rate: float) -> Iterator[str]:
    """The address of a server of one of the two days."""
    options = ("--lean", "immuta", "--as-of", DAYS[day].isoformat(), "--rate", rate)
    with served(size, *options) as url:
        yield url


def measured(
    phase: str, size: int, url: str, folder: str, day: int, pace: float, *options: str
) -> dict[str, Any]:
    """What a night in a process of its own said that it cost, and what the server counted."""
    before = httpx.get(f"{url}/sandbox/counts").json()
    command = [__file__, "--night", url, folder, DAYS[day].isoformat(), str(pace), *options]
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, check=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    after = httpx.get(f"{url}/sandbox/counts").json()
    counted = {
        "requests": after["served"] - before["served"],
        "refused": after["refused"] - before["refused"],
    }
    row["cpu_ms_per_request"] = round(1000 * row["cpu_s"] / counted["requests"], 2)
    return {"phase": phase, "contender": "ours", "assets": size, **counted, **row}


def night(
    url: str, folder: Path, day: datetime, pace: float, waits: SkippedWaits | None = None
) -> dict[str, Any]:
    """What one night through the function behind `muster collect` took, and how its parts share in that."""
    from pipeline import clients, gate, run
    from pipeline.collect.staging import Staging
    from pipeline.warehouse.home import Home, connect

    figures: dict[str, Any] = {}
    clock = waits.now if waits else time.perf_counter
    bucket = Bucket(CALLS_PER_S, clock=clock)
    if waits:
        clients.Pace = partial(Pace, clock=waits.clock, sleep=waits.sleep)  # type: ignore[misc]
        Transport.send = counted(Transport.send, bucket)  # type: ignore[method-assign]
    for owner, name, part in (
        (Staging, "finish", "finish"),
        (run, "collect", "walk"),
        (run, "reconcile", "reconcile"),
        (gate, "check", "gate"),
        (run, "seal", "seal"),
    ):
        setattr(owner, name, noted(getattr(owner, name), part, figures, clock))
    begun, real, cpu = clock(), time.perf_counter(), cpu_s()
    sealed = run.collect_and_seal(
        configuration(url, pace), Home(folder), estate="benchmark", config_sha256="", as_of=day
    )
    figures |= {
        "seconds": round(clock() - begun, 2),
        "cpu_s": round(cpu_s() - cpu, 2),
        "peak_mb": peak_mb(),
        "complete": sealed.complete,
        "carried": sealed.collected.carried,
    }
    if waits:
        figures |= {"real_s": round(time.perf_counter() - real, 2), "would_refuse": bucket.refused}
    # the tables of a source are finished inside the walk
    figures["walk_s"] = round(figures["walk_s"] - figures["finish_s"], 2)
    figures["walk_cpu_s"] = round(figures["walk_cpu_s"] - figures["finish_cpu_s"], 2)
    with connect(Home(folder).sealed(), read_only=True) as con:
        asked = con.execute(
            "select endpoint, calls from reconciliation where source = 'immuta' and calls > 0 "
            "order by calls desc, endpoint"
        ).fetchall()
    return figures | {"calls": {name.removeprefix("immuta."): calls for name, calls in asked}}


def counted(send: Callable[..., Any], bucket: Bucket) -> Callable[..., Any]:
    """The same function, whose calls a bucket lets through or would refuse."""
    lock = threading.Lock()

    def call(*arguments: Any) -> Any:
        with lock:
            bucket.refusal()
        return send(*arguments)

    return call


def noted(
    work: Callable[..., Any], part: str, figures: dict[str, Any], clock: Callable[[], float]
) -> Callable[..., Any]:
    """The same function, whose seconds, CPU seconds and memory are added to the figures."""

    def call(*arguments: Any, **options: Any) -> Any:
        begun, cpu = clock(), cpu_s()
        try:
            return work(*arguments, **options)
        finally:
            for unit, used in (("s", clock() - begun), ("cpu_s", cpu_s() - cpu)):
                figures[f"{part}_{unit}"] = round(figures.get(f"{part}_{unit}", 0.0) + used, 2)
            figures[f"{part}_peak_mb"] = peak_mb()

    return call


def configuration(url: str, pace: float) -> Any:
    """A configuration that reads nothing but Immuta."""
    from pipeline import config

    return config.Config(
        purview=config.PurviewConfig(account="sandbox", skip=config.PURVIEW_PLANES),
        immuta=config.ImmutaConfig(
            govern_url=url,
            request_url=f"{url}/marketplace",
            api_key=KEY,
            request_token=REQUEST_TOKEN,
            requests_per_second=pace,
        ),
    )


if __name__ == "__main__":
    main()
