"""Clients: the sources of a run, and where each of their planes is and how to sign in to it."""

from collections.abc import Mapping

import httpx

from pipeline.collect import auth
from pipeline.collect.client import Client
from pipeline.collect.endpoint import Source
from pipeline.collect.entra import GRAPH_SCOPE, PURVIEW_SCOPE, SignIn
from pipeline.collect.pace import Pace
from pipeline.collect.store import PageStore
from pipeline.collect.transport import Plane
from pipeline.config import (
    PURVIEW_PLANES,
    Config,
    DirectoryConfig,
    ImmutaConfig,
    PurviewConfig,
)
from pipeline.errors import ConfigError
from pipeline.sources import directory, immuta, purview
from pipeline.sources.directory import feed

SOURCES = (purview.SOURCE, immuta.SOURCE, directory.SOURCE)


def build_clients(
    config: Config, planes: Mapping[str, Mapping[str, Plane]], store: PageStore
) -> dict[str, Client]:
    """One client per source; it signs in when it first sends."""
    pace = {
        "purview": Pace(config.purview.requests_per_second),
        "immuta": Pace(config.immuta.requests_per_second),
        "directory": Pace(config.directory.requests_per_second),
    }
    return {
        source.name: Client(
            source,
            planes[source.name],
            pace[source.name],
            store,
            timeout_s=config.collect.timeout_s,
        )
        for source in sources_of(config)
    }


def sources_of(config: Config) -> tuple[Source, ...]:
    """The sources of a run: a directory that is a file has an endpoint of its own."""
    if config.directory.feed is None:
        return SOURCES
    return tuple(feed.SOURCE if source is directory.SOURCE else source for source in SOURCES)


def planes_of(config: Config, sign_in: httpx.Client) -> dict[str, dict[str, Plane]]:
    """Address and sign-in of every plane that is not switched off, by source.

    Raises:
        ConfigError: an address or a credential is missing, or the directory's file is not as documented.
    """
    signed = SignIn(config.purview, sign_in)
    return {
        "purview": _purview_planes(config.purview, signed),
        "immuta": _immuta_planes(config.immuta, sign_in),
        "directory": _directory_planes(config.directory, signed),
    }


def skipped(config: Config) -> dict[str, frozenset[str]]:
    """The planes that are switched off, by source."""
    return {
        "purview": frozenset(config.purview.skip),
        "immuta": frozenset(config.immuta.skip),
        "directory": frozenset(config.directory.skip),
    }


def _purview_planes(config: PurviewConfig, signed: SignIn) -> dict[str, Plane]:
    planes = [plane for plane in PURVIEW_PLANES if plane not in config.skip]
    flow = signed.flow(PURVIEW_SCOPE) if planes else httpx.Auth()
    return {plane: Plane(config.base_url(plane), flow) for plane in planes}


def _directory_planes(config: DirectoryConfig, signed: SignIn) -> dict[str, Plane]:
    if config.feed:
        feed.read(config.feed)
        return {feed.PLANE: Plane(config.feed.absolute().as_uri(), httpx.Auth())}
    if not config.graph:
        return {}
    if config.token:
        flow: httpx.Auth = auth.StaticToken(config.token.get_secret_value())
    else:
        flow = signed.flow(GRAPH_SCOPE)
    return {"graph": Plane(config.url.rstrip("/"), flow)}


def _immuta_planes(config: ImmutaConfig, sign_in: httpx.Client) -> dict[str, Plane]:
    planes: dict[str, Plane] = {}
    if "govern" not in config.skip:
        if not config.govern_url:
            raise ConfigError(
                "no Immuta tenant: set IMMUTA_HOST, or [immuta] govern_url in muster.toml"
            )
        if config.api_key is None:
            raise ConfigError(
                "no Immuta API key: set IMMUTA_API_KEY, or [immuta] api_key in muster.toml"
            )
        url = config.govern_url.rstrip("/")
        fetch = auth.immuta_api_key(sign_in, url, config.api_key.get_secret_value())
        planes["govern"] = Plane(url, auth.FetchedToken(fetch))
    if "request" not in config.skip:
        if config.request_token is None:
            raise ConfigError(
                "no token for Immuta's Request app: set IMMUTA_REQUEST_TOKEN or [immuta] request_token, "
                'or leave the app out with [immuta] skip = ["request"]'
            )
        token = config.request_token.get_secret_value()
        planes["request"] = Plane(config.request_url.rstrip("/"), auth.StaticToken(token))
    return planes
