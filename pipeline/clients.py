"""Clients: the sources of a run, and where each of their planes is and how to sign in to it."""

from collections.abc import Mapping

import httpx

from pipeline.collect import auth
from pipeline.collect import immuta as immuta_sign_in
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
from pipeline.sources.immuta import activity, activity_feed
from pipeline.sources.purview import audit

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
    """The sources of a run: a directory that is a file has an endpoint of its own, and so have files of activity."""
    people = directory.SOURCE if config.directory.feed is None else feed.SOURCE
    return (
        audit.source(purview.SOURCE, config.purview),
        activity.source(immuta.SOURCE, config.immuta),
        people,
    )


def keep_files(config: Config, store: PageStore) -> None:
    """Puts the files that stand in for a service among the pages of the run.

    Raises:
        ConfigError: one is not as documented.
    """
    if config.directory.feed:
        feed.keep(config.directory.feed, store)
    if config.immuta.audit_feed and "activity" not in config.immuta.left_out:
        activity_feed.keep(config.immuta.audit_feed, store)


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
        "purview": config.purview.left_out,
        "immuta": config.immuta.left_out,
        "directory": frozenset(config.directory.skip),
    }


def _purview_planes(config: PurviewConfig, signed: SignIn) -> dict[str, Plane]:
    planes = [plane for plane in PURVIEW_PLANES if plane not in config.left_out]
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
    off = config.left_out
    fed = "activity" not in off and config.audit_feed is not None
    if "govern" not in off:
        if not config.govern_url:
            raise ConfigError(
                "no Immuta tenant: set IMMUTA_HOST, or [immuta] govern_url in muster.toml"
            )
        govern = Plane(config.govern_url.rstrip("/"), immuta_sign_in.govern(config, sign_in))
        planes |= {name: govern for name in ("govern", "activity") if name not in off}
    if fed and config.audit_feed:
        activity_feed.files(config.audit_feed)
        planes["activity"] = Plane(config.audit_feed.absolute().as_uri(), httpx.Auth())
    if "request" not in off:
        planes["request"] = Plane(config.request_base, immuta_sign_in.request_app(config))
    return planes
