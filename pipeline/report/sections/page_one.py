"""Blocks of page one that every report has: what changed, who has work, the gravest risks, decisions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pipeline.report import changes, exceptions, words
from pipeline.report.changes import Flow
from pipeline.report.page import (
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Figure,
    Link,
    Prose,
    Severity,
    Table,
    Text,
    Tone,
)
from pipeline.report.view import Rule, View


def must_be_zero(figure: Figure, unknown: int = 0) -> Figure:
    """`figure` in the tone of a count that is right only at zero, and only where nothing is unknown: `unknown` verdicts
    that could not be reached might have counted."""
    if figure.num is None:
        return figure
    unknown += figure.not_evaluated
    note = f"{figure.note}; {words.count(unknown)} not evaluated" if unknown else figure.note
    tone: Tone = "fail" if figure.num else "" if unknown else "pass"
    return replace(figure, tone=tone, note=note)


def change_bars(view: View, families: tuple[str, ...] = ()) -> Block:
    """Page one's bridge from the exceptions open before to those open now."""
    flows = changes.since_previous(view, families)
    if not flows or view.previous is None:
        return Prose("First snapshot: there is nothing to compare with yet.", "note")
    tables = exceptions.scope(view, exceptions.reading(view, families))
    bars: list[Bar] = []
    level, levels = 0, []
    for position, flow in enumerate(flows):
        after = flow.number if flow.sign == 0 else level + flow.sign * flow.number
        start = after if flow.sign == 0 else min(level, after)
        figure = Figure(
            f"C3.{position}",
            flow.name,
            flow.number * (flow.sign or 1),
            source="sql",
            tables=tables,
            signed=flow.sign != 0,
        )
        bars.append(Bar(flow.name, figure, start, flow.number if flow.sign else 0, _tone(flow)))
        level = after
        levels += [start, after]
    room = max((max(levels) - min(levels)) * 0.08, 1)
    zero = max(min(levels) - room, 0)
    return Bars(
        "changes",
        f"Open exceptions: what changed since {words.day(view.previous.as_of)}",
        tuple(bars),
        max(levels) + room,
        zero,
        f"Axis starts at {words.count(round(zero))}. Grey: what is looked at changed, not how well it is kept.",
    )


def _tone(flow: Flow) -> Literal["end", "pass", "fail", "plain"]:
    if flow.sign == 0:
        return "end"
    return "plain" if flow.scope else "fail" if flow.sign > 0 else "pass"


def work_table(view: View, families: tuple[str, ...] = (), limit: int = 6) -> Table:
    """Page one's list of places with the gravest work, each with a link to its queue."""
    where = exceptions.chosen(families)
    rows = view.rows(
        f"""
        select
            place,
            count(*) filter (where severity = 'critical') as critical,
            count(*) filter (where severity = 'high') as high,
            count(*) filter (where overdue) as overdue,
            count(*) as open
        from open_finding
        where {where}
        group by place
        order by critical desc, high desc, open desc, place
        """
    )
    tables = exceptions.scope(view, exceptions.reading(view, families))

    def cell(place: str, name: str, number: int) -> Figure:
        return Figure(
            f"work.{place}.{name}", f"{place}: {name}", number, source="sql", tables=tables
        )

    shown, rest = rows[:limit], rows[limit:]
    lines: list[tuple[Cell, ...]] = [
        (
            Link(row["place"], "exceptions", (("place", row["place"]),)),
            *(cell(row["place"], n, row[n]) for n in ("critical", "high", "overdue", "open")),
        )
        for row in shown
    ]
    if rest:
        names = ("critical", "high", "overdue", "open")
        sums = [cell("(others)", n, sum(row[n] for row in rest)) for n in names]
        lines.append((words.plural(len(rest), "other"), *sums))
    return Table(
        "t-work",
        "Open exceptions by place; a name opens its queue",
        (
            Column("Place"),
            Column("C", True),
            Column("H", True),
            Column("Overdue", True),
            Column("Open", True),
        ),
        tuple(lines),
        empty=f"No open exceptions{_unreached(exceptions.reading(view, families))}.",
    )


def risks(view: View, families: tuple[str, ...] = (), limit: int = 5) -> tuple[Text, ...]:
    """The gravest rules with exceptions, one sentence each: one number and one link."""
    found = [
        _risk(view.rules[row["rule_id"]], row)
        for row in exceptions.per_rule(view)
        if view.rules[row["rule_id"]] in exceptions.reading(view, families)
        and view.rules[row["rule_id"]].headline
    ]
    return tuple(found[:limit])


def _risk(rule: Rule, row: dict[str, Any]) -> Text:
    evaluated = rule.passed + rule.failed
    figure = Figure(
        f"risk.{rule.id}",
        f"Open exceptions to {rule.id}",
        row["open"],
        evaluated,
        not_evaluated=rule.not_evaluated,
        source=f"rule:{rule.id}",
        tables=rule.tables,
    )
    gravest = exceptions.SEVERITIES[row["rank"] - 1]
    mixed = (
        f", {words.count(row['gravest'])} of them {gravest}" if row["gravest"] < row["open"] else ""
    )
    things = exceptions.SUBJECTS.get(rule.subject, rule.subject)
    blind = _unreached([rule])
    return (
        Severity(gravest),
        " ",
        figure,
        f" {things} do not meet “{rule.title}” (",
        Link(rule.id, "exceptions", (("rule_id", rule.id),)),
        f"){mixed}{blind}; oldest {words.days(row['oldest'])}; {words.listed([words.clipped(p) for p in row['places']], 2)}.",
    )


def _unreached(rules: list[Rule]) -> str:
    """What is to be said behind a count of exceptions to the rules where they do not know all."""
    blind = sum(rule.not_evaluated for rule in rules)
    return f"; {words.count(blind)} not evaluated" if blind else ""


def decisions(view: View, options: Mapping[str, str]) -> tuple[Text, ...]:
    """At most three, each with what it would settle."""
    found: list[Text] = []
    if view.incomplete:
        names = ", ".join(sorted(view.incomplete))
        found.append(f"Collect again or accept the limit: rows are missing from {names}.")
    for row in exceptions.per_rule(view):
        rule, choice = view.rules[row["rule_id"]], options.get(row["rule_id"])
        if choice and rule.headline:
            figure = Figure(
                f"decide.{rule.id}",
                rule.title,
                row["open"],
                source=f"rule:{rule.id}",
                tables=rule.tables,
            )
            late = "Due since" if row["due_at"] and row["due_at"] < view.as_of else "Decide by"
            link = Link(rule.id, "exceptions", (("rule_id", rule.id),))
            found.append((f"{late} {words.day(row['due_at'])}: {choice}; settles ", figure, " (", link, ")."))  # fmt: skip
    return tuple(found[:3])
