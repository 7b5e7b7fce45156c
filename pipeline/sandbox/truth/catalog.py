"""Expected verdicts about the catalogue: ownership, classification and scanning."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.sandbox import clock
from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.scanning.scans import Source, Trigger

Verdict = tuple[str, str, str, str]
GRACE = timedelta(days=7)
WINDOW = timedelta(days=30)
GOOD_DISCOVERY = ("Completed", "Succeeded", None)
GOOD_INGESTION = ("Succeeded", None)


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of the OWN, CLS and SCN rules about Purview."""
    scanned = {source.name: len(_succeeded(source, as_of)) > 0 for source in estate.sources}
    in_use: set[str] = set()
    for data in estate.datasets:
        own = [name for name in data.classes() if s.is_decision(name)]
        columns = [column for column in data.columns() if not column.deleted]
        names = {*own, *(name for column in columns for name in column.classes)}
        in_use |= names
        yield from _secrets(data, own)
        if data.platform.is_report:
            continue
        if any(map(s.is_sensitive, names)) and not any(data.contacts(estate.people).owners):
            yield "OWN-001", data.guid, "fail", "no owner contact with an id"
        if data.created_at > clock.millis(as_of - GRACE):
            continue
        if not scanned[estate.source_name_of(data)]:
            yield "CLS-001", data.guid, "not_evaluated", "no successful scan of its source"
        elif not names:
            yield "CLS-001", data.guid, "fail", "no classification on the dataset or its columns"
    for name in in_use:
        if not s.is_mapped_class(name):
            yield "CLS-004", f"purview:{name}", "fail", "classification is not mapped to a tier"
    for source in estate.sources:
        yield from _scanning(source, as_of)


def _secrets(data: Dataset, own: list[str]) -> Iterator[Verdict]:
    if data.platform.is_file and any(name.startswith(s.SECRET_PREFIX) for name in own):
        yield "CLS-006", data.guid, "fail", "file holds secrets"
    for column in data.columns():
        if not column.deleted and any(n.startswith(s.SECRET_PREFIX) for n in column.classes):
            yield "CLS-006", data.column_guid(column.position), "fail", "column holds secrets"


def _succeeded(source: Source, as_of: datetime) -> list[datetime]:
    """Ends of the succeeded runs of the last 30 days, complete or not."""
    return [
        run.ended_at
        for scan in source.scans
        for run in scan.runs
        if run.status == "Succeeded" and run.ended_at and run.ended_at >= as_of - WINDOW
    ]


def _is_running(trigger: Trigger | None, as_of: datetime) -> bool:
    if trigger is None or trigger.state == "Disabled":
        return False
    return trigger.ends_at is None or trigger.ends_at > as_of


def _scanning(source: Source, as_of: datetime) -> Iterator[Verdict]:
    scheduled = any(_is_running(scan.trigger, as_of) for scan in source.scans)
    if not scheduled and len(_succeeded(source, as_of)) < 4:
        yield "SCN-001", source.name, "fail", "no running schedule and fewer than four runs"
        return
    good = [
        run.ended_at
        for scan in source.scans
        for run in scan.runs
        if run.status == "Succeeded" and run.ended_at
        and run.discovery in GOOD_DISCOVERY and run.ingestion in GOOD_INGESTION
    ]  # fmt: skip
    allowed = GRACE if source.platform.is_report else WINDOW
    if not good or max(good) < as_of - allowed:
        yield "SCN-002", source.name, "fail", "no complete successful run recently"
