"""The nightly run: collect, check, seal, judge, report. Each stage is a function of what the one before left on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import httpx

from pipeline import gate, log
from pipeline.collect import auth, runs
from pipeline.collect.client import Client, Plane
from pipeline.collect.pace import Pace
from pipeline.collect.reconcile import reconcile
from pipeline.collect.staging import Staging
from pipeline.collect.store import PageStore
from pipeline.collect.walk import Report, Walked, collect
from pipeline.config import PURVIEW_PLANES, Config, ImmutaConfig, PurviewConfig
from pipeline.errors import ConfigError, GateError, PageError
from pipeline.sources import immuta, purview
from pipeline.warehouse.home import Home
from pipeline.warehouse.seal import Facts, check_order, newest, seal

SOURCES = (purview.SOURCE, immuta.SOURCE)

NOTHING: Report = lambda _name, _done, _planned: None  # noqa: E731


@dataclass(frozen=True)
class Sealed:
    """A snapshot just sealed: what it is called, and what is missing from it."""

    snapshot_id: str
    complete: bool
    outcomes: list[Walked]
    checks: int


def collect_and_seal(
    config: Config,
    home: Home,
    *,
    estate: str,
    config_sha256: str,
    as_of: datetime | None,
    report: Report = NOTHING,
) -> Sealed:
    """Reads both systems and seals what they said; the caller holds the lock.

    Raises:
        SignInError, UnreachableError: nothing is sealed; the next run goes on from here.
        GateError: the data is broken: nothing is sealed, the pages stay for inspection.
    """
    with httpx.Client(timeout=config.collect.timeout_s) as sign_in:
        # what is wrong with the configuration must show before anything is written
        planes = planes_of(config, sign_in)
        last = newest(home)
        check_order(as_of or datetime.now(UTC), last)
        run, goes_on = runs.begin(
            home.raw,
            as_of,
            estate,
            config_sha256,
            newest=last.as_of if last else None,
            sealed=last.run_id if last else None,
        )
        store = PageStore(home.raw, run.run_id)
        if goes_on:
            log.say("going on with an unfinished run", run=run.run_id, kept=store.replayable)
        number = last.number + 1 if last else 1
        gate.prepare()
        staging = Staging(home.raw / run.run_id / "staging.duckdb", store, number)
        try:
            outcomes, complete = _collect(config, planes, store, staging, report)
            checked = gate.check(staging.path)
        except (GateError, PageError):
            # the same pages would fail again: the next run collects anew, these stay for inspection
            run.state = "rejected"
            run.save(home.raw)
            raise
    facts = Facts(
        run.run_id,
        run.as_of,
        run.started_at,
        estate,
        complete,
        [f"{name}.{plane}" for name, skip in _skipped(config).items() for plane in sorted(skip)],
        version("passmuster"),
        config_sha256,
        checked.ran,
    )
    snapshot_id = seal(home, staging.path, number, facts)
    log.say("sealed", snapshot=snapshot_id, complete=complete, checks=checked.ran)
    run.state = "sealed"
    run.save(home.raw)
    staging.path.unlink()
    return Sealed(snapshot_id, complete, outcomes, checked.ran)


def _collect(
    config: Config,
    planes: Mapping[str, Mapping[str, Plane]],
    store: PageStore,
    staging: Staging,
    report: Report,
) -> tuple[list[Walked], bool]:
    """What came of every endpoint, and whether nothing is missing; everything is closed afterwards."""
    clients = build_clients(config, planes, store)
    try:
        outcomes = collect(
            clients,
            staging,
            workers=config.collect.workers,
            skip=_skipped(config),
            report=report,
        )
        complete = reconcile(staging, outcomes)
        for client in clients.values():
            staging.record_exchanges(client.source, store.run_id)
    finally:
        for client in clients.values():
            client.close()
        store.close()
        staging.close()
    return outcomes, complete


def build_clients(
    config: Config, planes: Mapping[str, Mapping[str, Plane]], store: PageStore
) -> dict[str, Client]:
    """One client per source; it signs in when it first sends."""
    pace = {
        "purview": Pace(config.purview.requests_per_second),
        "immuta": Pace(config.immuta.requests_per_second),
    }
    return {
        source.name: Client(
            source,
            planes[source.name],
            pace[source.name],
            store,
            timeout_s=config.collect.timeout_s,
        )
        for source in SOURCES
    }


def planes_of(config: Config, sign_in: httpx.Client) -> dict[str, dict[str, Plane]]:
    """Address and sign-in of every plane that is not switched off, by source.

    Raises:
        ConfigError: an address or a credential is missing.
    """
    return {
        "purview": _purview_planes(config.purview, sign_in),
        "immuta": _immuta_planes(config.immuta, sign_in),
    }


def _skipped(config: Config) -> dict[str, frozenset[str]]:
    return {
        "purview": frozenset(config.purview.skip),
        "immuta": frozenset(config.immuta.skip),
    }


def _purview_planes(config: PurviewConfig, sign_in: httpx.Client) -> dict[str, Plane]:
    flow: httpx.Auth
    if config.token:
        flow = auth.StaticToken(config.token.get_secret_value())
    elif config.client_secret and config.tenant_id and config.client_id:
        secret = config.client_secret.get_secret_value()
        flow = auth.FetchedToken(
            auth.entra_client_secret(
                sign_in, config.authority, config.tenant_id, config.client_id, secret
            )
        )
    else:
        flow = auth.FetchedToken(auth.azure_default())
    planes = [plane for plane in PURVIEW_PLANES if plane not in config.skip]
    return {plane: Plane(config.base_url(plane), flow) for plane in planes}


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
