"""Data sources, their scans, triggers and run history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.sandbox import clock, draws, platforms
from pipeline.sandbox.platforms import PLATFORMS, Platform

HISTORY_DAYS = 45
LONG_HISTORY_DAYS = {3: 520, 6: 260}
"""Of some sources, by their place, runs are kept for much longer: more than a hundred of them."""
RUN_ENDS = (
    ("Succeeded", "Succeeded", "Succeeded", 0.78),
    ("Failed", "Failed", "Failed", 0.86),
    ("Canceled", "Cancelled", "Canceled", 0.90),
    ("Succeeded", "Succeeded", "PartialSucceeded", 0.95),
    ("TransientFailure", "Failed", "Failed", 0.98),
    ("Succeeded", "CompletedWithExceptions", "Succeeded", 1.0),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One scan run; discovery and ingestion states may be missing, as in older answers."""

    id: str
    status: str
    discovery: str | None
    ingestion: str | None
    started_at: datetime
    ended_at: datetime | None
    level: str
    discovered: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """One schedule; `state` is None where the service does not tell it."""

    state: str | None
    every: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of a data source; a trigger of None means that no schedule exists."""

    name: str
    trigger: Trigger | None
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One registered data source."""

    name: str
    platform: Platform
    host_number: int
    scans: tuple[Scan, ...]


def source_name(platform: Platform, host_number: int) -> str:
    """Name of the data source that covers one instance of a platform."""
    return f"{platform.kind}-{host_number:02d}"


def scan_name(host_number: int, turn: int) -> str:
    """Name of one of the two scans of a data source."""
    return f"Scan-{host_number:02d}{'ab'[turn]}"


def sources(seed: int, day: int, hosts: int) -> list[Source]:
    """Every registered data source; the last one has never been given a scan."""
    pairs = [(platform, number) for platform in PLATFORMS for number in range(1, hosts + 1)]
    found = [
        Source(source_name(platform, number), platform, number, _scans(seed, day, platform, at))
        for at, (platform, number) in enumerate(pairs)
    ]
    spare = Source(source_name(platforms.FILES, 99), platforms.FILES, 99, ())
    return [*found, spare]


def _scans(seed: int, day: int, platform: Platform, at: int) -> tuple[Scan, ...]:
    number = at % 97 + 1
    main = Scan(
        scan_name(number, 0), _trigger(seed, day, platform, at), _runs(seed, day, platform, at, 0)
    )
    second = Scan(scan_name(number, 1), None, _runs(seed, day, platform, at, 1))
    return (main, second)


def _is_halted(seed: int, day: int, at: int) -> bool:
    """Whether somebody has switched the schedule off (never on the orchestrated source)."""
    return at != 6 and draws.switched(seed, day, 0.2, 40, at * 17 % 40, "halted", at)


def _trigger(seed: int, day: int, platform: Platform, at: int) -> Trigger | None:
    every = "Week" if platform.is_report else "Day"
    if at == 6:  # launched by an orchestrator: many runs, no schedule
        return None
    if not _is_halted(seed, day, at):
        return Trigger("Enabled" if at % 3 else None, every, None)
    if at % 3 == 0:
        return None
    ended = clock.cut(day) - timedelta(days=3)
    return Trigger("Disabled", every, None) if at % 3 == 1 else Trigger("Enabled", every, ended)


def _runs(seed: int, day: int, platform: Platform, at: int, turn: int) -> tuple[Run, ...]:
    """History of a scan, newest first."""
    step = 90 if turn else 7 if platform.is_report else 2 + at % 3
    kept = HISTORY_DAYS if turn else LONG_HISTORY_DAYS.get(at, HISTORY_DAYS)
    found = [
        _run(seed, then, at, turn)
        for then in range(day, day - kept, -1)
        if (then + at) % step == 0 and not _is_halted(seed, then, at)
    ]
    if at == 2 and not turn:  # one scan is at work while the state is taken
        busy = clock.cut(day) - timedelta(minutes=25)
        guid = draws.guid(seed, "busy run", at, day)
        found.insert(0, Run(guid, "InProgress", "Running", None, busy, None, "Full", 0))
    return tuple(found)


def _run(seed: int, day: int, at: int, turn: int) -> Run:
    key = ("run", at, turn, day)
    chance = draws.share(seed, *key)
    outage = draws.switched(seed, day, 0.12, 70, at * 31 % 70, "outage", at)
    if at == 9:  # a credential that expired long ago
        outcome = RUN_ENDS[1]
    elif at == 3 or outage:
        outcome = RUN_ENDS[3]
    else:
        outcome = next(end for end in RUN_ENDS if chance < end[3])
    status, discovery, ingestion, _ = outcome
    start = clock.cut(day) - timedelta(hours=8, seconds=draws.number(20_000, seed, *key, "start"))
    end = start + timedelta(minutes=4 + draws.number(80, seed, *key, "length"))
    # answers in the older style tell no detail; they are sent for plain outcomes only
    plain = outcome in RUN_ENDS[:3] and at % 5 == 4
    return Run(
        draws.guid(seed, *key),
        status,
        None if plain else discovery,
        None if plain else ingestion,
        start,
        end,
        "Full" if draws.share(seed, *key, "level") < 0.3 else "Incremental",
        draws.number(400, seed, *key, "found"),
    )


def by_name(found: Sequence[Source]) -> dict[str, Source]:
    """The data sources under their names."""
    return {source.name: source for source in found}
