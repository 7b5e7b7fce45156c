"""How fast requests are decided, and which wait."""

from typing import Any

from pipeline.report import charts, exceptions, queries, words
from pipeline.report.basis import tables_in
from pipeline.report.page import Chart, Column, Figure, Figures, GridColumn, Section, Table
from pipeline.report.sections.listing import listing
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """Decision times by product, and pending requests."""
    decided = view.rows(SQL["decision_hours"])
    figures = Figures(_figures(view, [row["hours"] for row in decided]))
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("product", "Product", "text", True, 2, 130),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("type", "Type", "text", True, 2, 130),
        GridColumn("requester", "Requester", "text", False, 2, 120), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 120),
        GridColumn("created_at", "Requested", "text", False, 1, 92), GridColumn("days", "Days", "number", False, 1, 60),
        GridColumn("target", "Target", "text", True, 1, 96),
    )  # fmt: skip
    pending = listing(
        view, "pending", "Pending requests, oldest first", columns, SQL["pending"], height=430
    )
    return Section(
        "queue",
        "Queue and speed",
        "Queue",
        (figures, _chart(decided, view.rows(SQL["waiting_hours"])), pending),
    )


def _figures(view: View, done: list[float]) -> tuple[Figure, ...]:
    tables = tables_in(SQL["decision_hours"])
    median, p90 = charts.quantile(done, 0.5), charts.quantile(done, 0.9)
    cause = "nobody decided in the last 365 days"
    return (
        Figure("KA-06.median", "Decision time, median", _rounded(median), unit="hours", cause=cause, source="sql", tables=tables),
        Figure("KA-06.p90", "Decision time, 90th percentile", _rounded(p90), unit="hours", cause=cause, source="sql", tables=tables),
        view.counted("KA-07.pending", "Pending requests", "select count(*) as num from access_request where status = 'PENDING'"),
        exceptions.open_count(view, "KA-07", "Pending over target (ACC-004)", "rule_id = 'ACC-004'"),
    )  # fmt: skip


def _chart(decided: list[dict[str, Any]], waiting: list[dict[str, Any]]) -> Chart:
    done_by, open_by = _by_product(decided), _by_product(waiting)
    busiest = sorted(done_by.keys() | open_by.keys(), key=lambda p: (-len(done_by.get(p, [])), p))
    shown = busiest[:15]
    groups = [(name, done_by.get(name, []), open_by.get(name, [])) for name in shown]
    data = Table(
        "t-speed",
        "Elapsed hours from request to decision",
        (Column("Product"), Column("Decided", True), Column("Median", True), Column("P90", True), Column("Pending", True)),
        tuple(
            (
                name,
                Figure(f"C12.{name}.decided", "decided", len(hours), source="sql"),
                _hours(charts.quantile(hours, 0.5)),
                _hours(charts.quantile(hours, 0.9)),
                Figure(f"C12.{name}.pending", "pending", len(still), source="sql"),
            )
            for name, hours, still in groups
        ),
    )  # fmt: skip
    return Chart(
        "C12", "Decision time", "How fast, how even?",
        charts.strips(groups, "elapsed hours, logarithmic"), data, max(220, 70 + 24 * len(shown)),
        "A dot is a decision by a person in the last 365 days; hollow: still pending, at its present age. Bar: median; diamond: 90th percentile."
        + (f" The 15 products with most decisions of {words.count(len(busiest))}." if len(busiest) > 15 else ""),
    )  # fmt: skip


def _by_product(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["product"], []).append(row["hours"])
    return found


def _hours(value: float | None) -> str:
    return "–" if value is None else words.count(round(value, 1))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
