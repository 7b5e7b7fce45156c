"""The sandbox's gateway over a real socket: sign-in, refusals, equal bytes and injected faults."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sandbox_fixture import (
    API,
    ASSETS,
    BULK,
    DAY,
    GOVERN,
    PURVIEW,
    REQUEST,
    SEARCH,
    VERSION,
    estate,
    http,
)

from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.weather import faults

__all__ = ["estate", "http"]


def entra_form(**changed: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": signin.CLIENT_ID,
        "client_secret": signin.CLIENT_SECRET,
    } | changed


def test_both_forms_of_the_entra_sign_in_work(http: httpx.Client) -> None:
    """The v1 form states the lifetime as text, the v2 form as a number; both tokens open doors."""
    scope = signin.AUDIENCE + "/.default"
    newer = http.post("/some-tenant/oauth2/v2.0/token", data=entra_form(scope=scope)).json()
    older = http.post("/some-tenant/oauth2/token", data=entra_form(resource=signin.AUDIENCE)).json()
    assert isinstance(newer["expires_in"], int)
    assert isinstance(older["expires_in"], str)
    for token in (newer["access_token"], older["access_token"]):
        headers = {"Authorization": f"Bearer {token}"}
        assert http.get("/scan/datasources", params=VERSION, headers=headers).status_code == 200


def test_a_wrong_client_secret_is_refused(http: httpx.Client) -> None:
    """Entra ID names the error and its number."""
    form = entra_form(client_secret="wrong", scope=signin.AUDIENCE + "/.default")
    answer = http.post("/some-tenant/oauth2/v2.0/token", data=form)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_immuta_takes_its_key_in_every_known_way(http: httpx.Client) -> None:
    """Exchanged token, raw key and key as bearer all open Govern; the exchange takes three forms."""
    path, key = "/bim/apikey/authenticate", signin.IMMUTA_KEY
    answers = [
        http.post(path, json={"apikey": key}),
        http.post(path, data={"apikey": key}),
        http.post(path, headers={"Authorization": key}),
    ]
    tokens = [answer.json()["token"] for answer in answers]
    for header in (*(f"Bearer {token}" for token in tokens), tokens[0], key, f"Bearer {key}"):
        answer = http.get("/bim/rpc/user/current", headers={"Authorization": header})
        assert answer.json()["permissions"] == ["GOVERNANCE", "AUDIT"]
    assert http.post(path, json={"apikey": "wrong"}).status_code == 401


PLANES: list[tuple[str, Callable[[Any], Any]]] = [
    (BULK + "?guid=x", lambda body: body["errorCode"]),
    ("/scan/datasources?api-version=2023-09-01", lambda body: body["error"]["code"]),
    ("/account/collections?api-version=2019-11-01-preview", lambda body: body["error"]["code"]),
    ("/dataSource", lambda body: body["error"]),
    (API + "/data-product", lambda body: body["message"]),
]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
@pytest.mark.parametrize(("path", "code"), PLANES)
def test_no_plane_opens_without_credentials(
    http: httpx.Client, path: str, code: Callable[[Any], Any], headers: dict[str, str]
) -> None:
    """Each plane refuses in its own error shape."""
    answer = http.get(path, headers=headers)
    assert answer.status_code == 401
    assert code(answer.json()) == "Unauthorized"


def test_an_expired_token_is_refused() -> None:
    """A token whose time is over no longer opens anything."""
    tokens = signin.Tokens(lifetime_s=-1)
    assert not tokens.accepts(tokens.issue("immuta"), "immuta")
    assert signin.Tokens().accepts(signin.Tokens().issue("immuta"), "immuta")
    assert not signin.Tokens().accepts(signin.Tokens().issue("immuta"), "purview")


@pytest.mark.parametrize("path", ["/scan/datasources", "/account/collections", SEARCH])
def test_the_api_version_is_required(http: httpx.Client, path: str) -> None:
    """Planes that need a version refuse a call without one, each in its own error shape."""
    method = "POST" if path == SEARCH else "GET"
    answer = http.request(method, path, headers=PURVIEW)
    assert answer.status_code == 400
    if path == SEARCH:
        assert "api-version" in answer.json()["errorMessage"]
    else:
        assert answer.json()["error"]["code"] == "MissingApiVersionParameter"


def test_an_overlong_url_gets_an_answer_that_is_not_json(http: httpx.Client) -> None:
    """Two hundred guids exceed the URL limit; the gateway answers 414 with a page."""
    guids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(200)]
    answer = http.get(BULK, params={"guid": guids}, headers=PURVIEW)
    assert answer.status_code == 414
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert http.get(BULK, params={"guid": guids[:90]}, headers=PURVIEW).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "key"),
    [
        ("/datamap/api/atlas/v2/entity/guid/none", PURVIEW, "errorCode"),
        ("/datamap/api/atlas/v2/search/basic", PURVIEW, "errorCode"),
        ("/scan/datasources/none/scans?api-version=2023-09-01", PURVIEW, "error"),
        ("/dataSource/1", GOVERN, "message"),
        (API + "/data-product/none", REQUEST, "message"),
    ],
)
def test_unknown_things_are_404(
    http: httpx.Client, path: str, headers: dict[str, str], key: str
) -> None:
    """What does not exist is 404 in the error shape of the plane."""
    answer = http.get(path, headers=headers)
    assert answer.status_code == 404
    assert key in answer.json()


def test_the_same_day_gives_the_same_bytes(http: httpx.Client, estate: Estate) -> None:
    """A second server of the same seed and day sends the same bodies; another day does not."""
    paths = [
        (BULK + "?guid=" + "&guid=".join(data.guid for data in estate.datasets[:50]), PURVIEW),
        ("/scan/datasources?api-version=2023-09-01", PURVIEW),
        ("/dataSource?size=1000", GOVERN),
        (API + "/access-request?limit=1000", REQUEST),
    ]

    def bodies(client: httpx.Client) -> list[bytes]:
        return [client.get(path, headers=headers).content for path, headers in paths]

    with (
        server.running(assets=ASSETS, as_of=DAY) as url,
        httpx.Client(base_url=url) as again,
    ):
        assert bodies(again) == bodies(http)
    with (
        server.running(assets=ASSETS, as_of=clock.parse_as_of("2026-11-20")) as url,
        httpx.Client(base_url=url) as before,
    ):
        assert bodies(before) != bodies(http)


@pytest.fixture(scope="module")
def broken() -> Iterator[httpx.Client]:
    behaviour = {
        "/bim/user": faults.answering(403),
        "/tag": faults.throttled("2"),
        "/policy": faults.answering(500, times=2),
        "/dictionary": faults.malformed(),
        "/dataSource": faults.truncated(),
        "/marketplace": faults.dropped(times=1),
    }
    with (
        server.running(assets=60, as_of=DAY, faults=behaviour) as url,
        httpx.Client(base_url=url, headers=GOVERN) as client,
    ):
        yield client


def test_injected_statuses_end_when_they_should(broken: httpx.Client) -> None:
    """A status stays for ever or for the calls given; throttling tells when to come back."""
    assert [broken.get("/bim/user").status_code for _ in range(3)] == [403] * 3
    refused = broken.get("/tag")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert broken.get("/tag").status_code == 200
    assert [broken.get("/policy/global").status_code for _ in range(3)] == [500, 500, 200]


def test_injected_bodies_cannot_be_read(broken: httpx.Client) -> None:
    """A malformed body is complete but no JSON; a truncated or dropped one breaks the connection."""
    with pytest.raises(json.JSONDecodeError):
        broken.get("/dictionary/1").json()
    with pytest.raises(httpx.RemoteProtocolError):
        broken.get("/dataSource")
    with pytest.raises(httpx.RemoteProtocolError):
        broken.get(API + "/data-product", headers=REQUEST)
    assert broken.get(API + "/data-product", headers=REQUEST).status_code == 200
