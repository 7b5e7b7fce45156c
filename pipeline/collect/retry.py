"""When to try again, how often, and how long to wait before."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
OVERLOADED = frozenset({408, 429, 503, 504})
"""Of a service that has too much to do: fewer requests at once, please."""
SLOW = frozenset({408, 504})
"""Of one answer that takes too long: asking for less may help."""
ATTEMPTS = 6
ATTEMPTS_SLOW = 3
ATTEMPTS_THROTTLED = 20
"""Tries of what is refused by the pace: every refusal slows everybody down, so that one of them gets through."""
ATTEMPTS_UNREACHED = 2
"""Tries of a host that has not answered once in this run: a wrong address should not cost minutes."""
SILENT_CALLS = 3
"""Calls in a row given up without one answer from the host, after which the run stops: it can go on later."""
ATTEMPTS_MALFORMED = 3
"""Tries of an answer that is not what its endpoint promises: a gateway's page passes, a new format does not."""
LONGEST_WAIT_S = 120.0


def retry_after_s(headers: httpx.Headers) -> float | None:
    """The wait an answer asks for, in seconds, whether given as seconds or as a date; None if it asks for none.

    A date counts from the server's own `Date`, where there is one: its clock may be wrong.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        if text.isascii() and text[0].isdigit():
            return float(text)
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max((until - now).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def backoff_s(attempt: int) -> float:
    """Seconds before the next try where the service names none: doubling, and never the same for all threads."""
    return random.uniform(0.5, 1.0) * min(2.0**attempt / 2, 30.0)  # noqa: S311
