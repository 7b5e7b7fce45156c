"""Which data sources are scanned, and how long ago."""

from typing import Any

from pipeline.report import charts, queries, words
from pipeline.report.page import Chart, Code, Column, Figures, Grid, GridColumn, Section, Table
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """Registered data sources with their last scans, the stalest first."""
    frame = view.frame(SQL["scans"])
    grid = Grid(
        "sources",
        "Registered data sources",
        (
            GridColumn("name", "Data source", "code", False, 3, 130), GridColumn("kind", "Kind", "text", True, 2, 100),
            GridColumn("place", "Collection", "text", True, 2, 110), GridColumn("schedule", "Schedule", "text", True, 1, 80),
            GridColumn("last_success", "Last success", "text", False, 1, 88), GridColumn("days", "Days", "number", False, 1, 64),
            GridColumn("last_full", "Last full", "text", False, 1, 88), GridColumn("last_result", "Last run", "text", True, 1, 96),
            GridColumn("assets", "Assets seen", "number", False, 1, 64), GridColumn("verdict", "Verdict", "text", True, 4, 190),
        ),
        frame,
        view.counted("T4", "Registered data sources", "select count(*) as num from data_source", before=False),
        first=24,
        height=400,
    )  # fmt: skip
    figures = Figures(
        (
            view.passing("SCN-001.rate", "Sources on a scan schedule", "SCN-001"),
            view.passing("SCN-002.rate", "Scheduled sources scanned on time", "SCN-002"),
            view.passing(
                "CLS-001.rate", "Datasets with a classification decision (KC-04)", "CLS-001"
            ),
        )
    )
    return Section(
        "scans",
        "Scan coverage and freshness",
        "Scans",
        (figures, _freshness(view, frame.to_dicts()), grid),
    )


def _freshness(view: View, found: list[dict[str, Any]]) -> Chart:
    rule = view.rules.get("SCN-002")
    limit = float(rule.params.get("stale_days", 30)) if rule else 30.0
    rows = [row for row in found if row["days"] is not None]
    shown = sorted(rows, key=lambda row: (row["days"], row["name"]))[-40:]
    never = len(found) - len(rows)
    notes = [
        f"{words.days(round(r['days'], 1))} since the last success; last run {r['last_result']}"
        for r in shown
    ]
    data = Table(
        "t-freshness",
        "Days since the last successful scan",
        (Column("Data source"), Column("Days", True), Column("Last run")),
        tuple(
            (Code(row["name"]), words.count(row["days"]), row["last_result"])
            for row in reversed(shown)
        ),
    )
    return Chart(
        "C7", "Scan freshness", "Which sources are stale?",
        charts.dots([r["name"] for r in shown], [r["days"] for r in shown], [r["last_result"] != "Succeeded" for r in shown], notes, limit=limit, cap=180, unit="days since the last successful scan (axis ends at 180)"),
        data, max(200, 70 + 19 * len(shown)),
        "Hollow: the last run did not succeed."
        + (f" Not drawn, in the table below: {words.plural(never, 'source')} without a successful scan." if never else "")
        + (f" The 40 stalest of {words.count(len(rows))}." if len(rows) > 40 else ""),
    )  # fmt: skip
