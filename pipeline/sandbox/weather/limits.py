"""What a real service puts between a caller and its answer: latency, and a limit on the rate of calls."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.sandbox.answers import json_answer, plane_error

COUNTS_PATH = "/sandbox/counts"
"""Answers how many calls were served and refused; it is limited by nothing."""


@dataclass
class Bucket:
    """A token bucket that holds one second's worth; a refusal may close it for a while.

    `blocks_s` is how long every call is refused after one that found the bucket empty; refusals
    meanwhile do not make that longer.
    """

    per_second: float
    blocks_s: float = 0.0
    clock: Callable[[], float] = time.monotonic
    served: int = 0
    refused: int = 0
    _tokens: float = field(init=False)
    _filled_at: float = field(init=False)
    _closed_until: float = 0.0

    def __post_init__(self) -> None:
        self._tokens = self.per_second
        self._filled_at = self._closed_until = self.clock()

    def refusal(self) -> float:
        """Seconds to wait where the call is refused; 0 where it is served."""
        now = self.clock()
        grown = self._tokens + (now - self._filled_at) * self.per_second
        self._tokens, self._filled_at = min(grown, self.per_second), now
        if now >= self._closed_until and self._tokens >= 1:
            self._tokens -= 1
            self.served += 1
            return 0.0
        if now >= self._closed_until:
            self._closed_until = now + self.blocks_s
        self.refused += 1
        return max(self._closed_until - now, (1 - self._tokens) / self.per_second, 0.001)


class Limited:
    """An application behind a latency and, where there is one, a bucket."""

    def __init__(self, app: ASGIApp, latency_s: float, bucket: Bucket | None) -> None:
        self._app, self._latency_s, self._bucket = app, latency_s, bucket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one call."""
        answer = self._at_once(scope) if scope["type"] == "http" else None
        if answer is None and self._latency_s:
            await asyncio.sleep(self._latency_s)
        await (answer or self._app)(scope, receive, send)

    def _at_once(self, scope: Scope) -> Response | None:
        bucket = self._bucket
        if scope["path"] == COUNTS_PATH:
            served, refused = (bucket.served, bucket.refused) if bucket else (None, None)
            return json_answer({"served": served, "refused": refused})
        if bucket is None or not (wait_s := bucket.refusal()):
            return None
        answer = plane_error(429, "TooManyRequests", "The rate limit is exceeded.")
        answer.headers["Retry-After"] = str(math.ceil(wait_s))
        return answer
