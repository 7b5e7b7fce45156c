"""Work in a process of its own, and what it took: memory that an earlier measurement needed is not counted."""

import multiprocessing
import resource
from collections.abc import Callable
from typing import Any


def apart(work: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """What `work` says in a process of its own, and the CPU and memory that it took."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, *given))


def _measured(work: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    row = work(*given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"total_cpu_s": round(cpu_s(), 1), "peak_mb": peak, **row}


def cpu_s() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
