"""Signing in to Entra ID: which way is taken, what each way is given, and what is said when it fails."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import azure.identity
import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from pipeline.collect import entra
from pipeline.collect.auth import FetchedToken, StaticToken
from pipeline.collect.entra import GRAPH_SCOPE, PURVIEW_SCOPE, SignIn
from pipeline.config import Config, PurviewConfig
from pipeline.errors import ConfigError, SignInError, UnreachableError
from pipeline.sandbox import clock, server, signin
from pipeline.sandbox.estate import tenant_id

SECRET = "synthetic-client-secret"
CERTIFICATE = {"tenant_id": "t", "client_id": "c", "certificate_path": "cert.pem"}
KINDS = (
    "CertificateCredential",
    "ManagedIdentityCredential",
    "AzureCliCredential",
    "DefaultAzureCredential",
)


class Made(NamedTuple):
    """A credential that was made: of which kind, and with what."""

    kind: str
    given: tuple[Any, ...]
    named: dict[str, Any]


class Identity:
    """Stands in for azure-identity: notes what is made and asked for, and brings numbered tokens, or `failure`."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.scopes: list[str] = []
        self.closed = 0
        self.failure: Exception | None = None

    def credential(self, kind: str) -> Callable[..., Any]:
        outer = self

        class Fake:
            def __init__(self, *given: Any, **named: Any) -> None:
                outer.made.append(Made(kind, given, named))

            def get_token(self, scope: str) -> AccessToken:
                outer.scopes.append(scope)
                if outer.failure is not None:
                    raise outer.failure
                return AccessToken(f"t{len(outer.scopes)}", int(time.time()) + 3600)

            def close(self) -> None:
                outer.closed += 1

        return Fake


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Identity:
    """azure-identity without a network."""
    found = Identity()
    for kind in KINDS:
        monkeypatch.setattr(azure.identity, kind, found.credential(kind))
    return found


def signed(flow: httpx.Auth, *statuses: int) -> list[str]:
    """The Authorization headers sent while the server answers with these statuses."""
    steps = flow.auth_flow(httpx.Request("GET", "https://purview.example/"))
    sent = [next(steps).headers["Authorization"]]
    for status in statuses:
        try:
            sent.append(steps.send(httpx.Response(status)).headers["Authorization"])
        except StopIteration:
            break
    return sent


def flow(scope: str = PURVIEW_SCOPE, **settings: Any) -> httpx.Auth:
    """The flow of a [purview] section for a scope."""
    return SignIn(PurviewConfig(**settings), httpx.Client()).flow(scope)


@pytest.mark.parametrize(
    ("settings", "way"),
    [
        ({}, "default"),
        ({"tenant_id": "t", "client_id": "c"}, "default"),
        ({"tenant_id": "t", "client_id": "c", "client_secret": "s"}, "secret"),
        (CERTIFICATE, "certificate"),
        (CERTIFICATE | {"client_secret": "s"}, "secret"),
        (CERTIFICATE | {"client_secret": "s", "token": "x"}, "token"),
        ({"token": "x", "sign_in": "cli"}, "cli"),
        ({"sign_in": "managed_identity"}, "managed_identity"),
    ],
)
def test_what_is_set_says_how_to_sign_in(settings: dict[str, str], way: str) -> None:
    """A way that is named wins; else a token, a secret, a certificate, and what azure-identity finds."""
    assert entra.chosen(PurviewConfig(**settings)) == way


@pytest.mark.parametrize(
    ("way", "missing"),
    [
        ("token", "token (MUSTER_PURVIEW_TOKEN)"),
        ("secret", "client_id (AZURE_CLIENT_ID), client_secret (AZURE_CLIENT_SECRET)"),
        ("certificate", "client_id (AZURE_CLIENT_ID), certificate_path (AZURE_CLIENT_CERTIFICATE"),
    ],
)
def test_a_way_that_lacks_something_says_what(way: str, missing: str) -> None:
    """The keys and the variables that set them are named before anything is sent."""
    with pytest.raises(ConfigError) as refused:
        flow(sign_in=way, tenant_id="t")
    assert f"sign_in = '{way}' needs {missing}" in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        (
            CERTIFICATE | {"certificate_password": "p", "authority": "https://login.example"},
            Made(
                "CertificateCredential",
                ("t", "c", "cert.pem"),
                {"password": "p", "authority": "https://login.example"},
            ),
        ),
        (
            {"sign_in": "managed_identity"},
            Made("ManagedIdentityCredential", (), {"client_id": None}),
        ),
        (
            {"sign_in": "managed_identity", "client_id": "user-assigned"},
            Made("ManagedIdentityCredential", (), {"client_id": "user-assigned"}),
        ),
        (
            {"sign_in": "cli", "tenant_id": "t"},
            Made("AzureCliCredential", (), {"tenant_id": "t"}),
        ),
        (
            {"client_id": "c"},
            Made(
                "DefaultAzureCredential",
                (),
                {
                    "authority": "https://login.microsoftonline.com",
                    "managed_identity_client_id": "c",
                },
            ),
        ),
    ],
)
def test_each_way_makes_its_credential(
    identity: Identity, settings: dict[str, str], made: Made
) -> None:
    """Nothing is made before the first request; then the credential gets what is set, and is closed."""
    found = flow(**settings)
    assert identity.made == []
    assert signed(found) == ["Bearer t1"]
    assert identity.made == [made]
    assert (identity.scopes, identity.closed) == ([PURVIEW_SCOPE], 1)


