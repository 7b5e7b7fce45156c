"""What every contender is given, and what it says about its own cost."""

import resource
from dataclasses import dataclass
from pathlib import Path

TOKEN = "sandbox-purview-token"
"""Opens the sandbox only."""


@dataclass
class Task:
    """Where the service is, where files may go, and the calls a second to start from."""

    url: str
    folder: Path
    per_second: float


def cpu_s(whose: int = resource.RUSAGE_SELF) -> float:
    """CPU seconds of this process, or of its children that ended."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def peak_mb() -> int:
    """The most memory that this process held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
