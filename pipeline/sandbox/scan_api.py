"""The scanning plane of Purview: data sources, scans, schedules and runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import clock, draws, platforms
from .answers import estate_of, json_answer, plane_error
from .estate import Estate
from .scans import Run, Scan, Source, Trigger
from .vocabulary import DOMAINS

Json = dict[str, Any]
CREATED = "2024-02-23T15:45:16.5674969Z"


def _reference(at: int) -> Json:
    domain = DOMAINS[at % len(DOMAINS)]
    return {
        "lastModifiedAt": CREATED,
        "referenceName": domain.collection,
        "type": "CollectionReference",
    }


def _source(at: int, source: Source) -> Json:
    host = platforms.host(source.platform, source.host_number)
    address: Json = {
        "files": {
            "endpoint": f"https://{host}/",
            "location": "westeurope",
            "resourceGroup": "data",
        },
        "powerbi": {"tenant": draws.guid(0, "tenant")},
        "synapse": {"dedicatedSqlEndpoint": host, "location": "westeurope"},
    }.get(source.platform.key, {"host": host})
    return {
        "creationType": "Manual",
        "id": f"datasources/{source.name}",
        "kind": source.platform.kind,
        "name": source.name,
        "properties": {
            "collection": _reference(at),
            "createdAt": CREATED,
            "dataSourceCollectionMovingState": (0, "0", "Active")[at % 3],
            "dataUseGovernance": "Disabled",
            "lastModifiedAt": CREATED,
            "parentCollection": None,
            **address,
        },
    }


def _list(rows: Sequence[Json]) -> Response:
    return json_answer({"count": len(rows), "nextLink": None, "value": rows})


async def data_sources(request: Request) -> Response:
    """Every registered data source."""
    return _list([_source(at, source) for at, source in enumerate(estate_of(request).sources)])


def _find(estate: Estate, request: Request) -> tuple[Source | None, Scan | None]:
    source = estate.source_by_name.get(request.path_params["source"])
    name = request.path_params.get("scan")
    scan = next((s for s in source.scans if s.name == name), None) if source else None
    return source, scan


def _scan(at: int, source: Source, scan: Scan) -> Json:
    return {
        "creationType": "Manual",
        "dataSourceName": source.name,
        "id": f"datasources/{source.name}/scans/{scan.name}",
        "kind": source.platform.scan_kind,
        "name": scan.name,
        "properties": {
            "collection": _reference(at),
            "connectedVia": None,
            "createdAt": CREATED,
            "lastModifiedAt": CREATED,
            "scanRulesetName": source.platform.kind,
            "scanRulesetType": "System",
        },
        "scanId": draws.guid(0, "scan", source.name, scan.name),
    }


async def scans(request: Request) -> Response:
    """Scans of one data source."""
    estate = estate_of(request)
    source, _ = _find(estate, request)
    if source is None:
        return plane_error(404, "DataSource_NotFound", "The data source does not exist.")
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


def _assets(run: Run) -> tuple[int, int]:
    failed = run.discovered // 10 if run.ingestion == "PartialSucceeded" else 0
    return run.discovered - failed, failed


def _run(source: Source, run: Run) -> Json:
    def stamp(when: datetime | None) -> str | None:
        return clock.iso_ticks(when) if when else None

    error = {"code": "ScanFailed", "message": "The credential was refused.", "details": None}
    found: Json = {
        "dataSourceType": source.platform.kind,
        "diagnostics": {"exceptionCountMap": {}, "notifications": []},
        "endTime": stamp(run.ended_at),
        "error": error if run.status == "Failed" else None,
        "errorMessage": error["message"] if run.status == "Failed" else None,
        "id": run.id,
        "ingestionJobId": run.id,
        "parentId": None,
        "resourceId": f"datasources/{source.name}",
        "runType": "Scheduled",
        "scanLevelType": run.level,
        "scanRulesetType": "System",
        "scanRulesetVersion": 5,
        "startTime": stamp(run.started_at),
        "status": run.status,
    }
    succeeded, failed = _assets(run)
    if run.discovery is not None:
        found["discoveryExecutionDetails"] = {
            "discoveryStartTime": stamp(run.started_at),
            "discoveryEndTime": stamp(run.ended_at),
            "isErrorLogAvailable": False,
            "statistics": {
                "assets": {"classified": succeeded // 3, "discovered": run.discovered, "failed": 0}
            },
            "status": run.discovery,
        }
    if run.ingestion is not None:
        found["ingestionExecutionDetails"] = {
            "ingestionStartTime": stamp(run.started_at),
            "ingestionEndTime": stamp(run.ended_at),
            "isErrorLogAvailable": False,
            "statistics": {
                "assets": {"failed": failed, "processing": 0, "succeeded": succeeded},
                "relationships": {"failed": 0, "processing": 0, "succeeded": succeeded},
            },
            "status": run.ingestion,
        }
    if run.discovery is None and run.ingestion is None:  # an answer in the older style
        found |= {"assetsClassified": succeeded // 3, "assetsDiscovered": run.discovered}
    return found


async def runs(request: Request) -> Response:
    """Run history of one scan, in one page however long it is."""
    source, scan = _find(estate_of(request), request)
    if source is None or scan is None:
        return plane_error(404, "Scan_NotFound", "The scan does not exist.")
    return _list([_run(source, run) for run in scan.runs])


_SCANS = "/scan/datasources/{source}/scans"
ROUTES = [
    Route("/scan/datasources", data_sources),
    Route(_SCANS, scans),
    Route(_SCANS + "/{scan}/triggers/default", trigger),
    Route(_SCANS + "/{scan}/runs", runs),
]
