"""`muster` as a process of its own, the way a user runs it."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from pipeline.sandbox import signin

STANDBY = Path(__file__).with_name("standby.py")
TIMEOUT_S = 900
"""For a machine that many share; what hangs, hangs longer than that."""
LOOK_AGAIN_S = 0.02


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


def struck(
    number: signal.Signals,
    when: Callable[[str], bool],
    *arguments: str,
    folder: Path,
    cold: bool = False,
) -> Ended:
    """The end of `muster` that gets a signal as soon as `when` is true of what it has said on stderr."""
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        begin = _begin_cold if cold else _begin
        running = begin(arguments, folder, _clean(), out.name, err.name)
        code, deadline = None, time.monotonic() + TIMEOUT_S
        try:
            while not when(Path(err.name).read_text("utf-8")):
                assert time.monotonic() < deadline, f"{arguments}: still at work"
                code = running.code(LOOK_AGAIN_S)
                assert code is None, f"{arguments}: ended with {code} too soon"
            os.kill(running.pid, number)
            code = running.code(TIMEOUT_S)
        finally:
            if code is None:
                os.kill(running.pid, signal.SIGKILL)
                code = running.code(TIMEOUT_S)
        assert code is not None
        return Ended(code, out.read(), err.read())


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
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        code = _begin(arguments, folder, environment, out.name, err.name).code(TIMEOUT_S)
        assert code is not None, f"{arguments}: still at work"
        return Ended(code, out.read(), err.read())


class Running(Protocol):
    """A command at work."""

    pid: int

    def code(self, within_s: float) -> int | None:
        """The exit code, if it ends within so many seconds."""


def _begin(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: str, err: str
) -> Running:
    orders, answers = _standby()
    order = {
        "argv": arguments,
        "folder": str(folder),
        "environment": environment,
        "out": out,
        "err": err,
    }
    orders.write(json.dumps(order).encode() + b"\n")
    return _Fork(int(answers.readline()), answers)


@dataclass(frozen=True)
class _Fork:
    pid: int
    answers: IO[bytes]

    def code(self, within_s: float) -> int | None:
        ready = select.select([self.answers], [], [], within_s)[0]
        return int(self.answers.readline()) if ready else None


def _begin_cold(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: str, err: str
) -> Running:
    with Path(out).open("w") as stdout, Path(err).open("w") as stderr:
        return _Process(
            subprocess.Popen(
                [sys.executable, "-m", "pipeline", *arguments],
                cwd=folder,
                env=dict(environment),
                stdout=stdout,
                stderr=stderr,
            )
        )


class _Process:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid, self._process = process.pid, process

    def code(self, within_s: float) -> int | None:
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return None


@cache
def _standby() -> tuple[IO[bytes], IO[bytes]]:
    """Where orders go to a process that stands by until this one ends, and where its answers come from."""
    process = subprocess.Popen(
        [sys.executable, "-P", str(STANDBY)],
        # one thread: what is forked must not wait for others
        env=_clean() | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # what was answered must not lie in a buffer while its end is waited for
        bufsize=0,
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
