"""Signing in: httpx auth flows that fetch a token once for all threads, renew it in time, and once where it is refused."""

import base64
import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import httpx
import msgspec

from pipeline.collect.retry import RETRIED
from pipeline.errors import PassMusterError, SignInError, UnreachableError

LIFETIME_S = 3600.0
"""Of a token that does not say."""
RENEW_BEFORE_S = 300.0
PAUSES_S = (1.0, 4.0)
"""Before the second and the third try of a sign-in that got no proper answer: a long run renews its token often."""


class Token(msgspec.Struct, frozen=True):
    """A token, when to renew it, in seconds of `time.monotonic` (None = never), and the word before it, if any."""

    value: str
    renew_at: float | None = None
    scheme: str = "Bearer"

    @property
    def header(self) -> str:
        """What is sent as `Authorization`."""
        return f"{self.scheme} {self.value}".strip()

    def __repr__(self) -> str:
        return "Token(***)"


class StaticToken(httpx.Auth):
    """A token the user brought; a 401 is final, and `cure` says what to do about it."""

    def __init__(self, token: str, scheme: str = "Bearer", cure: str = "") -> None:
        self._token = token
        self._header = f"{scheme} {token}".strip()
        self._cure = cure

    def claims(self) -> dict[str, Any]:
        """What the token says about its bearer."""
        return claims(self._token)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its header."""
        request.headers["Authorization"] = self._header
        response = yield request
        _check(request, response, self._cure)


class FetchedToken(httpx.Auth):
    """A token that `fetch` brings: shared by all threads, renewed before it expires and once on a 401.

    Paths that end in one of `hiding` answer 500 to a token that has expired.
    """

    def __init__(
        self, fetch: Callable[[], Token], cure: str = "", hiding: tuple[str, ...] = ()
    ) -> None:
        self._fetch, self._cure, self._hiding = fetch, cure, hiding
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failed: PassMusterError | None = None

    def claims(self) -> dict[str, Any]:
        """What the present token says about its bearer; nothing before the first request."""
        return claims(self._token.value) if self._token else {}

    def sign_in(self) -> None:
        """Fetches a token where there is none yet, or where it has expired."""
        self._current(refused=None)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request signed; signed anew and sent again if the token was refused."""
        token = self._current(refused=None)
        request.headers["Authorization"] = token.header
        response = yield request
        if response.status_code == 401 or self._may_hide_refusal(request, response):
            request.headers["Authorization"] = self._current(refused=token).header
            response = yield request
            _check(request, response, self._cure)

    def _may_hide_refusal(self, request: httpx.Request, response: httpx.Response) -> bool:
        return response.status_code == 500 and request.url.path.endswith(self._hiding)

    def _current(self, refused: Token | None) -> Token:
        with self._lock:
            token = self._token
            expired = token is not None and token.renew_at and time.monotonic() > token.renew_at
            if token is None or expired or token is refused:
                token = self._token = self._fetched()
            return token

    def _fetched(self) -> Token:
        """A fresh token; a failure is final, so that threads do not wear out a refused credential."""
        if self._failed is not None:
            raise self._failed
        try:
            return self._fetch()
        except PassMusterError as error:
            self._failed = error
            raise


def _check(request: httpx.Request, response: httpx.Response, cure: str) -> None:
    """Nothing, unless the credential was refused and there is a cure to tell."""
    if cure and response.status_code == 401:
        raise SignInError(f"{request.url.host} refused the credential (HTTP 401); {cure}")


def claims_of(flow: httpx.Auth) -> dict[str, Any]:
    """What the token of a sign-in says about its bearer; empty where there is none (yet) or it says nothing."""
    return flow.claims() if isinstance(flow, StaticToken | FetchedToken) else {}


def bearer_of(flow: httpx.Auth) -> dict[str, Any]:
    """What `claims_of` says, also where nothing was sent: what is replayed from disk needs no token.

    Raises:
        SignInError, UnreachableError: there is none to be had.
    """
    if isinstance(flow, FetchedToken):
        flow.sign_in()
    return claims_of(flow)


def claims(token: str) -> dict[str, Any]:
    """The payload of a JSON Web Token (RFC 7519), not verified; empty for any other kind of token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        text = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found = msgspec.json.decode(text)
    except (ValueError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def entra_client_secret(
    http: httpx.Client,
    authority: str,
    tenant_id: str,
    client_id: str,
    secret: str,
    scope: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Callable[[], Token]:
    """Fetches a token for `scope` with the client-credentials grant (Entra ID, OAuth 2.0, v2.0 endpoint)."""
    url = f"{authority.rstrip('/')}/{tenant_id}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
        "scope": scope,
    }
    cure = "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"

    def fetch() -> Token:
        answer = read(answer_of(http, url, cure, sleep, data=form), url, cure)
        # the documented v1 sample states the lifetime as a string
        seconds = str(answer.get("expires_in"))
        lifetime_s = float(seconds) if seconds.isdecimal() else LIFETIME_S
        renew_at = time.monotonic() + max(lifetime_s - RENEW_BEFORE_S, lifetime_s / 2)
        return Token(stated(answer, "access_token", url, cure), renew_at)

    return fetch


def answer_of(
    http: httpx.Client,
    url: str,
    cure: str,
    sleep: Callable[[float], None],
    **content: object,
) -> httpx.Response:
    """The answer to a POST, which may be a refusal; what passes by itself is waited for.

    Raises:
        UnreachableError: there was none.
    """
    reason = ""
    for pause_s in (0.0, *PAUSES_S):
        if pause_s:
            sleep(pause_s)
        try:
            response = http.post(url, **content)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, httpx.ConnectTimeout):
                break
            continue
        if response.status_code not in RETRIED:
            return response
        reason = f"HTTP {response.status_code}"
    raise UnreachableError(f"{url}: nobody could sign in ({reason}); {cure}, or try again later")


def read(response: httpx.Response, url: str, cure: str) -> dict[str, object]:
    """The JSON object of an answer.

    Raises:
        SignInError: it is a refusal, or no JSON.
    """
    if response.status_code >= 400:
        raise SignInError(
            f"{url}: the credential was refused (HTTP {response.status_code}{_detail(response)}); {cure}"
        )
    try:
        answer = response.json()
    except ValueError as error:
        raise SignInError(f"{url}: answered no JSON: not a sign-in address? {cure}") from error
    return answer if isinstance(answer, dict) else {}


def _detail(response: httpx.Response) -> str:
    """The service's own word for a refusal, where it is short and known not to echo the secret."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    code = answer.get("error") if isinstance(answer, dict) else None
    return f", {code}" if isinstance(code, str) else ""


def stated(answer: Mapping[str, object], name: str, url: str, cure: str) -> str:
    """The text under `name` of an answer.

    Raises:
        SignInError: there is none.
    """
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise SignInError(f"{url}: the answer has no {name!r}; {cure}")
    return value
