"""Expected verdicts about single scans: what they look for, and whether they go on failing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.scanning import settings_api
from pipeline.sandbox.purview.scanning.scans import Scan, Source
from pipeline.sandbox.truth import catalog

Verdict = tuple[str, str, str, str]
RECENT = timedelta(days=30)
FINISHED = ("Succeeded", "Failed", "Canceled")
IN_A_ROW = 3
FELL_BY = 25
"""Assets, and by more than a fifth."""


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of SCN-003, SCN-005 and SCN-006."""
    unscheduled = {row[1] for row in catalog.verdicts(estate, as_of) if row[0] == "SCN-001"}
    for source in estate.sources:
        if source.scans and source.name not in unscheduled:
            yield from _volume(source)
        for scan in source.scans:
            subject = f"{source.name}/{scan.name}"
            if _goes_on_failing(scan):
                yield "SCN-003", subject, "fail", "the last three runs failed"
            # the one rule set that people made and use leaves a class out that must be found
            name, _ = settings_api.ruleset_of(source, scan)
            if name == settings_api.LAKE_RULESET and _is_in_use(scan, as_of):
                yield "SCN-005", subject, "fail", "its rule set leaves out passports"


def _goes_on_failing(scan: Scan) -> bool:
    if scan.trigger is not None and scan.trigger.state == "Disabled":
        return False
    last = [run.status for run in scan.runs if run.status in FINISHED][:IN_A_ROW]
    return len(last) == IN_A_ROW and {*last} == {"Failed"}


def _volume(source: Source) -> Iterator[Verdict]:
    """Whether the last full run of a scan found much less than the full one before it; incremental ones count changes."""
    told = []
    for scan in source.scans:
        full = [run for run in scan.runs if run.status == "Succeeded" and run.level == "Full"]
        if len(full) > 1:  # newest first
            told.append((full[0].discovered, full[1].discovered))
    if any(before - now > FELL_BY and now < 0.8 * before for now, before in told):
        yield "SCN-006", source.name, "fail", "the last full scan found much less"
    elif not told:
        yield "SCN-006", source.name, "not_evaluated", "no two full scans to compare"


def _is_in_use(scan: Scan, as_of: datetime) -> bool:
    ends = (run.ended_at or run.started_at for run in scan.runs)
    return scan.trigger is not None or any(as_of - RECENT <= end <= as_of for end in ends)
