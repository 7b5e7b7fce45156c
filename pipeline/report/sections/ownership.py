"""Who owns what, and what has no owner."""

from pipeline.report import charts, queries, words
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
from pipeline.report.view import View

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
    note = Prose("“With an owner” means that one is named: without a directory feed, nobody can tell whether that person is still there.", "note")  # fmt: skip
    return Section(
        "ownership", "Ownership", "Ownership", (Figures(owned), note, ledger, _concentration(view))
    )


def _concentration(view: View) -> Chart:
    rows = view.rows(SQL["owners"])
    total, shown = sum(row["objects"] for row in rows), rows[:20]
    data = Table(
        "t-owners",
        "Objects by owner",
        (Column("Owner (object id)"), Column("Objects", True)),
        tuple(
            (
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
            [words.clipped(row["owner"], 12) for row in shown],
            [row["objects"] for row in shown],
            max(total, 1),
        ),
        data,
        330,
        f"The {len(shown)} busiest of {words.count(len(rows))} owners in Purview; bars and running share on one axis.",
    )
