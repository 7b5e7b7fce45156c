"""Inside the process that runs SQL of others: everything it could break is this process.

It reads one request (a JSON line) from stdin and writes the result to stdout; when stdin ends, the
query is interrupted. A failure is one JSON line on stderr: `kind` and `message`.
"""

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import duckdb

OVERHEAD_BYTES = 2 << 30
"""Address space beyond DuckDB's own limit: Python, Arrow, libraries, the stacks of threads."""

SPILL_BYTES = 20 << 30
"""What a query may put on disk while it runs; one file is never larger either."""

LINGER_S = 2.0
"""How long an interrupted query may take to stop by itself."""

Request = dict[str, Any]


class RefusedError(Exception):
    """The text is not one reading statement."""


def main(
    answer: Callable[[duckdb.DuckDBPyConnection, Request], object],
    prepare: Callable[[duckdb.DuckDBPyConnection, Request], object] | None = None,
) -> None:
    """Ends the process with what `answer` came to: 0 done, 1 with the reason on stderr.

    `prepare` has the connection before it is locked.
    """
    request = json.loads(sys.stdin.buffer.readline())
    try:
        _bound(request)
        con = _opened(request)
        if prepare:
            prepare(con, request)
        _lock(con)
        threading.Thread(target=_interrupt_at_end_of_input, args=(con,), daemon=True).start()
        answer(con, request)
        sys.stdout.buffer.flush()
    except BaseException as error:
        sys.stderr.write(json.dumps({"kind": _kind(error), "message": str(error)}) + "\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # nothing is left to tidy up, and a big result would take its time


def _bound(request: Request) -> None:
    """DuckDB's memory limit does not bound a single value; the address space of the process does."""
    space = request["memory_bytes"] + OVERHEAD_BYTES
    # a query that takes its time is stopped by the clock; this is for one whose parent is gone
    cpu_s = int(request["timeout_s"] * request["threads"]) + 60
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPILL_BYTES, SPILL_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing on is an error, not the end


def _opened(request: Request) -> duckdb.DuckDBPyConnection:
    """A read-only connection that loads no extension and shows the snapshot asked for."""
    con = duckdb.connect(
        request["path"],
        read_only=True,
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "memory_limit": f"{request['memory_bytes']}B",
            "threads": str(request["threads"]),
            "temp_directory": request["spill"],
            "max_temp_directory_size": f"{SPILL_BYTES}B",
        },
    )
    con.execute("set TimeZone = 'UTC'")
    con.execute("set python_enable_replacements = false")
    if request["snapshot"] is not None:
        con.execute(f"set variable snapshot = {int(request['snapshot'])}")
    return con


def _lock(con: duckdb.DuckDBPyConnection) -> None:
    """From here on the connection can reach nothing but the warehouse file, and cannot be reconfigured."""
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def _interrupt_at_end_of_input(con: duckdb.DuckDBPyConnection) -> None:
    sys.stdin.buffer.read()
    con.interrupt()
    threading.Event().wait(LINGER_S)
    os._exit(1)


def _kind(error: BaseException) -> str:
    message = str(error)
    if isinstance(error, (MemoryError, duckdb.OutOfMemoryException)):
        return "memory"
    if isinstance(error, (RefusedError, duckdb.PermissionException)):
        return "refused"
    if any(sign in message for sign in ("read-only mode", "configuration has been locked")):
        return "refused"
    return "sql" if isinstance(error, duckdb.Error) else "other"
