"""Who owns what, and what has no owner."""

from pipeline.report import charts, queries, reliance, words
from pipeline.report.page import (
    Chart,
    Code,
    Column,
    Figure,
    Figures,
    GridColumn,
    Prose,
    Section,
    Table,
)
from pipeline.report.sections.listing import listing
from pipeline.report.view import View, absent, against_target

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """Objects with and without owners, and how many objects each owner has."""
    owned = (
        view.passing("KA-14.assets", "Sensitive assets with an owner named", "OWN-001"),
        view.passing("KA-14.sources", "Immuta data sources with an owner", "OWN-005"),
        view.passing("KA-14.products", "Products with domain and responsible person", "DPR-001"),
        view.counted(
            "KA-15",
            "Assignments of the five busiest owners",
            "select coalesce(sum(objects) filter (where place <= 5), 0) as num, coalesce(sum(objects), 0) as den "
            f"from (select *, row_number() over (order by objects desc, owner) as place from ({SQL['owners']}))",
            before=False,
            note="of owner assignments in Purview",
        ),
    )
    columns = (
        GridColumn("kind", "Kind", "text", True, 1, 110), GridColumn("name", "Object", "text", False, 3, 140),
        GridColumn("path", "Where", "code", False, 4, 150), GridColumn("place", "Place", "text", True, 2, 110),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("state", "Owner state", "text", True, 1, 96),
        GridColumn("owners", "Owners", "text", False, 3, 130), GridColumn("open", "Open exceptions", "number", False, 1, 116),
    )  # fmt: skip
    ledger = listing(view, "ledger", "Ownership ledger: sensitive assets, Immuta data sources, products; ownerless first", columns, SQL["ledger"])  # fmt: skip
    return Section(
        "ownership",
        "Ownership",
        "Ownership",
        (Figures((*owned, live(view))), Prose(_note(view), "note"), ledger, _concentration(view)),
    )


def live(view: View) -> Figure:
    """Sensitive assets with an owner who is still there, or that no directory says so."""
    kpi, label = "KC-03", "Sensitive assets with a live owner"
    if not reliance.has_directory(view):
        cause = "no directory feed: OWN-001 counts owners named, not owners employed"
        return absent(kpi, label, cause)
    row = view.rows(SQL["live"])[0]
    return Figure(
        kpi,
        label,
        row["num"],
        row["den"],
        not_evaluated=row["not_evaluated"],
        tone=against_target(row["num"], row["den"]),
        source="rule:OWN-003",
        tables=view.rules["OWN-003"].tables | view.rules["OWN-001"].tables,
    )


def _note(view: View) -> str:
    if reliance.has_directory(view):
        return (
            "“With an owner” means that one is named. An owner is live where the directory has an open account of a "
            "person, or a group with one in it; gone means that every owner is closed, deleted, a machine or an empty group."
        )
    return "“With an owner” means that one is named: without a directory feed, nobody can tell whether that person is still there."


def _concentration(view: View) -> Chart:
    rows = view.rows(SQL["owners"])
    total, shown = sum(row["objects"] for row in rows), rows[:20]
    data = Table(
        "t-owners",
        "Objects by owner",
        (Column("Owner"), Column("Object id"), Column("Objects", True)),
        tuple(
            (
                row["name"] or "–",
                Code(row["owner"]),
                Figure(f"C13.{row['owner']}", "objects", row["objects"], source="sql"),
            )
            for row in shown
        ),
    )
    return Chart(
        "C13",
        "Ownership concentration",
        "Who carries too much?",
        charts.concentration(
            _distinct([words.clipped(row["name"] or row["owner"], 22) for row in shown]),
            [row["objects"] for row in shown],
            max(total, 1),
        ),
        data,
        330,
        f"The {len(shown)} busiest of {words.count(len(rows))} owners in Purview; bars and running share on one axis.",
    )


def _distinct(labels: list[str]) -> list[str]:
    """The labels with a number where one is there before: two owners of one name are two bars."""
    return [
        f"{label} ({labels[: at + 1].count(label)})" if label in labels[:at] else label
        for at, label in enumerate(labels)
    ]
