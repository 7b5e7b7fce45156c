"""Weather over lists: rows that come twice, rows that move, links that lead nowhere new."""

import base64
from collections.abc import Callable
from dataclasses import replace

import msgspec

from pipeline.sandbox.weather.base import Clock, Weather
from pipeline.sandbox.weather.calls import Answer, Call, Proceed

SEARCH = "/search/query"
SIZES = ("limit", "size", "top")
OFFSETS = ("offset", "skip")
TOKENS = ("nextToken", "$skipToken", "skipToken")
TOTALS = ("@search.count", "count", "totalCount")
ONE_PAGE = ("/marketplace/api/metadata/groups", "/dictionary/columns", "/tag")
LINKED = ("/account", "/scan/", "/policy")


class Duplicates(Weather):
    """Pages of at most {number} rows, each of which begins with the last row of the page before."""

    number = 20.0

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """A page that starts one row early."""
        call = _smaller(call, int(self.number))
        if _position(call):
            self.hits += 1
            call = _shifted(call, -1)
        return await proceed(call)


class Moving(Weather):
    """Pages of at most {number} rows; in every counted list a row goes before page 2 and comes back after it."""

    number = 20.0

    def __init__(self, seed: int, number: float | None, clock: Clock) -> None:
        super().__init__(seed, number, clock)
        self._moved: set[str] = set()

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """A page; the second one of a list skips a row, and states one less."""
        call = _smaller(call, int(self.number))
        which = _list_of(call)
        if not _position(call) or which in self._moved:
            return await proceed(call)
        answer = await proceed(_shifted(call, 1))
        page = answer.page()
        meta = page.get("meta") if isinstance(page, dict) else None
        for place in (page, meta):
            for total in TOTALS:
                if isinstance(place, dict) and isinstance(place.get(total), int):
                    place[total] -= 1
                    self._moved.add(which)
        if which not in self._moved:
            # without a count nobody could tell
            return await proceed(call)
        self.hits += 1
        return answer.saying(page)


class SelfLink(Weather):
    """The last page of a list links to itself."""

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """A page with a link."""
        answer = await proceed(call)
        page = answer.page() if call.path.startswith(LINKED) else None
        if not isinstance(page, dict) or not isinstance(page.get("value"), list):
            return answer
        if page.get("nextLink"):
            return answer
        self.hits += 1
        query = "&".join(f"{name}={value}" for name, value in call.params)
        return answer.saying({**page, "nextLink": f"https://sandbox.example{call.path}?{query}"})


def _smaller(call: Call, rows: int) -> Call:
    """The call for at most so many rows; a list without a second page is not made smaller."""
    if call.path.startswith(ONE_PAGE):
        return call
    for name in SIZES:
        if (text := call.param(name)) is not None and not 0 <= float(text) <= rows:
            call = call.with_param(name, rows)
    if call.path.endswith(SEARCH) and call.body:
        body = msgspec.json.decode(call.body)
        body["limit"] = min(body.get("limit", rows), rows)
        call = replace(call, body=msgspec.json.encode(body))
    return call


def _position(call: Call) -> int:
    """How many rows of the list come before this page."""
    found = 0

    def note(offset: int) -> int:
        nonlocal found
        found = offset
        return offset

    _moved(call, note)
    return found


def _shifted(call: Call, rows: int) -> Call:
    """The call for the page that starts so many rows later."""
    return _moved(call, lambda offset: offset + rows)


def _moved(call: Call, change: Callable[[int], int]) -> Call:
    """The call with its offset changed, wherever it is written."""
    for name in OFFSETS:
        if (text := call.param(name)) is not None:
            return call.with_param(name, change(int(float(text))))
    for name in TOKENS:
        if token := call.param(name):
            return call.with_param(name, _token(token, change))
    if call.path.endswith(SEARCH) and call.body:
        body = msgspec.json.decode(call.body)
        if body.get("continuationToken"):
            body["continuationToken"] = _token(body["continuationToken"], change)
            return replace(call, body=msgspec.json.encode(body))
    return call


def _token(token: str, change: Callable[[int], int]) -> str:
    content = msgspec.json.decode(base64.b64decode(token))
    content["offset"] = change(content["offset"])
    return base64.b64encode(msgspec.json.encode(content)).decode()


def _list_of(call: Call) -> str:
    """What is the same for every page of one list, whatever their size."""
    turning = (*SIZES, *OFFSETS, *TOKENS)
    body = msgspec.json.decode(call.body) if call.body else {}
    kept = {name: value for name, value in body.items() if name not in ("limit", *TOKENS)}
    kept.pop("continuationToken", None)
    params = [param for param in call.params if param[0] not in turning]
    return f"{call.method} {call.path} {params} {kept}"


KINDS: dict[str, type[Weather]] = {
    "duplicates": Duplicates,
    "self-link": SelfLink,
    "moving": Moving,
}
