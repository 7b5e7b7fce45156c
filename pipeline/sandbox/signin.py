"""Signing in to both products, and the check of every call's credentials."""

import base64
import hashlib
import hmac
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox.answers import (
    atlas_error,
    govern_error,
    graph_error,
    json_answer,
    market_error,
    plane_error,
)
from pipeline.sandbox.clock import iso_millis

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 (public: it opens the sandbox only)
IMMUTA_KEY = "sandbox-immuta-key"
NARROW_KEY = "sandbox-immuta-narrow-key"
"""Key of an identity without permissions in Govern: lists are trimmed for it without a word."""
REQUEST_TOKEN = "sandbox-request-token"  # noqa: S105
NARROW_TOKEN = "sandbox-request-narrow-token"  # noqa: S105
IMMUTA_KEYS = (IMMUTA_KEY, NARROW_KEY)
PURVIEW_TOKEN = "sandbox-purview-token"  # noqa: S105 (stands in for a token of Entra ID)
NARROW_PURVIEW_TOKEN = "sandbox-purview-narrow-token"  # noqa: S105
"""Token of an identity with roles on one business domain's collections alone: Purview's lists are trimmed to these."""
PURVIEW_TOKENS = (PURVIEW_TOKEN, NARROW_PURVIEW_TOKEN)
GRAPH_TOKEN = "sandbox-graph-token"  # noqa: S105
OBJECT_ID = "c011ec70-0000-4000-a000-000000000001"
"""Entra object id of the identity that CLIENT_ID and PURVIEW_TOKEN sign in."""
AUDIENCE = "https://purview.azure.net"
RESOURCE_ID = "73c2949e-da2d-457a-9607-fcc665198967"
"""Application id of Purview: a token can be asked for by it as well (Azure/Purview-Samples)."""
GRAPH_AUDIENCE = "https://graph.microsoft.com"
GRANTED: dict[str, list[str]] = {AUDIENCE: [], GRAPH_AUDIENCE: ["Directory.Read.All"]}
"""Application permissions of the identity: Purview has roles of its own instead."""
PLANE_PATHS = (
    "/account", "/scan/", "/policyStore/", "/policystore/", "/workflow/", "/datagovernance/"
)  # fmt: skip
"""Where Purview's planes are that answer errors in the same shape, and demand a version."""
GRAPH_PATH = "/v1.0/"
_KEY = b"sandbox"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and checks expiring bearer tokens; they hold their own expiry, nothing is stored."""

    lifetime_s: int = 3599

    def issue(self, audience: str, **said: object) -> str:
        """A fresh token: a JSON Web Token with these claims (RFC 7519)."""
        times = {"aud": audience, "iat": int(time.time()), "exp": self.expiry()}
        body = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(times | said)}"
        return f"{body}.{_signature(body)}"

    def expiry(self) -> int:
        """When a token that is issued now expires, as seconds since 1970: never sooner than it is said to."""
        return math.ceil(time.time()) + self.lifetime_s

    def accepts(self, token: str, audience: str) -> bool:
        """Whether the token is ours, is for that audience and has not expired."""
        found = claims(token)
        return found.get("aud") == audience and found["exp"] > time.time()


def claims(token: str) -> dict[str, Any]:
    """What a token of ours says of its holder; nothing where it is not ours."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(body).encode()):
        return {}
    text = body.partition(".")[2]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _signature(body: str) -> str:
    digest = hmac.new(_KEY, body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _refused(code: str, number: int, message: str, status: int = 401) -> Response:
    description = f"AADSTS{number}: {message}"
    body = {"error": code, "error_codes": [number], "error_description": description}
    return json_answer(body, status)


async def _form(request: Request) -> dict[str, str]:
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text).items()}


