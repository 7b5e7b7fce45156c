"""What a reader may rely on: population, reconciliation, rules, what could not be tested, and how it was done."""

import hashlib
import json

from pipeline.report import exceptions, words
from pipeline.report.page import (
    Block,
    Card,
    Cards,
    Code,
    Column,
    Figure,
    Figures,
    Items,
    Prose,
    Section,
    Table,
    Text,
)
from pipeline.report.view import AMBER, TARGET, Rule, View, absent

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
    population = sum(rule.population for rule in ran)
    blind = sum(rule.not_evaluated for rule in ran)
    checks = [view.rules[i] for i in _EVIDENCE if i in view.rules]
    evaluated = view.counted(
        "KR-no-total",
        "Endpoints without a server total",
        "select count(*) as num from reconciliation where verdict = 'no_control_total'",
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
                "Verdicts reached",
                population - blind,
                population,
                source="rule",
                tables=exceptions.scope(rules),
            ),
            Figure("KR-blind", "Not evaluated", blind, source="rule"),
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
        tables=exceptions.scope(rules),
        note=words.plural(in_force, "waiver in force", "waivers in force"),
    )


def limits(view: View) -> tuple[Text, ...]:
    """Standing limits of what was seen, for page one."""
    found: list[Text] = [
        "As seen by the identities that collected it, on the date above; what they cannot see is not counted.",
        "No directory feed: departed people and live owners cannot be told.",
    ]
    if view.snapshot.skipped:
        planes = ", ".join(view.snapshot.skipped)
        found.append(f"Switched off by configuration: {planes}. Not a gap, but not tested.")
    weak = view.rows("select endpoint from reconciliation where verdict = 'weak' order by endpoint")
    if weak:
        names = words.listed([row["endpoint"] for row in weak])
        found.append(f"Reconciled within a tolerance only: {names}.")
    return tuple(found)


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


def untested(view: View, uncovered: tuple[Figure, ...], families: tuple[str, ...] = ()) -> Section:
    """What could not be tested, by cause: missing answers, verdicts not reached, figures without a rule or a feed."""
    reasons = exceptions.not_evaluated(view, families)
    shown = reasons[:100]
    gaps = view.rows(
        "select endpoint, key, array_to_string(tables, ', ') as tables, status, reason "
        "from gap order by endpoint, key limit 200"
    )
    lists = view.rows(
        "select endpoint, verdict, server_total, row_count, distinct_keys, failed, note "
        "from reconciliation order by verdict <> 'incomplete', verdict, endpoint"
    )
    blocks: tuple[Block, ...] = (
        Table(
            "t-gaps",
            "Calls without a full answer: data missing from this snapshot",
            (
                Column("Endpoint"),
                Column("About"),
                Column("Tables that lack rows"),
                Column("HTTP", True),
                Column("Reason"),
            ),
            tuple(
                (
                    Code(g["endpoint"]),
                    Code(g["key"]),
                    g["tables"],
                    str(g["status"] or "–"),
                    g["reason"],
                )
                for g in gaps
            ),
            note=f"The first 200 of {words.count(_gaps(view))}." if _gaps(view) > 200 else "",
            empty="None: every call was answered in full.",
        ),
        Table(
            "t-blind",
            "Verdicts not reached, by rule and reason",
            (Column("Rule"), Column("Reason"), Column("Subjects", True)),
            tuple(
                (
                    Code(row["rule_id"]),
                    row["reason"],
                    Figure(
                        f"blind.{row['rule_id']}.{i}", row["reason"], row["subjects"], source="sql"
                    ),
                )
                for i, row in enumerate(shown)
            ),
            note=f"The first 100 of {words.count(len(reasons))} reasons."
            if len(reasons) > 100
            else "",
            empty="None: every member of every population has a verdict.",
        ),
        Table(
            "t-uncovered",
            "Figures this report cannot give yet",
            (Column("Figure"), Column("Name"), Column("Cause")),
            tuple((Code(f.kpi), f.label, f) for f in uncovered),
        ),
        Table(
            "t-reconciliation",
            "Reconciliation of every endpoint with what the server said",
            (
                Column("Endpoint"),
                Column("Verdict"),
                Column("Server total", True),
                Column("Items read", True),
                Column("Distinct", True),
                Column("Calls given up", True),
                Column("Note"),
            ),
            tuple(
                (
                    Code(row["endpoint"]),
                    row["verdict"].replace("_", " "),
                    "–" if row["server_total"] is None else words.count(row["server_total"]),
                    words.count(row["row_count"]),
                    words.count(row["distinct_keys"]),
                    words.count(row["failed"]),
                    row["note"] or "",
                )
                for row in lists
            ),
        ),
    )
    return Section("untested", "What could not be tested", "Not tested", blocks)


