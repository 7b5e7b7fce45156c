"""Signing in to Microsoft Entra ID: every way that `[purview] sign_in` names, for any resource of the tenant.

A static token and the client secret are ours; the rest is azure-identity, which finds certificates,
managed identities and the Azure CLI.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from pipeline.collect.auth import (
    RENEW_BEFORE_S,
    FetchedToken,
    StaticToken,
    Token,
    entra_client_secret,
)
from pipeline.config import PurviewConfig
from pipeline.errors import ConfigError, SignInError, UnreachableError

PURVIEW_SCOPE = "https://purview.azure.net/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"

_VARIABLES = {
    "tenant_id": "AZURE_TENANT_ID",
    "client_id": "AZURE_CLIENT_ID",
    "client_secret": "AZURE_CLIENT_SECRET",
    "certificate_path": "AZURE_CLIENT_CERTIFICATE_PATH",
    "token": "MUSTER_PURVIEW_TOKEN",
}
"""The environment variable that sets each key of [purview]."""

_NEEDS = {
    "token": ("token",),
    "secret": ("tenant_id", "client_id", "client_secret"),
    "certificate": ("tenant_id", "client_id", "certificate_path"),
}
"""What a way of signing in cannot do without; the others find what they need around them."""

_CURES = {
    "certificate": "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH (and "
    "AZURE_CLIENT_CERTIFICATE_PASSWORD): the application must know the certificate",
    "managed_identity": "this machine must have a managed identity; [purview] client_id chooses one of several",
    "cli": "run `az login`, and `az login --tenant <tenant>` if there are several",
    "default": "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, run `az login`, or set [purview] token",
}


class Credential(Protocol):
    """What azure-identity's credentials have in common."""

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """A token with `token` and `expires_on` (epoch seconds)."""

    def close(self) -> None:
        """Closes its connections."""


@dataclass(frozen=True)
class SignIn:
    """The sign-in of one configuration: a flow for each resource, all of the same identity."""

    config: PurviewConfig
    http: httpx.Client

    def flow(self, scope: str) -> httpx.Auth:
        """Signs requests to the resource that `scope` names; nothing is sent before the first request.

        Raises:
            ConfigError: the way of signing in lacks something, or a token of [purview] is for Purview alone.
        """
        config, way = self.config, chosen(self.config)
        _check(config, way)
        if way == "token" and config.token:
            if scope != PURVIEW_SCOPE:
                raise ConfigError(
                    "[directory] graph: the token of [purview] opens Purview only: "
                    "set [directory] token (MUSTER_DIRECTORY_TOKEN) too, or another sign_in"
                )
            return StaticToken(config.token.get_secret_value())
        if way == "secret" and config.tenant_id and config.client_id and config.client_secret:
            secret = config.client_secret.get_secret_value()
            fetch = entra_client_secret(
                self.http, config.authority, config.tenant_id, config.client_id, secret, scope
            )
            return FetchedToken(fetch)
        return FetchedToken(azure_identity(lambda: _credential(config, way), scope, _CURES[way]))


def chosen(config: PurviewConfig) -> str:
    """The way of signing in: the one named, else by what is set, else azure-identity's default chain."""
    if config.sign_in != "auto":
        return config.sign_in
    for way, keys in _NEEDS.items():
        if not list(_lacking(config, keys)):
            return way
    return "default"


def azure_identity(build: Callable[[], Credential], scope: str, cure: str) -> Callable[[], Token]:
    """Fetches a token with a credential of azure-identity.

    The credential is made anew each time: an old one hands out the token it keeps, even one that was refused.
    """

    def fetch() -> Token:
        from azure.core.exceptions import ServiceRequestError, ServiceResponseError

        try:
            with closing(build()) as credential:
                token = credential.get_token(scope)
        except (ServiceRequestError, ServiceResponseError) as error:
            raise UnreachableError(
                f"Entra ID cannot be reached ({_first_line(error)}); try again later"
            ) from error
        except Exception as error:  # credentials also raise ValueError, OSError and their own kinds
            raise SignInError(
                f"no Azure identity could sign in: {_first_line(error)}; {cure}"
            ) from error
        left_s = float(token.expires_on) - time.time()
        return Token(token.token, time.monotonic() + max(left_s - RENEW_BEFORE_S, left_s / 2))

    return fetch


def _credential(config: PurviewConfig, way: str) -> Credential:
    from azure import identity

    authority = config.authority
    if way == "certificate":
        password = config.certificate_password
        return identity.CertificateCredential(
            config.tenant_id or "",
            config.client_id or "",
            config.certificate_path,
            password=password.get_secret_value() if password else None,
            authority=authority,
        )
    if way == "managed_identity":
        return identity.ManagedIdentityCredential(client_id=config.client_id)
    if way == "cli":
        return identity.AzureCliCredential(tenant_id=config.tenant_id or "")
    return identity.DefaultAzureCredential(
        authority=authority, managed_identity_client_id=config.client_id
    )


def _check(config: PurviewConfig, way: str) -> None:
    missing = list(_lacking(config, _NEEDS.get(way, ())))
    if missing:
        names = ", ".join(f"{key} ({_VARIABLES[key]})" for key in missing)
        raise ConfigError(f"[purview] sign_in = {way!r} needs {names}")


def _lacking(config: PurviewConfig, keys: tuple[str, ...]) -> Iterator[str]:
    return (key for key in keys if not getattr(config, key))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
