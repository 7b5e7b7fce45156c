"""Sandboxes over a real socket for the tests of the sandbox, and the ways to walk them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.estate import Estate, History

DAY = clock.parse_as_of("2026-11-21")
ASSETS = 600
VERSION = {"api-version": "2023-09-01"}
SEARCH = "/datamap/api/search/query"
BULK = "/datamap/api/atlas/v2/entity/bulk"
PURVIEW = {"Authorization": f"Bearer {signin.PURVIEW_TOKEN}"}
GOVERN = {"Authorization": f"Bearer {signin.IMMUTA_KEY}"}
REQUEST = {"Authorization": f"Bearer {signin.REQUEST_TOKEN}"}
API = "/marketplace/api"


@pytest.fixture(scope="module")
def estate() -> Estate:
    return History(1, ASSETS).at(clock.day_number(DAY))


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield client


def get(http: httpx.Client, path: str, headers: dict[str, str], **params: Any) -> Any:
    """Body of a GET that succeeds."""
    return http.get(path, params=params, headers=headers).raise_for_status().json()


def search_all(http: httpx.Client, body: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Every hit of a search, and the count that its pages gave."""
    hits: list[dict[str, Any]] = []
    answer: dict[str, Any] = {}
    while not answer or "continuationToken" in answer:
        token = {"continuationToken": answer["continuationToken"]} if answer else {}
        response = http.post(SEARCH, params=VERSION, json=body | token, headers=PURVIEW)
        answer = response.raise_for_status().json()
        hits += answer["value"]
    return hits, answer["@search.count"]


def bulk(http: httpx.Client, guids: list[str]) -> dict[str, Any]:
    """Body of a bulk read."""
    answer: dict[str, Any] = get(http, BULK, PURVIEW, guid=guids)
    return answer


def cursor_rows(http: httpx.Client, path: str, limit: int) -> list[dict[str, Any]]:
    """Rows of all pages of a list that is turned by `nextToken`."""
    rows: list[dict[str, Any]] = []
    token: str | None = ""
    while token is not None:
        page = get(http, path, REQUEST, limit=limit, **({"nextToken": token} if token else {}))
        rows += page["data"]
        token = page["meta"]["nextToken"]
    return rows
