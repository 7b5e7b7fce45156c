"""The scorecard: verdicts by rule group, and every rule with its counts."""

from pipeline.report import charts, exceptions, words
from pipeline.report.page import Cell, Chart, Column, Figure, Link, Section, Severity, Table
from pipeline.report.view import Rule, View, absent

_PARTS = (
    ("Pass", "passed", charts.PASS, ""),
    ("Waived", "waived", charts.WAIVED, "/"),
    ("Fail", "unwaived", charts.FAIL, ""),
    ("Not evaluated", "not_evaluated", charts.BLIND, "outline"),
)


def section(view: View) -> Section:
    """Verdicts by rule group, and the counts of every rule."""
    families: dict[str, list[Rule]] = {}
    for rule in exceptions.reading(view):
        families.setdefault(rule.group, []).append(rule)
    blocks = (_by_family(view, families), _by_rule(view))
    return Section("scorecard", "Scorecard by control group", "Scorecard", blocks)


def _by_family(view: View, families: dict[str, list[Rule]]) -> Chart:
    order = sorted(families, key=lambda f: (_total(families[f], "unwaived"), f))
    names = {f: _named(f, families[f]) for f in order}
    plot = charts.stacked(
        [names[f] for f in order],
        [
            (title, [_total(families[f], part) for f in order], colour, pattern)
            for title, part, colour, pattern in _PARTS
        ],
        horizontal=True,
        share=True,
        totals=[words.count(_total(families[f], "population")) for f in order],
    )

    def line(f: str) -> tuple[Cell, ...]:
        tables = exceptions.scope(view, families[f])
        cells = [
            Figure(f"C4.{f}.{part}", f"{f}: {title}", _total(families[f], part), source="rule", tables=tables)
            for title, part, *_ in _PARTS
        ]  # fmt: skip
        population = _total(families[f], "population")
        end = Figure(f"C4.{f}.population", f"{f}: population", population, source="rule")
        ran = sum(rule.state == "evaluated" for rule in families[f])
        rules = Figure(
            f"C4.{f}.rules", f"{f}: rules evaluated", ran, len(families[f]), source="rule"
        )
        return (names[f], *cells, end, rules)

    titles = ("Group", *(title for title, *_ in _PARTS), "Population", "Rules evaluated")
    data = Table(
        "t-families",
        "Verdicts by rule group",
        tuple(Column(title, title != "Group") for title in titles),
        tuple(line(f) for f in reversed(order)),
    )
    return Chart(
        "C4", "Scorecard", "Which controls are weak?", plot, data, 60 + 34 * len(order),
        "Share of verdicts by rule group, counts inside, population at the end; most exceptions on top.",
    )  # fmt: skip


def _named(family: str, rules: list[Rule]) -> str:
    """The name of a group, and how many of its rules were evaluated where not all of them were."""
    name = exceptions.FAMILIES.get(family, family)
    ran = sum(rule.state == "evaluated" for rule in rules)
    return name if ran == len(rules) else f"{name} ({ran} of {words.plural(len(rules), 'rule')})"


def _total(rules: list[Rule], part: str) -> int:
    if part == "unwaived":
        return sum(rule.failed - rule.waived for rule in rules)
    return sum(getattr(rule, part) for rule in rules)


def _by_rule(view: View) -> Table:
    summary = {row["rule_id"]: row for row in exceptions.per_rule(view)}
    old = view.previous.rules if view.previous else {}

    def line(rule: Rule) -> tuple[Cell, ...]:
        def figure(name: str, label: str, number: int) -> Figure:
            return Figure(
                f"rule.{rule.id}.{name}",
                label,
                number,
                source=f"rule:{rule.id}",
                tables=rule.tables,
            )

        before = old.get(rule.id)
        row = summary.get(rule.id)
        evaluated = rule.passed + rule.failed
        return (
            Severity(rule.severity),
            Link(rule.id, f"rule-{rule.id}"),
            rule.title,
            figure("population", "population", rule.population),
            figure("fail", "fail", rule.failed - rule.waived),
            words.signed(rule.failed - rule.waived - before.failed + before.waived) if before else "new rule",
            figure("waived", "waived", rule.waived),
            figure("not_evaluated", "not evaluated", rule.not_evaluated),
            absent(f"rule.{rule.id}.rate", "passing", words.clipped(rule.error or "none", 60)) if rule.state != "evaluated" else Figure(f"rule.{rule.id}.rate", "passing", rule.passed, evaluated, not_evaluated=rule.not_evaluated, waived=rule.waived, source=f"rule:{rule.id}", tables=rule.tables),
            words.count(row["oldest"]) if row else "–",
        )  # fmt: skip

    rules = sorted(
        exceptions.reading(view),
        key=lambda r: (exceptions.SEVERITIES.index(r.severity), -(r.failed - r.waived), r.id),
    )
    return Table(
        "t-rules",
        "Exceptions by rule",
        (
            Column("Sev."), Column("Rule"), Column("What is true when it passes"), Column("Population", True),
            Column("Fail", True), Column("Change", True), Column("Waived", True), Column("Not evaluated", True),
            Column("Passing of evaluated", True), Column("Oldest, days", True),
        ),
        tuple(line(rule) for rule in rules),
    )  # fmt: skip
