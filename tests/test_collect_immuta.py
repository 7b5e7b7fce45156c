"""Signing in to Immuta: every form of a key or token, what is tried when one is not taken, and what a refusal says."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from collecting import JSON, Clock
from hypothesis import given
from pydantic import SecretStr
from test_collect_auth import jwt

from pipeline.collect import immuta
from pipeline.collect.auth import FetchedToken, StaticToken, Token
from pipeline.config import ImmutaConfig
from pipeline.errors import ConfigError, SignInError, UnreachableError
from pipeline.sandbox import server, signin

KEY = "synthetic-api-key"
URL = "https://immuta.example"
Reply = Callable[[httpx.Request], httpx.Response]


def config(**values: Any) -> ImmutaConfig:
    """A tenant with an API key."""
    return ImmutaConfig(**{"govern_url": URL, "api_key": SecretStr(KEY), **values})


def signed(settings: ImmutaConfig, reply: Reply, *statuses: int) -> list[str]:
    """The Authorization headers sent to Govern while it answers with these statuses."""
    http = httpx.Client(transport=httpx.MockTransport(reply))
    steps = immuta.govern(settings, http, sleep=Clock().sleep).auth_flow(
        httpx.Request("GET", f"{URL}/tag")
    )
    sent = [next(steps).headers["Authorization"]]
    for status in statuses:
        try:
            sent.append(steps.send(httpx.Response(status)).headers["Authorization"])
        except StopIteration:
            break
    return sent


def token(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"authenticated": True, "token": "abc"})


def nowhere(request: httpx.Request) -> httpx.Response:
    """A tenant that does not exchange keys and takes them as they are."""
    right = request.method == "GET" and request.headers["Authorization"] == KEY
    return httpx.Response(200 if right else 404, json={})


@pytest.mark.parametrize(
    ("values", "reply", "header"),
    [
        ({}, token, "Bearer abc"),
        ({"sign_in": "exchange"}, token, "Bearer abc"),
        ({"sign_in": "raw"}, token, KEY),
        ({"sign_in": "bearer"}, token, f"Bearer {KEY}"),
        ({"token": SecretStr("mine")}, token, "Bearer mine"),
        ({"token": SecretStr("mine"), "api_key": None}, token, "Bearer mine"),
        ({}, nowhere, KEY),
    ],
)
def test_a_key_is_sent_as_configured(values: dict[str, Any], reply: Reply, header: str) -> None:
    """Exchanged, raw, as a bearer, or a token in its place; raw too where it cannot be exchanged."""
    assert signed(config(**values), reply) == [header]


@pytest.mark.parametrize("form", ["auto", "exchange", "raw", "bearer"])
def test_the_sandbox_takes_every_form(form: str) -> None:
    """As Immuta does; without any it answers 401, and 500 where the product forgets to look."""
    with server.running(assets=40) as url, httpx.Client() as http:
        settings = config(govern_url=url, api_key=SecretStr(signin.IMMUTA_KEY), sign_in=form)
        auth = immuta.govern(settings, http)
        assert http.get(f"{url}/tag", auth=auth).status_code == 200
        assert http.get(f"{url}/tag").status_code == 500
        assert http.get(f"{url}/dataSource").status_code == 401


def test_a_token_that_expired_is_renewed_where_the_service_hides_that_it_did() -> None:
    """The tags of a tenant are read with a fresh token after a 500, as anything else is after a 401."""
    brought = iter([Token("expired"), Token(signin.IMMUTA_KEY)])
    auth = FetchedToken(lambda: next(brought), hiding=immuta.HIDING)
    with server.running(assets=40) as url, httpx.Client() as http:
        assert http.get(f"{url}/tag", auth=auth).status_code == 200


@pytest.mark.parametrize(
    ("values", "cure"),
    [
        ({"sign_in": "raw"}, "IMMUTA_API_KEY"),
        ({"sign_in": "bearer"}, "IMMUTA_API_KEY"),
        ({"token": SecretStr("mine")}, r"\[immuta\] token"),
    ],
)
def test_a_refusal_names_the_setting(values: dict[str, Any], cure: str) -> None:
    """401 to a key that was sent as it is: the message has the cure, and not the key."""
    with pytest.raises(SignInError, match=cure) as refused:
        signed(config(**values), token, 401)
    assert KEY not in str(refused.value)
    assert "mine" not in str(refused.value)


def test_a_token_that_is_refused_is_exchanged_anew_once() -> None:
    """The second 401 in a row is final, and says what to check."""
    assert signed(config(), token, 401, 200) == ["Bearer abc", "Bearer abc"]
    with pytest.raises(SignInError, match="IMMUTA_HOST and IMMUTA_API_KEY"):
        signed(config(), token, 401, 401)


def test_a_token_of_the_request_app_that_is_refused_says_how_to_get_another() -> None:
    """It is shown once, and may expire."""
    flow = immuta.request_app(config(request_token=SecretStr("synthetic")))
    steps = flow.auth_flow(httpx.Request("GET", "https://na.api.immutacloud.com/marketplace"))
    assert next(steps).headers["Authorization"] == "Bearer synthetic"
    with pytest.raises(SignInError, match=r"IMMUTA_REQUEST_TOKEN.*personal access token"):
        steps.send(httpx.Response(401))


def test_without_a_credential_the_message_says_what_to_set() -> None:
    """And how to do without the Request app."""
    with pytest.raises(ConfigError, match="set IMMUTA_API_KEY"):
        immuta.govern(config(api_key=None), httpx.Client())
    with pytest.raises(ConfigError, match=r"IMMUTA_REQUEST_TOKEN.*skip"):
        immuta.request_app(config())


def test_a_tenant_that_takes_the_key_in_no_form_is_told() -> None:
    """Where there is no address for the exchange, the key is tried once as it is before anything else is sent."""
    with pytest.raises(SignInError, match="neither exchanges the API key nor takes it as it is"):
        signed(config(), lambda _: httpx.Response(404))
    with pytest.raises(SignInError, match=r"credential was refused \(HTTP 404\)"):
        signed(config(sign_in="exchange"), nowhere)

    def cut(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(404)
        raise httpx.ConnectError("refused")

    with pytest.raises(UnreachableError, match="IMMUTA_HOST"):
        signed(config(), cut)


@pytest.mark.parametrize(
    ("left_s", "least_s", "most_s"), [(3600, 3290, 3301), (100, 45, 51), (-50, 0.5, 1.5)]
)
def test_a_token_is_renewed_before_it_expires(left_s: int, least_s: float, most_s: float) -> None:
    """Five minutes before, or at half of its life; by a clock that is ahead, after a second."""
    ends = datetime.now(UTC) + timedelta(seconds=left_s)
    answer = {"token": "abc", "tokenExpiration": f"{ends:%Y-%m-%dT%H:%M:%S}.000Z"}
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer)))
    found = immuta.exchanged(http, URL, KEY)()
    assert found.renew_at is not None
    assert least_s <= found.renew_at - time.monotonic() <= most_s


@pytest.mark.parametrize("expiry", [None, "", "soon", True, [1]])
def test_a_token_without_a_readable_expiry_is_used_until_it_is_refused(expiry: object) -> None:
    """Nobody knows how long it lasts."""
    answer = {"token": "abc", "tokenExpiration": expiry}
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer)))
    assert immuta.exchanged(http, URL, KEY)().renew_at is None


@given(JSON)
def test_any_expiry_is_seconds_or_unknown(value: Any) -> None:
    """Whatever a service writes there."""
    assert isinstance(immuta.seconds_left(value), float | None)


@pytest.mark.parametrize(
    ("answer", "token", "known"),
    [
        ({"expiration": 4102444800}, "opaque", True),
        ({"expiration": 4102444800000}, "opaque", True),
        ({}, jwt(b'{"exp": 4102444800}'), True),
        ({"expiration": None}, "opaque", False),
    ],
)
def test_how_long_a_personal_token_lasts(answer: dict[str, Any], token: str, known: bool) -> None:
    """The app says it in seconds or milliseconds, or the token itself does."""
    left_s = immuta.token_left_s(StaticToken(token), answer)
    assert left_s == pytest.approx(4102444800 - time.time(), abs=5) if known else left_s is None
