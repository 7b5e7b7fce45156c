"""Every rule in force: why, fix, parameters, counts."""

import json

from pipeline.report import exceptions
from pipeline.report.page import Card, Cards, Figure, Prose, Section
from pipeline.report.view import Rule, View


def section(view: View, families: tuple[str, ...] = ()) -> Section:
    """Every rule in force: why, fix, parameters, counts."""
    rules = exceptions.reading(view, families) + exceptions.reading(view, ("EVD",))
    intro = Prose(
        "Each rule with its effective parameters and the counts of this snapshot. "
        "Heuristic rules and analytic signals are listed here and stay out of headline rates.",
        "note",
    )
    relevant = _relevant(view)
    cards = tuple(_card(rule, tuple(relevant.get(rule.id, {}).items())) for rule in rules)
    return Section("rules", "Rules", "Rules", (intro, Cards(cards)))


def _relevant(view: View) -> dict[str, dict[str, str]]:
    """By rule and framework: the controls it gives evidence relevant to, in the framework's order."""
    found: dict[str, dict[str, str]] = {}
    for row in view.rows(
        """
        select rule_id, framework, string_agg(control_id, ', ' order by position) as controls
        from (select *, unnest(rules) as rule_id from framework_coverage)
        group by rule_id, framework
        order by rule_id, framework
        """
    ):
        found.setdefault(row["rule_id"], {})[row["framework"]] = row["controls"]
    return found


def _card(rule: Rule, relevant: tuple[tuple[str, str], ...]) -> Card:
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
        relevant,
    )
