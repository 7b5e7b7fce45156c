"""Days and instants of the estate: its state changes once a day, at 02:00 UTC."""

from datetime import UTC, date, datetime, time, timedelta

FIRST_DAY = date(2025, 1, 1)
CUT = time(2, 0, tzinfo=UTC)


def day_number(as_of: datetime) -> int:
    """Number of the UTC day of `as_of`, 0 for the first day of the estate.

    Raises:
        ValueError: `as_of` lies before the estate's history.
    """
    day = (as_of.astimezone(UTC).date() - FIRST_DAY).days
    if day < 0:
        raise ValueError(f"as_of {as_of:%Y-%m-%d}: the estate's history starts on {FIRST_DAY}")
    return day


def parse_as_of(text: str) -> datetime:
    """Instant that a date or an ISO 8601 datetime names; a bare date means 02:00 UTC of it."""
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), CUT)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def cut(day: int) -> datetime:
    """Instant at which the state of `day` was taken; nothing in that state is younger."""
    return datetime.combine(FIRST_DAY + timedelta(days=day), CUT)


def moment(day: int, share: float) -> datetime:
    """Instant of an event first seen in the state of `day`.

    `share` in [0, 1) places it in the 24 hours before the cut, never on their edges.
    """
    seconds = int(86_400 * (0.01 + 0.98 * share))
    return cut(day) - timedelta(seconds=seconds, milliseconds=seconds % 997)


def millis(when: datetime) -> int:
    """Integer epoch milliseconds, as the Data Map writes times."""
    return int(when.timestamp() * 1000)


def iso_millis(when: datetime) -> str:
    """ISO 8601 with milliseconds and `Z`, as Immuta writes times."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def iso_ticks(when: datetime) -> str:
    """ISO 8601 with seven fractional digits, as Purview's account and scan planes write times."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"


def weekdays_between(start: datetime, end: datetime) -> int:
    """Count of Mondays to Fridays after the UTC date of `start`, up to that of `end`."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    days = (last - first).days
    return sum((first + timedelta(days=step)).weekday() < 5 for step in range(1, days + 1))
