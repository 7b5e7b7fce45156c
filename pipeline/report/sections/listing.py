"""A grid of what a query returns."""

from typing import Any

from pipeline.report import words
from pipeline.report.basis import tables_in
from pipeline.report.page import Figure, Grid, GridColumn
from pipeline.report.view import View

ROW_LIMIT = 50_000


def listing(
    view: View, name: str, caption: str, columns: tuple[GridColumn, ...], sql: str, **extra: Any
) -> Grid:
    """A grid of what `sql` returns, cut at the row limit, with the full count above it."""
    frame = view.frame(f"{sql}\nlimit {ROW_LIMIT}")
    total = (
        view.value(f"select count(*) from ({sql})") if frame.height == ROW_LIMIT else frame.height
    )
    note = extra.pop("note", "")
    if total > frame.height:
        note = (
            f"The first {words.count(ROW_LIMIT)} rows in this order; all with `muster sql`. {note}"
        )
    figure = Figure(f"T.{name}", caption, total, source="sql", tables=tables_in(sql))
    return Grid(name, caption, columns, frame, figure, note=note, **extra)
