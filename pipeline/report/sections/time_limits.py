"""When access ends, and what never ends."""

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
from pipeline.report.sections import page_one
from pipeline.report.sections.listing import listing
from pipeline.report.view import View, absent

SQL = queries.beside(__file__)


TIERS = ("1", "2", "none known")
_ENDS = {"past": "past expiry, still approved", "later": "after 26 weeks", "never": "no expiry"}


def section(view: View) -> Section:
    """Approved access by the week in which it ends."""
    figures = (
        page_one.must_be_zero(past_expiry(view)),
        view.counted("KA-18", "Ending within 30 days", SQL["ending"], before=False, note="of approved data access"),
        view.counted("KA-03.open", "Without an expiry, on tier 1 and 2", SQL["open_ended"], before=False, note="a count, no verdict: no rule ACC-005"),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("product", "Product", "text", True, 2, 130),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 120),
        GridColumn("created_at", "Requested", "text", False, 1, 92), GridColumn("expires_at", "Ends", "text", False, 1, 92),
        GridColumn("days_left", "Days left", "number", False, 1, 84), GridColumn("state", "State", "text", True, 1, 110),
    )  # fmt: skip
    grants = listing(
        view,
        "expiry",
        "Approved data access, the soonest end first",
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
        "Approved data access by the week in which it ends",
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
        "Weeks counted from the snapshot. The outer columns are not weeks: past = expired and still approved; later = after 26 weeks; never = no expiry.",
    )  # fmt: skip


def _calendar(view: View) -> list[dict[str, Any]]:
    """Grants by request per column of the expiry calendar (-1 past, 0-25 weeks, 26 later, 27 never) and tier."""
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
    note = "Approved data access by the end of its request, on the clock of the snapshot; ACC-007 allows 24 hours more and counts who is still listed."
    return Bars("calendar", "When access ends", tuple(bars), most, note=note)


def past_expiry(view: View) -> Figure:
    """Access that should have ended; right only at zero."""
    rule = view.rules.get("ACC-007")
    if rule is None:
        return absent("KA-08", "Access past its expiry", "no rule ACC-007 in this rule set")
    return view.counted(
        "KA-08",
        "Access past its expiry",
        SQL["past_expiry"],
        tables=rule.tables,
        note="of expired access; must be zero (ACC-007)",
    )