def _gaps(view: View) -> int:
    return int(view.value("select count(*) from gap"))


def method(view: View, notes: tuple[Text, ...] = ()) -> Section:
    """How the figures come about, in words."""
    principles: tuple[Text, ...] = (
        "A rule is a query for its population and a verdict for each member: pass, fail or not evaluated. "
        "Missing data is never a pass and never a fail.",
        "Rate = pass / (pass + fail). Waived exceptions count as failing. Members that were not evaluated stay "
        "outside the rate and inside the population; below 95 % evaluated, a rate is marked incomplete and has no colour.",
        f"Counts stand before rates; below a denominator of {words.SMALL_POPULATION} only the count is printed.",
        f"Target {100 * TARGET:.0f} %, lower line {100 * AMBER:.0f} %; at “must be zero”, any value above zero is drawn as failing.",
        f"One clock: every age and expiry is measured at {words.minute(view.as_of)}, the time of the snapshot.",
        "An exception is an open finding: a failing verdict that is not waived, followed over snapshots. "
        "Due: 2 days after it opened for critical, 14 for high, 45 for medium, 120 for low.",
        "A change compares with the snapshot named in the title line. Objects that came into or went out of scope are "
        "shown apart from those that were fixed or newly failed.",
        "Restricted (tier 1) and confidential (tier 2) classes come from the sensitivity map of the snapshot. "
        "Sensitive means tier 1 or 2.",
        *notes,
    )
    run = view.snapshot
    return Section(
        "method",
        "Method",
        "Method",
        (
            Items(principles),
            Table(
                "t-run",
                "This snapshot",
                (Column("Fact"), Column("Value")),
                (
                    ("Snapshot", Code(run.id)),
                    ("Collection started", words.minute(run.started_at)),
                    ("Sealed", words.minute(run.sealed_at)),
                    ("Collection run", Code(run.run_id)),
                    ("Checks of the quality gate", words.count(run.gate_checks)),
                    ("Rule set (sha256)", Code(ruleset(view))),
                    ("Configuration (sha256)", Code(run.config_sha256)),
                    ("Pass Muster", run.tool_version),
                ),
            ),
        ),
    )


def cards(view: View, families: tuple[str, ...] = ()) -> Section:
    """Every rule in force: why, fix, parameters, counts."""
    rules = exceptions.reading(view, families) + exceptions.reading(view, ("EVD",))
    intro = Prose(
        "Each rule with its effective parameters and the counts of this snapshot. "
        "Heuristic rules and analytic signals are listed here and stay out of headline rates.",
        "note",
    )
    return Section("rules", "Rules", "Rules", (intro, Cards(tuple(_card(rule) for rule in rules))))


def _card(rule: Rule) -> Card:
    def counted(name: str, label: str, number: int) -> Figure:
        return Figure(
            f"rule.{rule.id}.{name}", label, number, source=f"rule:{rule.id}", tables=rule.tables
        )

    return Card(
        rule.id,
        rule.title,
        rule.severity,
        rule.why,
        rule.fix,
        rule.confidence,
        tuple((name, json.dumps(value, ensure_ascii=False)) for name, value in rule.params.items()),
        (
            counted("population", "population", rule.population),
            counted("pass", "pass", rule.passed),
            counted("fail", "fail", rule.failed - rule.waived),
            counted("waived", "waived", rule.waived),
            counted("not_evaluated", "not evaluated", rule.not_evaluated),
        ),
        rule.sql,
        f"{rule.pack}, {rule.sha256[:16]}",
        rule.error or "",
    )
