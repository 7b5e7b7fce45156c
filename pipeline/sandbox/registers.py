"""The registers that people of the company keep, as a pack: reviews of access, a masking process, transfers, waivers.

No API tells these things, so a run over the sandbox has none of them unless it is given this pack. Most rows are in
order; a few of each kind are not, and what rules must say of those is known.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from pipeline.sandbox import clock, draws
from pipeline.sandbox.directory import entra
from pipeline.sandbox.estate import Estate, History
from pipeline.sandbox.people import Person
from pipeline.sandbox.truth import catalog
from pipeline.sandbox.vocabulary import COMPANY, MAIL_DOMAIN

Row = dict[str, Any]
Verdict = tuple[str, str, str, str]
ROUTINE = 12
"""Every so many-th data source has a yearly review."""
PRIVILEGES = ("GOVERNANCE", "USER_ADMIN", "AUDIT")
NOBODY = f"former.auditor@{MAIL_DOMAIN}"


def write(folder: Path, *, seed: int, assets: int, as_of: datetime) -> list[Verdict]:
    """Writes the pack, and says which verdicts its wrong rows must bring: rule, subject, status, reason."""
    estate = History(seed, assets).at(clock.day_number(as_of))
    wrong = [*_wrong_reviews(estate, as_of), *_revocations(estate, as_of)]
    reviews = [*_routine(estate, as_of), *_accounts(estate, as_of), *(row for row, _ in wrong)]
    waived = list(_waivers(estate, as_of))
    (folder / "registers").mkdir(parents=True, exist_ok=True)
    _csv(folder / "registers" / "reviews.csv", reviews)
    _csv(folder / "registers" / "breakers.csv", [_breaker(estate, as_of)])
    _csv(folder / "registers" / "transfers.csv", _transfers(estate, as_of))
    text = yaml.safe_dump([row for row, _ in waived], sort_keys=False)
    (folder / "waivers.yaml").write_text(text, encoding="utf-8")
    return [verdict for _, verdict in (*wrong, *waived) if verdict]


def _csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _day(as_of: datetime, days: int) -> str:
    return f"{as_of + timedelta(days=days):%Y-%m-%d}"


def _review(estate: Estate, name: str, person: Person, of: tuple[str, object], **told: Any) -> Row:
    """A decision about a person's access; the head of the data office reviews unless somebody else is told."""
    head, deputy = estate.people[0], estate.people[9]
    return {
        "id": name,
        "principal": f"profile:{person.profile_id}",
        "object_kind": of[0],
        "object": of[1],
        "decision": "keep",
        "reviewer": deputy.mail if person is head else head.mail,
        "decided": None,
        "due": None,
        "ticket": f"REV-{draws.number(9000, estate.seed, 'ticket', name)}",
        "author": estate.people[2].mail,
        "approver": estate.people[3].mail,
    } | told


def _routine(estate: Estate, as_of: datetime) -> Iterator[Row]:
    """Yearly reviews of everybody on some data sources: lately, some time ago, long ago."""
    for turn, source in enumerate(estate.data_sources[::ROUTINE]):
        decided = _day(as_of, -(20, 150, 300)[turn % 3])
        for at, access in enumerate(source.access(estate.people)):
            if access.person is not None and access.state != "pending":
                name, of = f"yearly-{source.id}-{at}", ("source", source.id)
                yield _review(estate, name, access.person, of, decided=decided)


def _accounts(estate: Estate, as_of: datetime) -> Iterator[Row]:
    """Reviews of accounts that may do much: most lately, some too long ago, some never."""
    holders = [one for one in estate.immuta_people if {*one.permissions} & {*PRIVILEGES}]
    for turn, person in enumerate(holders):
        if turn % 5 < 4:
            decided = _day(as_of, -200 if turn % 5 == 3 else -30)
            of = ("account", person.profile_id)
            yield _review(estate, f"account-{person.profile_id}", person, of, decided=decided)


