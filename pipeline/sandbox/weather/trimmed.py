"""Weather over what the Request app shows: lists that leave out what they should have, and say nothing of it."""

from typing import Any

from pipeline.sandbox.weather.base import Clock, Weather
from pipeline.sandbox.weather.calls import Answer, Call, Proceed

PRODUCTS = "/marketplace/api/data-product"
LISTS = {"data": "id", "dataSources": "sourceId"}
"""Lists of pages, and what names their rows."""


class Trimmed(Weather):
    """One in {number} of the data products, of their sources and of their requests is left out of lists, and not counted."""

    number = 8.0

    def __init__(self, seed: int, number: float | None, clock: Clock) -> None:
        super().__init__(seed, number, clock)
        self._gone: set[str] = set()

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """A page without some of its rows."""
        if not _is_list(call.path):
            return await proceed(call)
        answer = await proceed(call)
        page = answer.page()
        if not isinstance(page, dict):
            return answer
        for name, key in LISTS.items():
            if isinstance(page.get(name), list):
                page = self._without(call, page, name, key)
        return answer.saying(page)

    def _without(self, call: Call, page: dict[str, Any], name: str, key: str) -> dict[str, Any]:
        kept = [row for row in page[name] if not self.draws(call.path, row[key])]
        left_out = len(page[name]) - len(kept)
        self.hits += left_out
        meta = page.get("meta")
        if isinstance(meta, dict) and "totalCount" in meta:
            page = {**page, "meta": {**meta, "totalCount": meta["totalCount"] - left_out}}
        return {**page, name: kept}


def _is_list(path: str) -> bool:
    """Data products, and the sources and requests of one; the list of all requests stays whole."""
    inner = path.removeprefix(PRODUCTS)
    return inner == "" or inner.endswith(("/datasources", "/datasources/all", "/request"))


KINDS: dict[str, type[Weather]] = {"trimmed": Trimmed}
