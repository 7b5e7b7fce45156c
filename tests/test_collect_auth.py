"""Signing in: one token for all threads, renewed in time and once on a refusal, and never shown."""

import base64
import json
import threading
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from collecting import Clock
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect import auth
from pipeline.collect import immuta as immuta_sign_in
from pipeline.collect.auth import FetchedToken, StaticToken, Token
from pipeline.errors import SignInError, UnreachableError

SECRET = "synthetic-client-secret"
URL = "https://login.example/tenant/oauth2/v2.0/token"
Reply = Callable[[httpx.Request], httpx.Response]


def entra(reply: Reply, clock: Clock) -> Callable[[], Token]:
    """The client-credentials grant against an answering function."""
    http = httpx.Client(transport=httpx.MockTransport(reply))
    return auth.entra_client_secret(
        http,
        "https://login.example/",
        "tenant",
        "client",
        SECRET,
        "https://graph.microsoft.com/.default",
        sleep=clock.sleep,
    )


def immuta(reply: Reply, clock: Clock) -> Callable[[], Token]:
    """The exchange of an API key against an answering function."""
    http = httpx.Client(transport=httpx.MockTransport(reply))
    return immuta_sign_in.exchanged(http, "https://immuta.example", SECRET, sleep=clock.sleep)


def flow(signed: httpx.Auth, *statuses: int, path: str = "/") -> list[str]:
    """The Authorization headers sent while the server answers with these statuses."""
    request = httpx.Request("GET", f"https://purview.example{path}")
    steps: Generator[httpx.Request, httpx.Response, None] = signed.auth_flow(request)
    sent = [next(steps).headers["Authorization"]]
    for status in statuses:
        try:
            sent.append(steps.send(httpx.Response(status)).headers["Authorization"])
        except StopIteration:
            break
    return sent


def numbered(*, renew_at: float | None = None) -> tuple[Callable[[], Token], list[int]]:
    """A fetch that brings t1, t2, ... and the list of its calls."""
    calls: list[int] = []

    def fetch() -> Token:
        calls.append(len(calls) + 1)
        return Token(f"t{calls[-1]}", renew_at)

    return fetch, calls


def test_a_refused_token_is_renewed_once() -> None:
    """401 brings a second try with a fresh token, and a second 401 is final."""
    fetch, calls = numbered()
    signed = FetchedToken(fetch)
    assert flow(signed, 401, 401, 401) == ["Bearer t1", "Bearer t2"]
    assert flow(signed, 200) == ["Bearer t2"]
    assert calls == [1, 2]


def test_a_refusal_that_hides_behind_an_error_renews_the_token_too() -> None:
    """500 of an endpoint that forgets to look who asks: a fresh token each time, for it cannot be told apart."""
    fetch, calls = numbered()
    signed = FetchedToken(fetch, hiding=("/tag",))
    assert flow(signed, 500, 500, path="/tag") == ["Bearer t1", "Bearer t2"]
    assert flow(signed, 500, 200, path="/api/tag") == ["Bearer t2", "Bearer t3"]
    assert flow(signed, 500, path="/dataSource") == ["Bearer t3"]
    assert flow(FetchedToken(fetch), 500, path="/tag") == ["Bearer t4"]
    assert calls == [1, 2, 3, 4]


def test_a_token_that_others_renewed_meanwhile_is_not_fetched_again() -> None:
    """Two threads that are refused with the same token cost one sign-in."""
    fetch, calls = numbered()
    signed = FetchedToken(fetch)
    request = httpx.Request("GET", "https://purview.example/")
    flows = [signed.auth_flow(request) for _ in range(2)]
    for one in flows:
        next(one)
    sent = [one.send(httpx.Response(401)).headers["Authorization"] for one in flows]
    assert sent == ["Bearer t2", "Bearer t2"]
    assert calls == [1, 2]


def test_a_token_near_its_end_is_renewed_before_it_is_refused() -> None:
    """Every request after `renew_at` gets a fresh token."""
    fetch, calls = numbered(renew_at=-1.0)
    signed = FetchedToken(fetch)
    assert flow(signed) + flow(signed) == ["Bearer t1", "Bearer t2"]
    assert calls == [1, 2]


def test_all_threads_share_one_token() -> None:
    """Sixteen threads that start at once sign in once."""
    fetch, calls = numbered()
    signed = FetchedToken(fetch)
    barrier = threading.Barrier(16)
    sent: list[str] = []

    def work() -> None:
        barrier.wait(timeout=10)
        sent.extend(flow(signed))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sent == ["Bearer t1"] * 16
    assert calls == [1]


def test_a_refused_credential_is_sent_once() -> None:
    """Threads do not wear out a credential that was refused: an account may be locked for it."""
    calls: list[int] = []

    def fetch() -> Token:
        calls.append(1)
        raise SignInError("refused")

    signed = FetchedToken(fetch)
    for _ in range(8):
        with pytest.raises(SignInError, match="refused"):
            flow(signed)
    assert calls == [1]


def test_a_token_that_was_brought_is_final() -> None:
    """A static token is sent as it is, with its scheme or bare, and not renewed."""
    assert flow(StaticToken("abc"), 401) == ["Bearer abc"]
    assert flow(StaticToken("abc", ""), 401) == ["abc"]


