"""The scanning plane of Purview: data sources, scans, schedules and runs."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.sandbox import draws, platforms
from pipeline.sandbox.answers import (
    estate_of,
    forbidden,
    is_shown,
    json_answer,
    plane_error,
)
from pipeline.sandbox.estate import Estate, tenant_id
from pipeline.sandbox.purview import access_policies, next_links
from pipeline.sandbox.purview.scanning import run_rows, settings_api
from pipeline.sandbox.purview.scanning.scans import Scan, Source, Trigger
from pipeline.sandbox.vocabulary import DOMAINS

Json = dict[str, Any]
CREATED = "2024-02-23T15:45:16.5674969Z"
RUN_PAGE = 50
PAGED_FROM = "Databricks"
"""Runs of sources with such names come in pages; all others in one answer, however many there are."""
GOVERNANCE = ("Disabled", "Enabled", "DisabledByAnotherAccount", "EnabledAtAncestorScope")


def _reference(at: int) -> Json:
    domain = DOMAINS[at % len(DOMAINS)]
    return {
        "lastModifiedAt": CREATED,
        "referenceName": domain.collection,
        "type": "CollectionReference",
    }


def _address(seed: int, at: int, source: Source) -> Json:
    """Where a source is, in the words of its kind."""
    platform = source.platform
    host = platforms.host(platform, source.host_number)
    if platform.is_report:
        return {"tenant": tenant_id(seed)}
    if platform not in (platforms.FILES, platforms.SYNAPSE):
        return {"host": host}
    azure: Json = {
        "dataUseGovernance": GOVERNANCE[at % len(GOVERNANCE)],
        "location": "westeurope",
        "resourceGroup": "data",
        "resourceId": access_policies.resource_path(seed, platform, source.host_number)[:-3],
        "resourceName": host.partition(".")[0],
        "subscriptionId": tenant_id(seed),
    }
    if platform.is_file:
        return {**azure, "endpoint": f"https://{host}/"}
    serverless = host.replace(".sql.", "-ondemand.sql.")
    return {**azure, "dedicatedSqlEndpoint": host, "serverlessSqlEndpoint": serverless}


def _source(seed: int, at: int, source: Source) -> Json:
    return {
        "creationType": "Manual",
        "id": f"datasources/{source.name}",
        "kind": source.platform.kind,
        "name": source.name,
        "properties": {
            "collection": _reference(at),
            "createdAt": CREATED,
            "dataSourceCollectionMovingState": "Moving" if at == 11 else (0, "0", "Active")[at % 3],
            "lastModifiedAt": CREATED,
            "parentCollection": None,
            **_address(seed, at, source),
        },
    }


def _list(rows: Sequence[Json]) -> Response:
    return json_answer({"count": len(rows), "nextLink": None, "value": rows})


async def data_sources(request: Request) -> Response:
    """Every registered data source that the caller may see."""
    estate = estate_of(request)
    rows = (_source(estate.seed, at, one) for at, one in enumerate(estate.sources))
    return _list([row for row in rows if is_shown(request, _collection_of(row))])


async def data_source(request: Request) -> Response:
    """One registered data source."""
    estate = estate_of(request)
    source, _ = _find(estate, request)
    if source is None:
        return _no_source()
    row = _source(estate.seed, estate.sources.index(source), source)
    return json_answer(row) if is_shown(request, _collection_of(row)) else forbidden()


def _collection_of(row: Json) -> str:
    name: str = row["properties"]["collection"]["referenceName"]
    return name


def _no_source() -> Response:
    return plane_error(404, "DataSource_NotFound", "The data source does not exist.")


def _find(estate: Estate, request: Request) -> tuple[Source | None, Scan | None]:
    source = estate.source_by_name.get(request.path_params["source"])
    name = request.path_params.get("scan")
    scan = next((s for s in source.scans if s.name == name), None) if source else None
    return source, scan


def _scan(at: int, source: Source, scan: Scan) -> Json:
    ruleset, of = settings_api.ruleset_of(source, scan)
    credential = settings_api.credential_of(source)
    found: Json = {
        "creationType": "Manual",
        "dataSourceName": source.name,
        "id": f"datasources/{source.name}/scans/{scan.name}",
        "kind": source.platform.scan_kind,
        "name": scan.name,
        "properties": {
            "collection": _reference(at),
            "connectedVia": settings_api.runtime_of(source),
            "createdAt": CREATED,
            "lastModifiedAt": CREATED,
            "scanRulesetName": ruleset,
            "scanRulesetType": of,
        },
        "scanId": draws.guid(0, "scan", source.name, scan.name),
    }
    if credential is not None:
        found["properties"]["credential"] = credential
    return found


async def scans(request: Request) -> Response:
    """Scans of one data source."""
    estate = estate_of(request)
    source, _ = _find(estate, request)
    if source is None:
        return _no_source()
    at = estate.sources.index(source)
    return _list([_scan(at, source, scan) for scan in source.scans])


def _trigger(source: Source, scan: Scan, trigger: Trigger) -> Json:
    properties: Json = {
        "createdAt": CREATED,
        "lastModifiedAt": CREATED,
        "lastScheduled": None,
        "recurrence": {
            "endTime": trigger.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ") if trigger.ends_at else None,
            "frequency": trigger.every,
            "interval": 1,
            "schedule": {"hours": [20], "minutes": [0], "monthDays": None, "weekDays": None},
            "startTime": "2024-02-27T20:25:00Z",
            "timezone": "UTC",
        },
        "recurrenceInterval": None,
        "scanLevel": "Incremental",
    }
    if trigger.state is not None:
        properties["state"] = trigger.state
    return {
        "id": f"datasources/{source.name}/scans/{scan.name}/triggers/default",
        "name": "default",
        "properties": properties,
    }


async def trigger(request: Request) -> Response:
    """Schedule of one scan; 404 where it has none."""
    source, scan = _find(estate_of(request), request)
    if source is None or scan is None or scan.trigger is None:
        return plane_error(404, "Trigger_NotFound", "The trigger does not exist.")
    return json_answer(_trigger(source, scan, scan.trigger))


async def scan_filter(request: Request) -> Response:
    """What one scan reads and leaves out; 404 where nobody has narrowed it."""
    source, scan = _find(estate_of(request), request)
    found = settings_api.filter_of(source, scan) if source and scan else None
    if found is None:
        return plane_error(404, "Filter_NotFound", "The filter does not exist.")
    return json_answer(found)


async def runs(request: Request) -> Response:
    """Run history of one scan: in one page however long it is, or in pages where the source is one of those."""
    source, scan = _find(estate_of(request), request)
    if source is None or scan is None:
        return plane_error(404, "Scan_NotFound", "The scan does not exist.")
    rows = [run_rows.row(source, scan, run) for run in scan.runs]
    if source.name.startswith(PAGED_FROM):
        return json_answer({"count": len(rows), **next_links.page(request, rows, RUN_PAGE)})
    return _list(rows)


_SCANS = "/scan/datasources/{source}/scans"
ROUTES = [
    Route("/scan/datasources", data_sources),
    Route(_SCANS, scans),
    Route(_SCANS + "/{scan}/triggers/default", trigger),
    Route(_SCANS + "/{scan}/filters/custom", scan_filter),
    Route(_SCANS + "/{scan}/runs", runs),
    *settings_api.ROUTES,
]
