"""Signing in to Immuta: an API key or a token for Govern, a personal access token for the Request app.

Govern takes the token that an API key is exchanged for, and the key itself, with or without the word
Bearer. Nothing is sent before a token is there.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from pipeline.collect.auth import (
    RENEW_BEFORE_S,
    FetchedToken,
    StaticToken,
    Token,
    answer_of,
    read,
    stated,
)
from pipeline.config import ImmutaConfig
from pipeline.errors import ConfigError, SignInError, UnreachableError

KEY_CURE = "check IMMUTA_HOST and IMMUTA_API_KEY ([immuta] govern_url and api_key in muster.toml)"
BEARER_CURE = "check [immuta] token in muster.toml (MUSTER_IMMUTA_TOKEN): it may have expired"
REQUEST_CURE = (
    "check IMMUTA_REQUEST_TOKEN ([immuta] request_token in muster.toml): "
    "make a new personal access token in the Request app if it has expired"
)
HIDING = ("/tag",)
"""Endpoints of Govern that answer 500 where they should answer 401 (a flaw that flatiron's fh-immuta-utils works around)."""
NO_SUCH_ADDRESS = (404, 405, 501)
"""What a tenant answers that cannot exchange keys."""
MILLISECONDS_FROM = 1e11
"""An expiry of this size or more counts milliseconds: in seconds, that would be the year 5138."""


def govern(
    config: ImmutaConfig,
    http: httpx.Client,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> httpx.Auth:
    """How calls to Govern are signed, as `[immuta] sign_in` says.

    Raises:
        ConfigError: neither a token nor an API key is set.
    """
    if config.token is not None:
        return StaticToken(config.token.get_secret_value(), cure=BEARER_CURE)
    if config.api_key is None:
        raise ConfigError(
            "no Immuta API key: set IMMUTA_API_KEY, or [immuta] api_key in muster.toml"
        )
    key, url = config.api_key.get_secret_value(), (config.govern_url or "").rstrip("/")
    if config.sign_in in ("raw", "bearer"):
        scheme = "Bearer" if config.sign_in == "bearer" else ""
        return StaticToken(key, scheme, cure=KEY_CURE)
    fetch = exchanged(http, url, key, or_raw=config.sign_in == "auto", sleep=sleep)
    return FetchedToken(fetch, KEY_CURE, HIDING)


def request_app(config: ImmutaConfig) -> httpx.Auth:
    """How calls to the Request app are signed.

    Raises:
        ConfigError: no token is set.
    """
    if config.request_token is None:
        raise ConfigError(
            "no token for Immuta's Request app: set IMMUTA_REQUEST_TOKEN or [immuta] request_token, "
            'or leave the app out with [immuta] skip = ["request"]'
        )
    return StaticToken(config.request_token.get_secret_value(), cure=REQUEST_CURE)


def exchanged(
    http: httpx.Client,
    govern_url: str,
    api_key: str,
    *,
    or_raw: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Callable[[], Token]:
    """Fetches a bearer token for an API key (`POST /bim/apikey/authenticate`).

    With `or_raw` the key itself is the token where the tenant has no such address, once it was tried.
    """
    url = f"{govern_url}/bim/apikey/authenticate"

    def fetch() -> Token:
        response = answer_of(http, url, KEY_CURE, sleep, json={"apikey": api_key})
        if or_raw and response.status_code in NO_SUCH_ADDRESS:
            _try(http, govern_url, api_key)
            return Token(api_key, scheme="")
        answer = read(response, url, KEY_CURE)
        left_s = seconds_left(answer.get("tokenExpiration"))
        if left_s is None:
            return Token(stated(answer, "token", url, KEY_CURE))
        # a clock that is ahead of the service's must not have every call sign in anew
        wait_s = max(left_s - RENEW_BEFORE_S, left_s / 2, 1.0)
        return Token(stated(answer, "token", url, KEY_CURE), time.monotonic() + wait_s)

    return fetch


def seconds_left(expiry: object) -> float | None:
    """Seconds until an expiry (ISO 8601, or epoch seconds or milliseconds), below 0 once it is over; None for any other."""
    if isinstance(expiry, bool):
        return None
    if isinstance(expiry, int | float):
        if not abs(expiry) < 1e300:
            return None
        return expiry / (1000 if expiry >= MILLISECONDS_FROM else 1) - time.time()
    if not isinstance(expiry, str):
        return None
    try:
        moment = datetime.fromisoformat(expiry)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp() - time.time()


def token_left_s(flow: httpx.Auth, answer: Mapping[str, Any]) -> float | None:
    """Seconds that a personal access token is still good for, as the app or the token says; None if neither does."""
    said = seconds_left(answer.get("expiration"))
    if said is None and isinstance(flow, StaticToken):
        said = seconds_left(flow.claims().get("exp"))
    return said


def _try(http: httpx.Client, govern_url: str, api_key: str) -> None:
    """Nothing, if the tenant takes the key as it is."""
    url = f"{govern_url}/bim/rpc/user/current"
    try:
        response = http.get(url, headers={"Authorization": api_key})
    except httpx.TransportError as error:
        raise UnreachableError(f"{url}: {type(error).__name__}: {error}; {KEY_CURE}") from error
    if response.status_code >= 400:
        raise SignInError(
            f"{url}: the tenant neither exchanges the API key nor takes it as it is "
            f"(HTTP {response.status_code}); {KEY_CURE}"
        )
