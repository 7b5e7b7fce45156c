"""The back of every report: what could not be tested, how it was done, the rules."""

import json

from pipeline.report import exceptions, words
from pipeline.report.page import (
    Block,
    Card,
    Cards,
    Code,
    Column,
    Figure,
    Items,
    Prose,
    Section,
    Table,
    Text,
)
from pipeline.report.reliance import ruleset
from pipeline.report.view import AMBER, TARGET, Rule, View


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
