"""`python -m pipeline.sandbox`: serve the sandbox, or print what a run over it must find."""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime

import msgspec

from . import clock, server, truth


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command given by the arguments."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.sandbox", description=__doc__)
    parser.add_argument("command", choices=("serve", "truth"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--assets", type=int, default=2000)
    parser.add_argument("--as-of", type=clock.parse_as_of, default=None)
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="end when stdin does: with the process that holds it",
    )
    given = parser.parse_args(arguments)
    if given.command == "truth":
        as_of = given.as_of or datetime.now(UTC)
        for row in truth.expected(seed=given.seed, assets=given.assets, as_of=as_of):
            _print(row._asdict())
        return 0

    if given.until_eof:
        threading.Thread(target=_end_with_stdin, daemon=True).start()

    def announce(port: int) -> None:
        _print({"url": f"http://127.0.0.1:{port}", **server.credentials(given.seed)})

    server.serve(
        port=given.port, seed=given.seed, assets=given.assets, as_of=given.as_of, ready=announce
    )
    return 0


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _print(row: dict[str, str]) -> None:
    sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
