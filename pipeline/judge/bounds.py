"""What one rule may take, in time and memory: one that takes more is an error of its own, and of no other."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import RuleError

AGAIN_S = 0.05
"""How often a statement that goes on after its time is interrupted again."""

CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""Where Linux says what a container may have; a number, or `max`."""

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True)
class Bounds:
    """The bounds of a judgement: `at_once` rules run beside each other and share the memory."""

    rule_timeout_s: float = 120.0
    memory_limit: str = "60%"
    at_once: int = min(4, os.cpu_count() or 1)

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes; a share is one of this machine's memory."""
        text = self.memory_limit.strip().upper()
        if text.endswith("%"):
            return int(_memory_here() * float(text[:-1]) / 100)
        return int(float(text[:-2]) * _UNITS[text[-2:]])

    def too_long(self) -> RuleError:
        """The error of a rule that took too long."""
        return RuleError(
            f"it took more than {self.rule_timeout_s:g} s ([judge] rule_timeout_s); "
            "make its SQL cheaper, or allow it more"
        )

    def too_much(self, allowed_bytes: int) -> RuleError:
        """The error of a rule that needs more memory than it was allowed."""
        return RuleError(
            f"it needs more than {allowed_bytes // 10**6:,} MB of memory ([judge] memory_limit); "
            "make its SQL cheaper, or allow it more"
        )

    @contextmanager
    def within_time(self, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupts what runs on `con` when a rule's time is over.

        Raises:
            RuleError: it was.
        """
        ended = threading.Event()

        def watch() -> None:
            # the clock may strike between two statements: the next one must not go on for ever
            left = self.rule_timeout_s
            while not ended.wait(left):
                con.interrupt()
                left = AGAIN_S

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        except duckdb.InterruptException:
            raise self.too_long() from None
        finally:
            ended.set()
            watching.join()


def _memory_here() -> int:
    """The memory of this machine, or of the container that this is."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = int(CONTAINER.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return total
    return min(total, allowed)