def _wrong_reviews(estate: Estate, as_of: datetime) -> Iterator[tuple[Row, Verdict]]:
    """Decisions by somebody who should not have taken them, and by nobody who is known."""
    source, recently = estate.data_sources[0], _day(as_of, -40)
    known = entra.of(estate)
    # their account has the name that Immuta knows them by, and so has that of their manager
    team = {one.object_id: one for one in estate.immuta_people if one.mail in known.by_name}
    managed = next(one for one in team.values() if known.accounts[one.object_id].manager in {*team})
    boss = team[known.accounts[managed.object_id].manager or ""]
    cases = (
        ("own", managed, managed.mail, "fail", "decided about their own access"),
        ("boss", boss, managed.mail, "fail", "decided about their own manager"),
        ("nobody", managed, NOBODY, "not_evaluated", "nobody knows the reviewer"),
    )
    for name, person, reviewer, status, reason in cases:
        row = _review(
            estate, name, person, ("source", source.id), reviewer=reviewer, decided=recently
        )
        yield row, ("MEM-004", name, status, reason)


def _revocations(estate: Estate, as_of: datetime) -> Iterator[tuple[Row, Verdict | None]]:
    """Decisions to take access away: carried out, ignored, not due yet, and about a role in Purview."""
    person = next(one for one in estate.immuta_people if not one.disabled)
    without = next(
        source
        for source in estate.data_sources
        if not source.deleted and person not in [row.person for row in source.access(estate.people)]
    )
    account = ("account", person.profile_id)
    cases: tuple[tuple[str, tuple[str, object], int, str | None, str], ...] = (
        ("carried-out", ("source", without.id), -30, None, ""),
        ("ignored", account, -30, "fail", "the account is open"),
        ("not-due", account, -2, None, ""),
        ("role", ("collection", "sal001"), -30, "not_evaluated", "roles are inherited"),
    )
    for name, of, days, status, reason in cases:
        row = _review(estate, name, person, of, decision="revoke", decided=_day(as_of, days))
        yield row, ("MEM-005", name, status, reason) if status else None


def _breaker(estate: Estate, as_of: datetime) -> Row:
    """A process that masks what it copies."""
    return {
        "id": "masked-extracts",
        "process": f"{COMPANY}://pipelines/flow-1#*",
        "kind": "masking",
        "classes": "*",
        "created": _day(as_of, -60),
        "expires": _day(as_of, 300),
        "ticket": None,
        "author": estate.people[2].mail,
        "approver": estate.people[3].mail,
    }


def _transfers(estate: Estate, as_of: datetime) -> list[Row]:
    """Why what feeds most others may go to another region: into warehouses it still may, into files not any more."""
    fed = {
        slot: {into for process in readers for into in process.outputs}
        for slot, readers in estate.lineage.readers.items()
    }
    slot = min(fed, key=lambda one: (-len(fed[one]), one))
    return [
        {
            "id": name,
            "from": estate.datasets[slot].qualified_name,
            "to": to,
            "basis": "standard contractual clauses of the group",
            "created": _day(as_of, -400),
            "expires": _day(as_of, days),
            "ticket": None,
            "author": estate.people[2].mail,
            "approver": estate.people[3].mail,
        }
        for name, to, days in (("warehouses", "mssql://*", 300), ("files", "https://*", -35))
    ]


def _waivers(estate: Estate, as_of: datetime) -> Iterator[tuple[Row, Verdict | None]]:
    """Waivers of a dataset without an owner, if there is one: one that is fit, and one for each way not to be."""
    asking, granting = estate.people[4].mail, estate.people[5].mail
    unowned = sorted(row[1] for row in catalog.verdicts(estate, as_of) if row[0] == "OWN-001")
    if not unowned:
        return
    fit: Row = {
        "rule": "OWN-001",
        "subject": unowned[0],
        "reason": "The owner has left; the successor starts next month and takes the table over.",
        "requested_by": asking,
        "approved_by": granting,
        "ticket": f"GOV-{draws.number(9000, estate.seed, 'ticket', 'waivers')}",
        "created": _day(as_of, -10),
        "expires": _day(as_of, 60),
    }
    cases: tuple[tuple[str, Row, str], ...] = (
        ("fit", {}, ""),
        ("ended", {"created": _day(as_of, -90), "expires": _day(as_of, -5)}, "has ended"),
        ("self-approved", {"approved_by": asking}, "approved by who asked for it"),
        ("hasty", {"reason": "later"}, "hardly justified"),
        ("for-nothing", {"subject": draws.guid(estate.seed, "no asset")}, "covers nothing"),
        ("for-everything", {"subject": "*"}, "names no subject"),
    )
    for name, said, problem in cases:
        verdict = ("EVD-004", name, "fail", problem) if problem else None
        yield {"id": name, **fit, **said}, verdict
