"""The log: readable lines on a terminal, JSON lines anywhere else, always on stderr."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.logging import RichHandler

logger = logging.getLogger("passmuster")


def configure(console: Console, *, verbose: bool = False) -> None:
    """Sends the log where this process should say things."""
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False, show_level=False, markup=False)
        handler.setFormatter(_Readable())
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonLine())
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)


def say(message: str, **facts: Any) -> None:
    """Logs `message` with its facts."""
    logger.info(message, extra={"facts": facts})


def warn(message: str, **facts: Any) -> None:
    """Logs something the reader should act on."""
    logger.warning(message, extra={"facts": facts})


class _Readable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] = getattr(record, "facts", {})
        tail = "  ".join(f"{name}={value}" for name, value in facts.items())
        line = f"{record.getMessage()}  {tail}" if tail else record.getMessage()
        # facts may quote an API: nothing in them may steer the terminal
        return "".join(char if char.isprintable() else "�" for char in line)


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        return json.dumps(line, default=str, ensure_ascii=False)
