"""Moments on the command line: a day means 02:00 UTC of it, the hour of the nightly run."""

from datetime import UTC, date, datetime, time
from typing import Annotated

import duckdb
import typer

from pipeline import log
from pipeline.errors import UsageError

NIGHTLY = time(2, tzinfo=UTC)

AsOf = Annotated[
    str | None,
    typer.Option(help="The clock of the run: a day (02:00 UTC of it) or a time. Default: now."),
]


def moment(text: str | None) -> datetime | None:
    """The instant `text` names, in UTC.

    Raises:
        UsageError: neither a day nor a time of ISO 8601.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-21"):
            return datetime.combine(date.fromisoformat(text), NIGHTLY)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of {text!r} is neither a day such as 2026-11-21 nor a time such as "
            "2026-11-21T14:30:00Z"
        ) from None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def warn_if_not_judged(con: duckdb.DuckDBPyConnection, number: int | None = None) -> None:
    """Says that what is shown of verdicts is older than the rest, where snapshot `number` (or the newest) is not judged."""
    rows = con.execute(
        "select id from snapshot where judged_at is null and number = "
        "(select max(number) from snapshot where number <= coalesce($number, number))",
        {"number": number},
    ).fetchall()
    for (name,) in rows:
        log.warn(
            "not judged yet: verdicts and findings are those of the snapshot before", snapshot=name
        )