def test_a_refused_token_is_fetched_with_a_new_credential(identity: Identity) -> None:
    """An old credential would hand out the token it keeps: it is asked once for many requests, and anew on a 401."""
    found = flow()
    assert signed(found) + signed(found) == ["Bearer t1", "Bearer t1"]
    assert signed(found, 401, 401) == ["Bearer t1", "Bearer t2"]
    assert len(identity.made) == 2


def test_each_resource_has_a_token_of_its_own(identity: Identity) -> None:
    """Microsoft Graph is asked for with its own scope, by the same identity."""
    one = SignIn(PurviewConfig(), httpx.Client())
    assert signed(one.flow(PURVIEW_SCOPE)) + signed(one.flow(GRAPH_SCOPE)) == [
        "Bearer t1",
        "Bearer t2",
    ]
    assert identity.scopes == [PURVIEW_SCOPE, GRAPH_SCOPE]


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        ({"sign_in": "cli"}, "az login"),
        (CERTIFICATE, "AZURE_CLIENT_CERTIFICATE_PATH"),
        ({"sign_in": "managed_identity"}, "managed identity"),
        ({}, "[purview] token"),
    ],
)
@pytest.mark.parametrize(
    "failure", [ClientAuthenticationError("not you\nin detail"), ValueError("not you")]
)
def test_a_refusal_says_the_cure(
    identity: Identity, settings: dict[str, str], cure: str, failure: Exception
) -> None:
    """The first line of the reason, and what to do about this way of signing in."""
    identity.failure = failure
    with pytest.raises(SignInError) as refused:
        signed(flow(**settings))
    assert "no Azure identity could sign in: not you; " in str(refused.value)
    assert cure in str(refused.value)
    assert identity.closed == 1


def test_a_service_that_is_not_there_is_no_refusal(identity: Identity) -> None:
    """The run can go on later."""
    identity.failure = ServiceRequestError("no route")
    with pytest.raises(UnreachableError, match="no route"):
        signed(flow())


def test_a_token_for_purview_does_not_open_graph() -> None:
    """A token is for one resource: the second one needs its own, or a way to sign in."""
    assert isinstance(flow(token="abc"), StaticToken)
    with pytest.raises(ConfigError, match="MUSTER_DIRECTORY_TOKEN"):
        flow(GRAPH_SCOPE, token="abc")


def test_the_sandbox_signs_in_by_secret_for_both_resources() -> None:
    """The client-credentials grant over a socket: a token for Purview does not open Graph, nor the other way."""
    with server.running(assets=60, as_of=clock.parse_as_of("2026-11-21")) as url:
        config = Config(
            purview={
                "authority": url,
                "tenant_id": tenant_id(1),
                "client_id": signin.CLIENT_ID,
                "client_secret": signin.CLIENT_SECRET,
            }
        )
        reads = {
            PURVIEW_SCOPE: "/account/collections?api-version=2019-11-01-preview",
            GRAPH_SCOPE: "/v1.0/users?$top=1",
        }
        with httpx.Client(base_url=url, timeout=30) as http:
            one = SignIn(config.purview, http)
            flows = {scope: one.flow(scope) for scope in reads}
            answers = {
                (scope, path): http.get(path, auth=found).status_code
                for scope, found in flows.items()
                for path in reads.values()
            }
    assert answers == {
        (scope, path): 200 if reads[scope] == path else 401
        for scope in reads
        for path in reads.values()
    }
    assert all(isinstance(found, FetchedToken) for found in flows.values())
