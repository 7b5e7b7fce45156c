"""When to try again, how often, and how long to wait before."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
ATTEMPTS = 6
ATTEMPTS_UNREACHED = 2
"""Tries of a host that has not answered once in this run: a wrong address should not cost minutes."""
SILENT_CALLS = 3
"""Calls in a row given up without one answer from the host, after which the run stops: it can go on later."""
ATTEMPTS_MALFORMED = 3
"""Tries of an answer that is not what its endpoint promises: a gateway's page passes, a new format does not."""
LONGEST_WAIT_S = 120.0


def retry_after_s(response: httpx.Response) -> float | None:
    """The wait a response asks for, in seconds, whether given as seconds or as a date; None if it asks for none."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        if text.isascii() and text[0].isdigit():
            return float(text)
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def backoff_s(attempt: int) -> float:
    """Seconds before the next try where the service names none: doubling, and never the same for all threads."""
    return random.uniform(0.5, 1.0) * min(2.0**attempt / 2, 30.0)  # noqa: S311