@pytest.mark.parametrize(
    ("lifetime", "least_s", "most_s"),
    [(3600, 3299, 3301), ("3600", 3299, 3301), (60, 29, 31), (None, 3299, 3301), ("?", 3299, 3301)],
)
def test_a_token_is_renewed_in_time(
    lifetime: object, least_s: float, most_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five minutes before its end, or half its life, whether the lifetime is a number, a text or missing."""
    monkeypatch.setattr("pipeline.collect.auth.time.monotonic", lambda: 0.0)
    answer = {"access_token": "abc", "expires_in": lifetime}
    token = entra(lambda _: httpx.Response(200, json=answer), Clock())()
    assert token.value == "abc"
    assert least_s <= (token.renew_at or 0.0) <= most_s


def test_what_is_sent_to_sign_in() -> None:
    """Entra gets a form with the scope, Immuta a JSON body; the secret is in no address."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "abc", "token": "def"})

    assert entra(reply, Clock())().value == "abc"
    assert immuta(reply, Clock())().value == "def"
    assert (str(seen[0].url), str(seen[1].url)) == (
        URL,
        "https://immuta.example/bim/apikey/authenticate",
    )
    assert b"grant_type=client_credentials" in seen[0].content
    assert b"scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in seen[0].content
    assert seen[1].content == b'{"apikey":"' + SECRET.encode() + b'"}'


@pytest.mark.parametrize("sign_in", [entra, immuta])
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, {"error": "invalid_client", "error_description": SECRET}, "401, invalid_client"),
        (400, {"error": {"code": "x"}}, "HTTP 400"),
        (403, None, "HTTP 403"),
        (200, None, "no JSON"),
        (200, [], "has no"),
        (200, {"access_token": "", "token": 7}, "has no"),
    ],
)
def test_a_refused_sign_in_says_where_and_the_cure(
    sign_in: Callable[[Reply, Clock], Callable[[], Token]], status: int, body: Any, reason: str
) -> None:
    """The address, the service's own word and the settings to check are in the message, the secret is not."""
    calls: list[int] = []

    def reply(_: httpx.Request) -> httpx.Response:
        calls.append(1)
        return (
            httpx.Response(status, text="<html>")
            if body is None
            else httpx.Response(status, json=body)
        )

    with pytest.raises(SignInError) as refused:
        sign_in(reply, Clock())()
    text = str(refused.value)
    assert reason in text
    assert ".example/" in text
    assert "check AZURE_TENANT_ID" in text or "check IMMUTA_HOST" in text
    assert SECRET not in text
    assert calls == [1]


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("slow"), 429, 503])
def test_a_sign_in_that_fails_in_passing_is_tried_again(failure: httpx.HTTPError | int) -> None:
    """A busy sign-in service does not end a run that renews its token in the middle of the night."""
    left = [failure, failure]
    clock = Clock()

    def reply(_: httpx.Request) -> httpx.Response:
        if not left:
            return httpx.Response(200, json={"access_token": "abc"})
        now = left.pop()
        if isinstance(now, int):
            return httpx.Response(now)
        raise now

    assert entra(reply, clock)().value == "abc"
    assert clock.slept == list(auth.PAUSES_S)


@pytest.mark.parametrize(
    ("failure", "tries"), [(httpx.ConnectError("refused"), 3), (httpx.ConnectTimeout("silence"), 1)]
)
def test_a_sign_in_host_that_is_not_there_ends_the_run(
    failure: httpx.TransportError, tries: int
) -> None:
    """A few quick tries, or one slow one, then one message that names the address."""
    calls: list[int] = []

    def reply(_: httpx.Request) -> httpx.Response:
        calls.append(1)
        raise failure

    with pytest.raises(UnreachableError, match=r"login\.example.*nobody could sign in"):
        entra(reply, Clock())()
    assert len(calls) == tries


def test_a_token_does_not_show_itself() -> None:
    """Neither its repr nor an f-string prints the value."""
    assert "abc" not in f"{Token('abc', 1.0)} {Token('abc')!r}"


def jwt(payload: bytes) -> str:
    """A token with this payload, whatever its signature."""
    return f"h.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}.s"


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.none()))
def test_claims_are_what_the_token_says(claims: dict[str, Any]) -> None:
    """The payload of a JSON Web Token is read whatever its length, without its signature."""
    assert auth.claims(jwt(json.dumps(claims).encode())) == claims


@pytest.mark.parametrize(
    "token",
    ["", "opaque", "a.b", "a.b.c", "..", jwt(b"[1]"), jwt(b"{"), jwt(b"\xff"), "a.\u00e9.c"],
)
def test_a_token_of_another_kind_says_nothing(token: str) -> None:
    """Opaque tokens are as good to sign in with; they have no claims."""
    assert auth.claims(token) == {}
    assert StaticToken(token).claims() == {}


def test_claims_are_those_of_the_token_in_use() -> None:
    """Before the first request there is none; a sign-in of another kind says nothing."""
    signed = FetchedToken(lambda: Token(jwt(b'{"oid": "o1"}')))
    assert auth.claims_of(signed) == {}
    flow(signed)
    assert auth.claims_of(signed) == {"oid": "o1"}
    assert auth.claims_of(httpx.Auth()) == {}


def test_whoever_bears_the_token_is_known_without_a_request() -> None:
    """What was replayed needs no token: one is fetched to know whose it is, and then kept."""
    fetched: list[Token] = []

    def fetch() -> Token:
        fetched.append(Token(jwt(b'{"oid": "o1"}')))
        return fetched[-1]

    signed = FetchedToken(fetch)
    assert [auth.bearer_of(signed), auth.bearer_of(signed)] == [{"oid": "o1"}] * 2
    assert len(fetched) == 1
    assert auth.bearer_of(httpx.Auth()) == auth.bearer_of(StaticToken("opaque")) == {}
