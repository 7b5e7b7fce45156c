"""`python -m pipeline.sandbox`: serve the sandbox, or print what a run over it must find."""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette

from pipeline.sandbox import clock, server
from pipeline.sandbox.truth import oracle
from pipeline.sandbox.weather import forecast
from pipeline.sandbox.weather.limits import Bucket


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command given by the arguments."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.sandbox", description=__doc__)
    parser.add_argument("command", choices=("serve", "truth"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--assets", type=int, default=2000)
    parser.add_argument("--as-of", type=clock.parse_as_of, default=None)
    parser.add_argument(
        "--before",
        type=clock.parse_as_of,
        action="append",
        default=[],
        help="truth: an earlier night that was collected; again for each",
    )
    parser.add_argument(
        "--weather",
        type=_weathers,
        default=[],
        metavar="NAME[:NUMBER],...",
        help="; ".join(forecast.described()),
    )
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="end when stdin does: with the process that holds it",
    )
    bulk = parser.add_argument_group("a large estate, one product of it")
    bulk.add_argument(
        "--lean",
        nargs="?",
        const="purview",
        choices=("purview", "immuta"),
        help="worked out by arithmetic: any size (assets: data sources for immuta); purview if not said",
    )
    bulk.add_argument("--gzip", action="store_true", help="compress answers")
    bulk.add_argument("--latency-ms", type=float, default=0.0, help="before every answer")
    bulk.add_argument("--rate", type=float, default=None, help="calls a second that are served")
    bulk.add_argument("--refusal-blocks-s", type=float, default=0.0, help="after a refused call")
    given = parser.parse_args(arguments)
    if given.command == "truth":
        as_of = given.as_of or datetime.now(UTC)
        for row in oracle.expected(
            seed=given.seed, assets=given.assets, as_of=as_of, before=given.before
        ):
            _print(row._asdict())
        return 0

    if given.until_eof:
        threading.Thread(target=_end_with_stdin, daemon=True).start()

    def announce(port: int) -> None:
        _print({"url": f"http://127.0.0.1:{port}", **server.credentials(given.seed)})

    if given.lean:
        server.serve_app(_lean(given), port=given.port, ready=announce)
    else:
        server.serve(
            port=given.port,
            seed=given.seed,
            assets=given.assets,
            as_of=given.as_of,
            ready=announce,
            weather=given.weather,
        )
    return 0


def _lean(given: argparse.Namespace) -> Starlette:
    from pipeline.sandbox.lean import api, immuta_api

    bucket = Bucket(given.rate, given.refusal_blocks_s) if given.rate else None
    make = api.app if given.lean == "purview" else immuta_api.app
    return make(
        given.seed,
        given.assets,
        given.as_of,
        gzip=given.gzip,
        latency_s=given.latency_ms / 1000,
        bucket=bucket,
    )


def _weathers(text: str) -> list[str]:
    """The weathers in a list with commas; a wrong one is refused with the valid ones."""
    names = text.split(",")
    try:
        forecast.chosen(names, 0, lambda: 0.0)
    except forecast.WeatherError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return names


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _print(row: dict[str, str]) -> None:
    sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
