"""SQL that others wrote, in a process of its own: bounded in time, memory and output, and able to reach nothing.

What the process does once it is bounded is up to the module that is named: see `confined_child`.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

GRACE_S = 1.0
"""How long an interrupted query may take to end before its process is killed."""

CHUNK_BYTES = 1 << 18

SLICE_S = 0.25
"""How often it is looked whether the result is still wanted."""

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH")
"""Environment the query's process gets: credentials are none of its business."""


@dataclass(frozen=True)
class Bounds:
    """What one query may take; `output_bytes` 0 = as much as it likes."""

    timeout_s: float
    memory_bytes: int
    output_bytes: int = 0


@dataclass(frozen=True)
class Failure:
    """Why there is no (whole) result: `kind` is time, memory, output, refused, sql or other."""

    kind: str
    message: str


class _TooMuchError(Exception):
    """The result is larger than its bound."""


def run(
    module: str,
    warehouse: Path,
    request: Mapping[str, Any],
    bounds: Bounds,
    sink: Callable[[bytes], object],
    abandoned: threading.Event | None = None,
) -> Failure | None:
    """Passes what `module` writes for `request` to `sink`; None when it is whole.

    Setting `abandoned` ends it before its time.
    """
    with (
        tempfile.TemporaryDirectory(prefix="muster-sql-") as spill,
        tempfile.TemporaryFile() as log,
    ):
        process = _start(module, warehouse, request, bounds, spill, log)
        try:
            finished = _pump(process, bounds, sink, abandoned or threading.Event())
        except _TooMuchError:
            return Failure("output", f"more than {bounds.output_bytes >> 20} MB")
        finally:
            _stop(process)
        if not finished:
            return Failure("time", f"stopped after {bounds.timeout_s:g} s")
        if not process.returncode:
            return None
        log.seek(0)
        return _failure(log.read().decode(errors="replace"), process.returncode)


def _start(
    module: str,
    warehouse: Path,
    request: Mapping[str, Any],
    bounds: Bounds,
    spill: str,
    log: IO[bytes],
) -> "subprocess.Popen[bytes]":
    whole = {
        "path": str(warehouse),
        "memory_bytes": bounds.memory_bytes,
        "timeout_s": bounds.timeout_s,
        "threads": min(os.cpu_count() or 1, 8),
        "spill": spill,
        **request,
    }
    process = subprocess.Popen(  # noqa: S603 - one of our own modules
        # -P: a folder the user happens to be in must not provide modules
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        start_new_session=True,  # Ctrl-C is ours to pass on
    )
    assert process.stdin is not None  # noqa: S101
    process.stdin.write(json.dumps(whole, ensure_ascii=False).encode() + b"\n")
    process.stdin.flush()
    return process


def _pump(
    process: "subprocess.Popen[bytes]",
    bounds: Bounds,
    sink: Callable[[bytes], object],
    abandoned: threading.Event,
) -> bool:
    """Whether the result ended in time. Only waiting for the query counts, not a slow reader of the result."""
    assert process.stdout is not None  # noqa: S101
    left, came = bounds.timeout_s, 0
    while left > 0 and not abandoned.is_set():
        started = time.monotonic()
        ready, _, _ = select.select([process.stdout], [], [], min(left, SLICE_S))
        left -= time.monotonic() - started
        if ready:
            chunk = os.read(process.stdout.fileno(), CHUNK_BYTES)
            if not chunk:
                return True
            came += len(chunk)
            if bounds.output_bytes and came > bounds.output_bytes:
                raise _TooMuchError
            sink(chunk)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends the process if it has not ended: the end of its input interrupts the query, then it is killed."""
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    process.stdin.close()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        process.stdout.close()


def _failure(log: str, returncode: int) -> Failure:
    last = log.strip().splitlines()[-1:] or [""]
    try:
        said = json.loads(last[0])
    except ValueError:
        # nothing but the lack of memory ends it without a word
        return Failure("memory", f"its process ended with {returncode} {last[0]}".rstrip())
    return Failure(said["kind"], str(said["message"]).strip())
