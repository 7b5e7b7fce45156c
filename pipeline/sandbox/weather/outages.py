"""Weather that befalls a call as a whole: refusals, broken connections, answers that are none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from pipeline.sandbox import draws
from pipeline.sandbox.weather.base import Clock, Weather
from pipeline.sandbox.weather.calls import Answer, Call, Proceed

HTML = {"content-type": "text/html"}
BURST_PER_S = 25.0
GLOSSARIES = "/datamap/api/atlas/v2/glossary"
BULK = "/entity/bulk"


class Throttle(Weather):
    """429 with Retry-After in seconds above {number} calls a second."""

    number = 50.0
    blocks_s = 0.0

    def __init__(self, seed: int, number: float | None, clock: Clock) -> None:
        super().__init__(seed, number, clock)
        self._tokens = self.per_second
        self._filled_at = clock()
        self._blocked_until = clock()

    @property
    def per_second(self) -> float:
        """Calls that are served."""
        return self.number

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a refusal."""
        if self._served():
            return await proceed(call)
        self.hits += 1
        body = b'{"error":{"code":"TooManyRequests","message":"slow down"}}'
        headers = {"content-type": "application/json", "retry-after": self.retry_after()}
        return Answer(429, body, headers)

    def retry_after(self) -> str:
        """The header."""
        return "1"

    def _served(self) -> bool:
        now = self.clock()
        if now < self._blocked_until:
            return False
        filled = self._tokens + (now - self._filled_at) * self.per_second
        self._tokens, self._filled_at = min(filled, self.per_second), now
        if self._tokens < 1:
            self._blocked_until = now + self.blocks_s
            return False
        self._tokens -= 1
        return True


class ThrottleDate(Throttle):
    """429 with Retry-After as a date above {number} calls a second."""

    def retry_after(self) -> str:
        """Two seconds from now: dates have no smaller unit."""
        return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


class Blocking(Throttle):
    """429 above 25 calls a second, and after each one everybody is refused for {number} s."""

    number = 5.0

    def __init__(self, seed: int, number: float | None, clock: Clock) -> None:
        super().__init__(seed, number, clock)
        self.blocks_s = self.number

    @property
    def per_second(self) -> float:
        """Calls that are served."""
        return BURST_PER_S

    def retry_after(self) -> str:
        """As long as the block lasts."""
        return f"{self.number:g}"


class Unavailable(Weather):
    """503 to the first try of one call in {number}, with a Retry-After to half of them."""

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a refusal."""
        if not self.strikes(call):
            return await proceed(call)
        headers = {"retry-after": "1"} if draws.share(self.seed, call.name) < 0.5 else {}
        return Answer(503, b"<h1>Service Unavailable</h1>", {**HTML, **headers})


class GlossaryTimeout(Weather):
    """408 to glossary lists of more than {number} rows, or with their terms."""

    number = 60.0

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a refusal."""
        listed = call.path == GLOSSARIES or call.path.endswith("/terms")
        if not (listed and call.path.startswith(GLOSSARIES)):
            return await proceed(call)
        rows = float(call.param("limit") or -1)
        whole = call.path == GLOSSARIES and call.param("ignoreTermsAndCategories") != "true"
        if not whole and 0 < rows <= self.number:
            return await proceed(call)
        self.hits += 1
        return Answer(408, b'{"errorCode":"RequestTimeout","errorMessage":"request timed out"}')


class ShortUrl(Weather):
    """414, or a body that is no text, to URLs of more than {number} bytes."""

    number = 1500.0

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a refusal."""
        if call.url_bytes <= self.number:
            return await proceed(call)
        self.hits += 1
        if draws.share(self.seed, call.name) < 0.5:
            return Answer(414, b"<h1>414 Request-URI Too Large</h1>", HTML)
        return Answer(200, b"\xff\xfe\x00 Bad Request")


class Resets(Weather):
    """The connection ends before the first try of one call in {number} is answered."""

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or none."""
        answer = await proceed(call)
        return replace(answer, delivery="dropped") if self.strikes(call) else answer


class Truncated(Weather):
    """Half a body, then the end, at the first try of one call in {number}."""

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or half of it."""
        answer = await proceed(call)
        return replace(answer, delivery="cut") if self.strikes(call) else answer


class Slow(Weather):
    """A body that comes a byte at a time, at the first try of one call in {number}."""

    number = 50.0

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, sooner or later."""
        answer = await proceed(call)
        return replace(answer, delivery="dribbled") if self.strikes(call) else answer


class Html(Weather):
    """A gateway's page with status 200, at the first try of one call in {number}."""

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a page for people."""
        if self.strikes(call):
            return Answer(200, b"<!DOCTYPE html><title>Sign in</title>", HTML)
        return await proceed(call)


class TokenExpiry(Weather):
    """401 to tokens after {number} calls; keys and tokens that were not fetched live on."""

    number = 60.0

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Answers one call; a token that is given out a second time in a second begins anew."""
        answer = await super().__call__(call, proceed)
        if call.signs_in and isinstance(page := answer.page(), dict):
            self._times[f"Bearer {page.get('access_token') or page.get('token')}"] = 0
        return answer

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a refusal."""
        token = call.authorization
        if "." in token:
            times = self._times[token] = self._times.get(token, 0) + 1
            if times > self.number:
                self.hits += 1
                return Answer(401, b'{"error":{"code":"Unauthorized","message":"expired"}}')
        return await proceed(call)


class ForbiddenGuids(Weather):
    """One guid in {number} may not be read: a bulk read that asks for it gets 403 as a whole."""

    number = 20.0

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, or a refusal."""
        guids = [value for key, value in call.params if key == "guid"]
        if call.path.endswith(BULK) and any(self.draws(guid) for guid in guids):
            self.hits += 1
            return Answer(403, b'{"errorCode":"ATLAS-403-00-001","errorMessage":"not authorized"}')
        return await proceed(call)


class MissingGuids(Weather):
    """One guid in {number} is left out of every bulk read, without a word."""

    number = 20.0

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer, with less in it."""
        if not call.path.endswith(BULK):
            return await proceed(call)
        kept = tuple(p for p in call.params if p[0] != "guid" or not self.draws(p[1]))
        self.hits += len(call.params) - len(kept)
        if not any(key == "guid" for key, _ in kept):
            return Answer(200, b'{"entities":[],"referredEntities":{}}')
        return await proceed(replace(call, params=kept))


KINDS: dict[str, type[Weather]] = {
    "throttle": Throttle,
    "throttle-date": ThrottleDate,
    "blocking": Blocking,
    "unavailable": Unavailable,
    "glossary-timeout": GlossaryTimeout,
    "short-url": ShortUrl,
    "resets": Resets,
    "truncated": Truncated,
    "slow": Slow,
    "html": Html,
    "token-expiry": TokenExpiry,
    "missing-guids": MissingGuids,
    "forbidden-guids": ForbiddenGuids,
}
