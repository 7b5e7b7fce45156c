"""`muster` standing by: a process that has imported and read what commands do, and forks for every command it is asked for.

Every line of its input is an order: {"argv", "folder", "environment", "out", "err"}; the lines it answers are the
number of the process, at once, and its exit code. A fork is a process of its own like any other, but it need not
import, and ends without tidying up after Python; it waits for its threads, as Python does.
"""

import gc
import importlib
import json
import os
import runpy
import sys
import threading
import traceback
from typing import Any, NoReturn

from pipeline import packs
from pipeline.judge import rule
from pipeline.warehouse import schema

IMPORTED = (
    "pipeline.cli",
    "pipeline.run",
    "pipeline.cli.progress",
    "pipeline.gate.expectations",
    "pipeline.report.publish",
)


def main() -> None:
    """Answers orders until there are no more."""
    for name in IMPORTED:
        importlib.import_module(name)
    # what a process reads once
    rule.load(packs.load())
    schema.views()
    # what never changes is shared with every fork
    gc.freeze()
    for line in sys.stdin.buffer:
        if not (fork := os.fork()):
            order = json.loads(line)
            _take_place(order)
            _end(_run(order["argv"]))
        print(fork, flush=True)
        _, status = os.waitpid(fork, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    _end(0)


def _take_place(order: dict[str, Any]) -> None:
    """Makes this process look as if it had been started for the order."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for place, number in ((os.devnull, 0), (order["out"], 1), (order["err"], 2)):
        opened = os.open(place, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)


def _run(argv: list[str]) -> int:
    """The exit code of a command."""
    sys.argv = ["muster", *argv]
    try:
        runpy.run_module("pipeline", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else bool(end.code)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    for thread in threading.enumerate():
        if not (thread.daemon or thread is threading.current_thread()):
            thread.join()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
