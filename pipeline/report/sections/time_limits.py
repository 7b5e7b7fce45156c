"""When access ends, and what never ends."""

from dataclasses import replace
from typing import Any, Literal

from pipeline.report import charts, queries
from pipeline.report.basis import tables_in
from pipeline.report.page import (
    Bar,
    Bars,
    Chart,
    Column,
    Figure,
    Figures,
    GridColumn,
    Section,
    Table,
)
from pipeline.report.sections import access, page_one
from pipeline.report.sections.listing import listing
from pipeline.report.view import View, absent

SQL = queries.beside(__file__)


TIERS = ("1", "2", "none known")
_ENDS = {"past": "past expiry, still in force", "later": "after 26 weeks", "never": "no expiry"}


def section(view: View) -> Section:
    """Grants by the week in which they end."""
    figures = (
        page_one.must_be_zero(past_expiry(view)),
        bound(view),
        access.of_grants(view, "KA-18", "Ending within 30 days", SQL["ending"], note="of active grants"),
        access.of_grants(view, "KA-03.open", "Without an expiry, on tier 1 and 2", SQL["open_ended"], note="of grants by request"),
        page_one.must_be_zero(masking_past_expiry(view)),
    )  # fmt: skip
    columns = (
        GridColumn("object", "Object", "text", True, 3, 140), GridColumn("kind", "Kind", "text", True, 1, 76),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("who", "Who", "text", False, 2, 120),
        GridColumn("decider", "Decided by", "text", False, 2, 120), GridColumn("since", "Since", "text", False, 1, 92),
        GridColumn("until", "Ends", "text", False, 1, 92), GridColumn("days_left", "Days left", "number", False, 1, 84),
        GridColumn("state", "State", "text", True, 1, 100), GridColumn("origin_id", "Rests on", "code", False, 2, 120),
        GridColumn("page", "Page and item", "code", False, 2, 120),
    )  # fmt: skip
    grants = listing(
        view,
        "expiry",
        "Grants by request, and others with an end, the soonest end first",
        columns,
        SQL["expiry"],
        height=430,
    )
    return Section("limits", "Time limits", "Time limits", (Figures(figures), _chart(view), grants))


def _chart(view: View) -> Chart:
    rows = _calendar(view)
    labels = ["past", *[str(week + 1) for week in range(26)], "later", "never"]
    slots = list(range(-1, 28))
    counts = {(row["slot"], row["tier"]): row["grants"] for row in rows}
    names = ("Tier 1", "Tier 2", "No tier known")
    colours = (charts.SEVERITY["critical"], charts.SEVERITY["high"], charts.SEVERITY["low"])
    series = [
        (name, [counts.get((slot, tier), 0) for slot in slots], colour, "")
        for name, tier, colour in zip(names, TIERS, colours, strict=True)
    ]
    tables = tables_in(SQL["calendar"])
    data = Table(
        "t-calendar",
        "Grants by the week in which they end",
        (Column("Ends"), *(Column(name, True) for name in names)),
        tuple(
            (
                _ENDS.get(label, f"in week {label}"),
                *(
                    Figure(f"C11.{slot}.{tier}", f"{label}: {name}", counts.get((slot, tier), 0), source="sql", tables=tables)
                    for name, tier in zip(names, TIERS, strict=True)
                ),
            )
            for slot, label in zip(slots, labels, strict=True)
        ),
    )  # fmt: skip
    return Chart(
        "C11", "Expiry calendar", "What ends when, what never ends?", charts.stacked(labels, series, unit="grants"), data, 300,
        "Grants by request, each on what was asked for, and others with an end of their own; roles and policies have none by nature. Weeks counted from the snapshot. "
        "The outer columns are not weeks: past = past expiry and still in force; later = after 26 weeks; never = no expiry.",
    )  # fmt: skip


def _calendar(view: View) -> list[dict[str, Any]]:
    """Grants per column of the expiry calendar (-1 past, 0-25 weeks, 26 later, 27 never) and tier."""
    return view.rows(SQL["calendar"])


def calendar_bars(view: View) -> Bars:
    """The calendar in six spans, for page one."""
    rows = _calendar(view)
    spans = (
        ("past", "Past expiry, in force", -1, -1),
        ("month", "Within 4 weeks", 0, 3),
        ("quarter", "In 5–13 weeks", 4, 12),
        ("half", "In 14–26 weeks", 13, 25),
        ("later", "Later", 26, 26),
        ("never", "No expiry", 27, 27),
    )
    total = sum(row["grants"] for row in rows)
    bars = []
    for name, label, low, high in spans:
        number = sum(row["grants"] for row in rows if low <= row["slot"] <= high)
        figure = Figure(
            f"C11.{name}", label, number, total, source="sql", tables=tables_in(SQL["calendar"])
        )
        tone: Literal["pass", "fail", "plain"] = "pass"
        if name in ("past", "never"):
            tone = "fail" if name == "past" else "plain"
        bars.append(Bar(label, figure, 0, number, tone))
    most = max(bar.length for bar in bars) or 1
    note = "Grants by request, each on what was asked for, and others with an end, on the clock of the snapshot; ACC-007 allows 24 hours more."
    return Bars("calendar", "When access ends", tuple(bars), most, note=note)


def past_expiry(view: View) -> Figure:
    """Access that should have ended, and unmasking where a rule judges it; right only at zero."""
    kpi, label = "KA-08", "Access past its expiry"
    rules = [view.rules[name] for name in ("ACC-007", "MSK-002") if name in view.rules]
    if "ACC-007" not in view.rules:
        return absent(kpi, label, "no rule ACC-007 in this rule set")
    if broken := [rule.id for rule in rules if rule.state == "error"]:
        return absent(kpi, label, f"rule {broken[0]} could not run")
    if silent := [rule.id for rule in rules if rule.state == "not_evaluated"]:
        return absent(kpi, label, f"rule {silent[0]} could not be evaluated")
    names = " and ".join(rule.id for rule in rules)
    tables = frozenset().union(*(rule.tables for rule in rules))
    row = view.rows(SQL["past_expiry"])[0]
    if row["not_evaluated"] and not row["den"]:
        return absent(kpi, label, f"none of {row['not_evaluated']:,} could be evaluated")
    figure = view.counted(
        kpi, label, SQL["past_expiry"], tables=tables, note=f"of expired access; must be zero ({names})"
    )  # fmt: skip
    return replace(figure, not_evaluated=int(row["not_evaluated"]))


def masking_past_expiry(view: View) -> Figure:
    """Columns uncovered by exceptions that should have ended."""
    return access.of_grants(
        view, "KA-08.masking", "Unmasked past its expiry", SQL["unmasked_past"], note="columns of masking exceptions in force; must be zero"
    )  # fmt: skip


def bound(view: View) -> Figure:
    """Sensitive access that ends by itself: as rule ACC-005 judges it, else counted."""
    kpi, label = "KA-03", "Time-bound sensitive access"
    if "ACC-005" in view.rules:
        return view.passing(kpi, label, "ACC-005", note="ACC-005")
    note = "of grants by request on tier 1 and 2; counted, no rule ACC-005 in this rule set"
    return access.of_grants(view, kpi, label, SQL["bound"], note=note)
