"""`muster` as a process of its own, the way a user runs it."""

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from pipeline.sandbox import signin

STANDBY = Path(__file__).with_name("standby.py")
TIMEOUT_S = 900
"""For a machine that many share; what hangs, hangs longer than that."""


@dataclass(frozen=True)
class Ended:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def muster(
    *arguments: str, folder: Path, code: int | None = 0, cold: bool = False, **environment: str
) -> Ended:
    """The end of `muster` run in `folder`; it must end with `code` unless that is None.

    A process of its own, forked from one that stands by; a `cold` one starts Python and imports, as a shell does.
    """
    given = _clean() | environment
    ended = _started(arguments, folder, given) if cold else _forked(arguments, folder, given)
    assert code is None or ended.code == code, f"{arguments}: {ended}"
    return ended


def _clean() -> dict[str, str]:
    """This environment without what configures a command, and with warnings that are errors."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "AZURE_", "IMMUTA_"))
    }
    return kept | {"PYTHONWARNINGS": "error", "COLUMNS": "200"}


def _started(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _forked(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    orders, answers = _standby()
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        order = {
            "argv": arguments,
            "folder": str(folder),
            "environment": environment,
            "out": out.name,
            "err": err.name,
        }
        orders.write(json.dumps(order).encode() + b"\n")
        orders.flush()
        assert select.select([answers], [], [], TIMEOUT_S)[0], f"{arguments}: still at work"
        return Ended(int(answers.readline()), out.read(), err.read())


@cache
def _standby() -> tuple[IO[bytes], IO[bytes]]:
    """Where orders go to a process that stands by until this one ends, and where its answers come from."""
    process = subprocess.Popen(
        [sys.executable, "-P", str(STANDBY)],
        # one thread: what is forked must not wait for others
        env=_clean() | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    # an unfinished command ends with it
    atexit.register(process.__exit__, None, None, None)
    return process.stdin, process.stdout


def tenant(folder: Path, url: str, **changes: dict[str, Any]) -> None:
    """Writes a muster.toml in `folder` that points at a sandbox as if it were a real tenant."""
    sections: dict[str, dict[str, Any]] = {
        "purview": {"endpoint": url, "token": signin.PURVIEW_TOKEN, "requests_per_second": 10000},
        "immuta": {
            "govern_url": url,
            "request_url": f"{url}/marketplace",
            "api_key": signin.IMMUTA_KEY,
            "request_token": signin.REQUEST_TOKEN,
            "requests_per_second": 10000,
        },
    }
    for section, values in changes.items():
        sections.setdefault(section, {}).update(values)
    lines: list[str] = []
    for section, values in sections.items():
        lines += [
            f"[{section}]",
            *(f"{key} = {json.dumps(value)}" for key, value in values.items()),
        ]
    (folder / "muster.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
