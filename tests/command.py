"""`muster` as a process of its own, the way a user runs it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.sandbox import signin

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


def muster(*arguments: str, folder: Path, code: int | None = 0, **environment: str) -> Ended:
    """The end of `muster` run in `folder`; it must end with `code` unless that is None."""
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "AZURE_", "IMMUTA_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=folder,
        env=clean | {"PYTHONWARNINGS": "error", "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    ended = Ended(done.returncode, done.stdout, done.stderr)
    assert code is None or ended.code == code, f"{arguments}: {ended}"
    return ended


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
