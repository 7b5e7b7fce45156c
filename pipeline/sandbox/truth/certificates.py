"""Expected verdicts about the certificates of owners: which are outstanding, as far as the audit events that were read reach."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pipeline.sandbox.immuta import activity, certifications
from pipeline.sandbox.immuta.certifications import Certificate
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.truth.nights import Night

Verdict = tuple[str, str, str, str]
SLA = timedelta(days=14)
READ = timedelta(days=30)
"""How far back each night reads audit events."""


def verdicts(nights: Sequence[Night]) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of POL-004 about the last of some nights."""
    as_of, estate = nights[-1]
    last = _last_events(nights)
    since = _reach(nights)
    for source in estate.data_sources:
        policy = certifications.policy_on(source)
        if source.deleted or policy is None:
            continue
        event = last.get((source.id, policy))
        changed = certifications.changed_at(policy, estate.day)
        begun, certain = _outstanding(source, event, changed, nights)
        if begun >= as_of - SLA:
            continue
        subject = f"{source.id}:global:{policy}"
        if begun < since:
            yield "POL-004", subject, "not_evaluated", "the audit events do not reach back so far"
        elif event and event.who and event.at >= changed:
            continue
        elif certain < as_of - SLA:
            yield "POL-004", subject, "fail", "not certified for more than two weeks"
        else:
            yield "POL-004", subject, "not_evaluated", "since when it is asked for nobody saw"


def _outstanding(
    source: DataSource, event: Certificate | None, changed: datetime, nights: Sequence[Night]
) -> tuple[datetime, datetime]:
    """Since when a certificate has been outstanding at the earliest, and for certain; or when it was given."""
    if event is None:
        seen = (one.as_of for one in nights if source.id in one.estate.data_source_by_id)
        return max(source.created_at, changed), max(next(seen), changed)
    if event.who and event.at < changed:
        return changed, changed
    return event.at, event.at


def _last_events(nights: Sequence[Night]) -> dict[tuple[int, int], Certificate]:
    """What became last of each certificate, of what any of the nights read."""
    found: dict[tuple[int, int], Certificate] = {}
    for as_of, estate in nights:
        for one in certifications.certificates(estate, estate.day - READ.days, estate.day):
            key = (one.source.id, one.policy)
            if as_of - READ <= one.at < as_of and (key not in found or found[key].at <= one.at):
                found[key] = one
    return found


def _reach(nights: Sequence[Night]) -> datetime:
    """From when on nothing is missing: a night that was not there in time leaves a hole before what it reads."""
    reach = former = None
    for as_of, estate in nights:
        read = activity.events(estate, as_of - READ, as_of)
        if read and (reach is None or former is None or read[0].at > former):
            reach = read[0].at
        former = as_of
    return reach or nights[-1].as_of
