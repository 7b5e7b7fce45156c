"""Scan runs as the scanning plane of Purview answers them, in the present and in the older style."""

from datetime import datetime
from typing import Any

from pipeline.sandbox import clock, draws
from pipeline.sandbox.purview.scanning.scans import Run, Scan, Source

Json = dict[str, Any]
RULESET_VERSION = 5
REFUSED = {"code": "ScanFailed", "message": "The credential was refused."}


def _stamp(when: datetime | None) -> str | None:
    return clock.iso_ticks(when) if when else None


def _not_ingested(run: Run) -> int:
    return run.discovered // 10 if run.ingestion == "PartialSucceeded" else 0


def _diagnostics(run: Run) -> Json:
    """What the run says of its own troubles; runs that went well say nothing."""
    counts: dict[str, int] = {}
    notes = []
    if run.discovery == "CompletedWithExceptions":
        counts["AccessDenied"] = 1 + draws.number(9, 0, run.id, "denied")
        notes.append({"code": 4012, "message": "Some objects could not be opened <b>here</b>."})
    if failed := _not_ingested(run):
        counts["IngestionFailure"] = failed
    return {"exceptionCountMap": counts, "notifications": notes}


def _discovery(run: Run) -> Json:
    found = {
        "classified": (run.discovered - _not_ingested(run)) // 3,
        "discovered": run.discovered,
        "failed": 0,
    }
    return {
        "discoveryStartTime": _stamp(run.started_at),
        "discoveryEndTime": _stamp(run.ended_at),
        "isErrorLogAvailable": run.discovery == "CompletedWithExceptions",
        "statistics": {"assets": found},
        "status": run.discovery,
    }


def _ingestion(run: Run) -> Json:
    failed = _not_ingested(run)
    succeeded = run.discovered - failed
    return {
        "ingestionStartTime": _stamp(run.started_at),
        "ingestionEndTime": _stamp(run.ended_at),
        "isErrorLogAvailable": failed > 0,
        "statistics": {
            "assets": {"failed": failed, "processing": 0, "succeeded": succeeded},
            "relationships": {"failed": failed // 2, "processing": 0, "succeeded": succeeded},
        },
        "status": run.ingestion,
    }


def row(source: Source, scan: Scan, run: Run) -> Json:
    """One run; parts that are not told yet, or never were, are missing keys."""
    failed = run.status in ("Failed", "TransientFailure")
    found: Json = {
        "dataSourceType": source.platform.kind,
        "diagnostics": _diagnostics(run),
        "endTime": _stamp(run.ended_at),
        "error": {**REFUSED, "details": None} if failed else None,
        "errorMessage": REFUSED["message"] if failed else None,
        "id": run.id,
        "ingestionJobId": run.id,
        "parentId": None,
        "resourceId": f"datasources/{source.name}",
        "runType": "Scheduled" if scan.trigger else "Manual",
        "scanLevelType": run.level,
        "scanRulesetType": "System",
        "scanRulesetVersion": RULESET_VERSION,
        "startTime": _stamp(run.started_at),
        "status": run.status,
    }
    if run.discovery is not None:
        found["discoveryExecutionDetails"] = _discovery(run)
    if run.ingestion is not None:
        found["ingestionExecutionDetails"] = _ingestion(run)
    if run.discovery is None and run.ingestion is None:  # an answer in the older style
        found |= {"assetsClassified": run.discovered // 3, "assetsDiscovered": run.discovered}
    return found
