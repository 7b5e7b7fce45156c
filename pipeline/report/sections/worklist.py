"""All open exceptions, to search and filter."""

from pipeline.report import exceptions, queries
from pipeline.report.page import Figure, Grid, GridColumn, Section
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View, families: tuple[str, ...] = ()) -> Section:
    """All open exceptions, the gravest first, to search and filter."""
    sql = SQL["open_exceptions"].format(families=exceptions.chosen(families))
    frame = view.frame(sql)
    total = Figure(
        "KC-06",
        "Open exceptions",
        frame.height,
        source="sql",
        tables=exceptions.scope(view, exceptions.reading(view, families)),
    )
    columns = (
        GridColumn("severity", "Sev.", "severity", True, 1, 46),
        GridColumn("rule_id", "Rule", "code", True, 1, 76),
        GridColumn("name", "Object", "text", False, 5, 150),
        GridColumn("path", "Where", "code", False, 4, 130),
        GridColumn("place", "Place", "text", True, 2, 100),
        GridColumn("tier", "Tier", "number", True, 1, 44),
        GridColumn("owner", "Owner", "text", False, 1, 80),
        GridColumn("status", "Status", "text", True, 1, 66),
        GridColumn("age_days", "Days", "number", False, 1, 50),
        GridColumn("due_at", "Due", "text", False, 1, 88),
        GridColumn("reason", "Condition", "text", False, 5, 170),
        GridColumn("overdue", "Overdue", "hidden", True),
        GridColumn("first_seen", "First seen", "hidden"),
        GridColumn("id", "Finding", "hidden"),
    )
    grid = Grid(
        "exceptions",
        "Open exceptions",
        columns,
        frame,
        total,
        detail=True,
        note="A row opens the finding: criteria, condition, effect, recommendation, and the command that walks back to the bytes received.",
        empty="No open exceptions.",
    )
    return Section("worklist", "Exceptions", "Exceptions", (grid,))
