"""What a reader may rely on: the banner, the clock, reconciliation, coverage, limits."""

import hashlib

from pipeline.report import exceptions, words
from pipeline.report.page import (
    Code,
    Figure,
    Figures,
    Items,
    Text,
)
from pipeline.report.view import Rule, View, absent

_EVIDENCE = ("EVD-001", "EVD-002")


def banner(view: View) -> tuple[Text, ...]:
    """What must be said across the top: data that is missing, checks that failed. Empty when all is there."""
    found: list[Text] = []
    if view.incomplete:
        names = ", ".join(sorted(view.incomplete))
        found.append(
            f"Population incomplete: {names}. Figures marked with a dagger (†) rest on it and are printed without "
            "colour: counts are lower bounds, rates may be off either way."
        )
    if view.left_out:
        planes = ", ".join(view.snapshot.skipped)
        found.append(
            f"Switched off by configuration: {planes}. What rests on it is not evaluated, or marked with a dagger (†)."
        )
    failed = [view.rules[i] for i in _EVIDENCE if i in view.rules and view.rules[i].failed]
    if failed:
        checks = "; ".join(
            f"{rule.id} ({rule.title}) for {words.plural(rule.failed, 'endpoint')}"
            for rule in failed
        )
        found.append(f"Evidence checks failed: {checks}.")
    broken = [rule.id for rule in view.rules.values() if rule.state == "error"]
    if broken:
        found.append(f"Rules that could not run: {', '.join(broken)}. They judged nothing.")
    if not view.snapshot.complete and not found:
        found.append("The collection behind this snapshot is marked incomplete.")
    return tuple(found)


def facts(view: View) -> tuple[tuple[str, str], ...]:
    """The line under the title: estate, clock, comparison, mode."""
    before = view.previous
    return (
        ("Estate", view.snapshot.estate),
        ("As of", words.minute(view.as_of)),
        (
            "Compared with",
            words.minute(before.as_of) + ("" if before.snapshot.complete else ", incomplete")
            if before
            else "nothing: first snapshot",
        ),
        ("Snapshot", view.snapshot.id),
        ("Mode", "full (people by name)"),
    )


def reconciled(view: View) -> Figure:
    """Endpoints whose rows equal what the server said, of those with a count to compare with."""
    return view.counted(
        "KR-reconciled",
        "Endpoints reconciled",
        """
        select
            count(*) filter (where verdict = 'reconciled') as num,
            count(*) filter (where verdict in ('reconciled', 'weak', 'incomplete')) as den
        from reconciliation
        """,
        before=False,
    )


def ledger(view: View, families: tuple[str, ...] = ()) -> Figures:
    """The figures that say how far the others can be trusted."""
    rules = exceptions.reading(view, families)
    ran = [rule for rule in rules if rule.state == "evaluated"]
    # those of rules that could not be evaluated at all, too
    population = sum(rule.population for rule in rules)
    blind = sum(rule.not_evaluated for rule in rules)
    checks = [view.rules[i] for i in _EVIDENCE if i in view.rules]
    evaluated = view.counted(
        "KR-no-total",
        "Without a server total",
        "select count(*) filter (where verdict = 'no_control_total') as num, count(*) as den from reconciliation",
        before=False,
    )
    gaps = view.counted(
        "KR-gaps",
        "Calls without an answer",
        "select count(*) as num from gap",
        before=False,
    )
    return Figures(
        (
            reconciled(view),
            evaluated,
            gaps,
            Figure("KR-rules", "Rules evaluated", len(ran), len(rules), source="rule"),
            Figure(
                "KC-12",
                "Verdicts",
                population - blind,
                population,
                source="rule",
                tables=exceptions.scope(view, rules),
            ),
            Figure("KR-blind", "Not evaluated", blind, population, source="rule"),
            _evidence_checks(checks),
            _waivers(view, rules),
        ),
        kind="ledger",
        title="Reconciliation and coverage",
    )


def _evidence_checks(checks: list[Rule]) -> Figure:
    if not checks:
        return absent("KC-14", "Evidence checks passed", "no EVD rule in this rule set")
    passed = sum(rule.passed for rule in checks)
    return Figure(
        "KC-14",
        "Evidence checks passed",
        passed,
        sum(rule.population for rule in checks),
        source="rule:EVD",
    )


def _waivers(view: View, rules: list[Rule]) -> Figure:
    in_force = view.value("select count(*) from waiver")
    return Figure(
        "KC-11",
        "Waived exceptions",
        sum(rule.waived for rule in rules),
        sum(rule.failed for rule in rules),
        source="rule",
        tables=exceptions.scope(view, rules),
        note=words.plural(in_force, "waiver in force", "waivers in force"),
    )


def limits(view: View) -> tuple[Text, ...]:
    """Standing limits of what was seen, for page one."""
    found: list[Text] = [
        "As seen by the identities that collected it, on the date above; what they cannot see is not counted.",
    ]
    if has_directory(view) and "MEM-001" not in view.rules:
        found.append(("Could not be tested: access of departed people (", Code("KA-09"), ")."))
    elif not has_directory(view):
        found.append(
            (
                "Could not be tested: departed people and live owners; no directory feed (",
                Code("KC-03"),
                ", ",
                Code("KA-09"),
                ").",
            )
        )
    if view.snapshot.skipped:
        planes = ", ".join(view.snapshot.skipped)
        found.append(f"Switched off by configuration: {planes}. Not a gap, but not tested.")
    carried = view.rows(
        "select r.carried, (select min(received_at) from asset join exchange using (page_id)) as since "
        "from reconciliation r where endpoint = 'purview.entity' and carried > 0"
    )
    for row in carried:
        found.append(
            f"Details of {words.plural(row['carried'], 'asset')} are as they were read before, "
            f"at the earliest on {words.minute(row['since'])}: search shows no change of them since."
        )
    weak = view.rows("select endpoint from reconciliation where verdict = 'weak' order by endpoint")
    if weak:
        names = words.listed([row["endpoint"] for row in weak])
        found.append(f"Not reconciled for certain: {names}.")
    return tuple(found)


def has_directory(view: View) -> bool:
    """Whether a directory said of any owner whether that owner is still there."""
    rule = view.rules.get("OWN-003")
    return rule is not None and rule.passed + rule.failed > 0


def identity(view: View) -> Items:
    """What a second person needs to check this file against."""
    return Items(
        (
            ("Rule set ", Code(ruleset(view)[:16])),
            ("Back to the bytes: ", Code("muster findings show …")),
        ),
        title="Verify",
    )


def ruleset(view: View) -> str:
    """The digest of the rules in force: of the ids and file digests in order."""
    text = "\n".join(f"{rule.id} {rule.sha256}" for rule in view.rules.values())
    return hashlib.sha256(text.encode()).hexdigest()