async def entra_token(request: Request) -> Response:
    """Token for Purview or Microsoft Graph by the client-credentials grant, in the v1 or the v2 form."""
    form, newer = await _form(request), "/v2.0/" in request.url.path
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", 70003, "The grant type is not supported.", 400)
    wanted = form.get("scope" if newer else "resource", "")
    named = wanted.removesuffix("/.default") if newer else wanted
    resource = AUDIENCE if named == RESOURCE_ID else named
    if resource not in (AUDIENCE, GRAPH_AUDIENCE) or newer == (named == wanted):
        return _refused("invalid_scope", 70011, f"The scope {wanted!r} is not valid.", 400)
    if form.get("client_id") != CLIENT_ID:
        return _refused("unauthorized_client", 700016, "The application was not found.", 400)
    if form.get("client_secret") != CLIENT_SECRET:
        return _refused("invalid_client", 7000215, "Invalid client secret provided.")
    tokens: Tokens = request.app.state.tokens
    token = tokens.issue(resource, oid=OBJECT_ID, appid=CLIENT_ID, roles=GRANTED[resource])
    if newer:
        return json_answer(
            {
                "access_token": token,
                "expires_in": tokens.lifetime_s,
                "ext_expires_in": tokens.lifetime_s,
                "token_type": "Bearer",
            }
        )
    return json_answer(
        {
            "access_token": token,
            "expires_in": str(tokens.lifetime_s),
            "expires_on": str(tokens.expiry()),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


async def immuta_token(request: Request) -> Response:
    """Token for Govern in exchange for an API key, given in the body or in the header."""
    raw = await request.body()
    key: object = request.headers.get("authorization", "").removeprefix("Bearer ")
    if raw:
        try:
            key = msgspec.json.decode(raw).get("apikey")
        except (msgspec.DecodeError, AttributeError):
            key = (await _form(request)).get("apikey")
    if key not in IMMUTA_KEYS:
        return govern_error(401, "Unauthorized", "Invalid API key.")
    tokens: Tokens = request.app.state.tokens
    expires = datetime.fromtimestamp(tokens.expiry(), UTC)
    token = tokens.issue("immuta", narrow=key == NARROW_KEY)
    return json_answer(
        {"authenticated": True, "token": token, "tokenExpiration": iso_millis(expires)}
    )


def is_narrow(authorization: str) -> bool:
    """Whether a header that `refusal` let pass is of an identity that is shown a part of what there is."""
    key = authorization.rpartition(" ")[2]
    return key in (NARROW_KEY, NARROW_TOKEN, NARROW_PURVIEW_TOKEN) or bool(
        claims(key).get("narrow")
    )


def refusal(tokens: Tokens, path: str, authorization: str) -> Response | None:
    """Answer to a call without valid credentials for its plane; None where they are in order."""
    scheme, _, token = authorization.partition(" ")
    bearer = token if scheme.lower() == "bearer" else ""
    if path.startswith(("/datamap/", "/catalog/")):
        if bearer in PURVIEW_TOKENS or tokens.accepts(bearer, AUDIENCE):
            return None
        return atlas_error(401, "Unauthorized", "The access token is missing or invalid.")
    if path.startswith(PLANE_PATHS):
        if bearer in PURVIEW_TOKENS or tokens.accepts(bearer, AUDIENCE):
            return None
        return plane_error(401, "Unauthorized", "The access token is missing or invalid.")
    if path.startswith(GRAPH_PATH):
        if bearer == GRAPH_TOKEN or tokens.accepts(bearer, GRAPH_AUDIENCE):
            return None
        return graph_error(401, "InvalidAuthenticationToken", "Access token is empty or invalid.")
    if path.startswith("/marketplace/"):
        if bearer in (REQUEST_TOKEN, NARROW_TOKEN) or tokens.accepts(bearer, "request"):
            return None
        return market_error(401, "Unauthorized", "Unauthorized")
    key = bearer or authorization
    if key in IMMUTA_KEYS or tokens.accepts(key, "immuta"):
        return None
    if path == "/tag":
        # a flaw of the product: it looks at the tags before it looks at who asks
        return govern_error(500, "Internal Server Error", "An internal server error occurred")
    return govern_error(401, "Unauthorized", "A valid Authorization token must be provided.")


ROUTES = [
    Route("/{tenant}/oauth2/v2.0/token", entra_token, methods=["POST"]),
    Route("/{tenant}/oauth2/token", entra_token, methods=["POST"]),
    Route("/bim/apikey/authenticate", immuta_token, methods=["POST"]),
]
