"""The protection ladder: where sensitive columns are lost on the way to masking."""

from itertools import pairwise
from typing import Any

from pipeline.report import charts, queries, words
from pipeline.report.basis import tables_in
from pipeline.report.page import (
    Bar,
    Bars,
    Cell,
    Chart,
    Column,
    Figure,
    Grid,
    GridColumn,
    Prose,
    Section,
    Table,
)
from pipeline.report.view import View

SQL = queries.beside(__file__)


ENFORCEABLE = ["synapse", "databricks", "redshift", "snowflake", "trino"]
STEPS = (
    ("known", "Known sensitive"),
    ("registered", "Registered in Immuta"),
    ("governed", "Under a policy"),
    ("masked", "Masked"),
)

NOTE = (
    "Protection ladder: sensitive columns known to Purview on platforms that Immuta can enforce. Masking is known only for "
    "columns of data products, where Immuta lists it by column; a column outside any product counts as not masked: page "
    "one says how many. The ladder is read from tables, not from a rule: it is no verdict."
)


def section(view: View) -> Section:
    """The ladder by platform and tier, and the tables that are lost at its second step."""
    blocks = (_chart(_ladder(view)), Prose(NOTE, "note"), _unregistered(view))
    return Section("protection", "Protection ladder", "Protection", blocks)


def _chart(rows: list[dict[str, Any]]) -> Chart:
    totals = [sum(row[name] for row in rows) for name, _ in STEPS]
    lost = [0, *(before - after for before, after in pairwise(totals))]

    def tier(number: int) -> list[int]:
        return [sum(row[name] for row in rows if row["tier"] == number) for name, _ in STEPS]

    plot = charts.stacked(
        [label for _, label in reversed(STEPS)],
        [
            ("Tier 1, restricted", tier(1)[::-1], charts.PASS, ""),
            ("Tier 2, confidential", tier(2)[::-1], charts.PASS_2, ""),
            ("Lost at this step", lost[::-1], charts.FAIL, "/"),
        ],
        horizontal=True,
        unit="sensitive columns",
    )
    early = sum(row["masked_early"] for row in rows)
    return Chart(
        "C1", "Protection ladder", "Where do we lose coverage?", plot, _steps(rows, totals), 230,
        f"Each step holds the columns that meet it and all earlier ones. {words.count(early)} masked columns miss an earlier step and are not counted as masked.",
    )  # fmt: skip


def _steps(rows: list[dict[str, Any]], totals: list[int]) -> Table:
    def line(row: dict[str, Any]) -> tuple[Cell, ...]:
        place = f"{row['platform']}.{row['tier']}"
        steps = [_step(f"{place}.{name}", label, row[name], None) for name, label in STEPS]
        return (row["platform"], str(row["tier"]), *steps)

    known = totals[0]
    last = [
        _step(name, label, total, known if name != "known" else None)
        for (name, label), total in zip(STEPS, totals, strict=True)
    ]
    return Table(
        "t-ladder",
        "Sensitive columns at each step, by platform and tier",
        (Column("Platform"), Column("Tier", True), *(Column(label, True) for _, label in STEPS)),
        (*(line(row) for row in rows), ("All", "1, 2", *last)),
    )


def _unregistered(view: View) -> Grid:
    frame = view.frame(SQL["worst"], platforms=_enforceable(view))
    columns = (
        GridColumn("tier", "Tier", "number", True, 1, 56), GridColumn("path", "Table", "code", False, 5, 160),
        GridColumn("platform", "Platform", "text", True, 1, 96), GridColumn("place", "Collection", "text", True, 2, 110),
        GridColumn("column_count", "Sensitive columns", "number", False, 1, 84), GridColumn("classes", "Classes", "text", False, 3, 130),
    )  # fmt: skip
    total = Figure(
        "C1.unregistered",
        "Unregistered sensitive tables",
        frame.height,
        source="sql",
        tables=tables_in(SQL["worst"]),
    )
    caption = "Sensitive tables that no enabled Immuta data source stands for"
    return Grid("worst", caption, columns, frame, total, first=10, height=330)


def _step(name: str, label: str, number: int, known: int | None) -> Figure:
    return Figure(f"C1.{name}", label, number, known, source="sql", tables=tables_in(SQL["ladder"]))


def _ladder(view: View) -> list[dict[str, Any]]:
    rule = view.rules.get("XSY-001")
    confidence = rule.params.get("min_link_confidence", 0.9) if rule else 0.9
    return view.rows(SQL["ladder"], platforms=_enforceable(view), confidence=confidence)


def _enforceable(view: View) -> list[str]:
    rule = view.rules.get("XSY-001")
    return list(rule.params.get("enforceable_platforms", ENFORCEABLE)) if rule else ENFORCEABLE


def ladder_bars(view: View) -> Bars:
    """The ladder over all platforms and tiers, for page one."""
    rows = _ladder(view)
    known = sum(row["known"] for row in rows)
    bars, before = [], known
    for name, label in STEPS:
        number = sum(row[name] for row in rows)
        figure = _step(name, label, number, known if name != "known" else None)
        bars.append(Bar(label, figure, 0, number, "pass", before - number))
        before = number
    blind = sum(row["masking_unknown"] for row in rows)
    note = "Sensitive columns on enforceable platforms; each step includes the earlier ones; hatched: lost at this step."
    if blind:
        note += f" Masking not known for {words.count(blind)}: their source is in no data product."
    return Bars("ladder", "Protection ladder", tuple(bars), max(known, 1), note=note)
