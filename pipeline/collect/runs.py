"""Collection runs: their folders, and which one a killed run left to go on with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from pipeline.errors import PageError

RUN_FILE = "run.json"
GOES_ON_FOR = timedelta(hours=12)
"""An unfinished run older than this is left alone: its pages would describe another day."""


class Run(msgspec.Struct):
    """One collection run, as `run.json` in its folder says; `dated` = `as_of` was given, it is not the clock's."""

    run_id: str
    as_of: datetime
    started_at: datetime
    estate: str
    config_sha256: str
    dated: bool = False
    state: str = "collecting"

    def save(self, raw: Path) -> None:
        """Writes the file in one step."""
        folder = raw / self.run_id
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f".{RUN_FILE}.new"
        new.write_bytes(msgspec.json.encode(self))
        new.replace(folder / RUN_FILE)


def begin(
    raw: Path,
    as_of: datetime | None,
    estate: str,
    config_sha256: str,
    *,
    newest: datetime | None = None,
    sealed: str | None = None,
) -> tuple[Run, bool]:
    """The run to work on, and whether it goes on with what an earlier process left.

    A run goes on if it was never finished, was started with the same configuration for the same
    estate and the same `as_of` (or, like now, without one), is neither older than twelve hours nor
    than the `newest` snapshot, and is not the run `sealed` into it just before a crash.
    """
    now = datetime.now(UTC)
    for run in reversed(runs(raw)):
        same = (run.estate, run.config_sha256) == (estate, config_sha256)
        young = now - run.started_at < GOES_ON_FOR and not (newest and run.as_of < newest)
        wanted = as_of == (run.as_of if run.dated else None)
        unfinished = run.state == "collecting" and run.run_id != sealed
        if unfinished and same and young and wanted:
            return run, True
    stem = now.strftime("%Y%m%dT%H%M%S%fZ")
    run = Run(stem, as_of or now, now, estate, config_sha256, dated=as_of is not None)
    run.save(raw)
    return run, False


def runs(raw: Path) -> list[Run]:
    """Every run with a readable `run.json`, oldest first.

    Raises:
        PageError: a run file was damaged.
    """
    found = []
    for path in sorted(raw.glob(f"*/{RUN_FILE}")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Run))
        except msgspec.DecodeError as error:
            raise PageError(f"{path}: not a run file: {error}; remove its folder") from error
    return found
