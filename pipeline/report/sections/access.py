"""Who can access what, and why."""

from pipeline.report import charts, queries
from pipeline.report.basis import tables_in
from pipeline.report.page import Block, Chart, Column, Figure, GridColumn, Section, Table
from pipeline.report.sections.listing import listing
from pipeline.report.view import View

SQL = queries.beside(__file__)


ORIGINS = (
    ("role", "Owner or expert role", charts.PASS, ""),
    ("request", "Approved request", charts.PASS_2, ""),
    ("policy", "Policy of the source", charts.PASS_3, ""),
    ("unexplained", "No origin on record", charts.FAIL, ""),
)
TIERS = ("1", "2", "none known")


def section(view: View) -> Section:
    """Grants by origin, and who reaches which data source or product."""
    objects = (
        GridColumn("name", "Data source", "text", False, 4, 160), GridColumn("place", "Domain", "text", True, 2, 110),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("subscription", "Subscription", "text", True, 1, 110),
        GridColumn("people", "People", "number", False, 1, 72), GridColumn("owners", "Owners", "number", False, 1, 72),
        GridColumn("products", "Products", "number", False, 1, 80), GridColumn("policies", "Policies", "number", False, 1, 80),
        GridColumn("open", "Open exceptions", "number", False, 1, 120),
    )  # fmt: skip
    people = (
        GridColumn("person", "Person", "text", False, 3, 130), GridColumn("source", "Data source", "text", False, 4, 160),
        GridColumn("place", "Domain", "text", True, 2, 110), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("state", "Role", "text", True, 1, 96), GridColumn("origin", "Origin", "text", True, 2, 130),
        GridColumn("since", "Since", "text", False, 1, 92),
    )  # fmt: skip
    members = (
        GridColumn("product", "Product", "text", True, 3, 140), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("person", "Person", "text", False, 3, 130), GridColumn("type", "Type", "text", True, 2, 130),
        GridColumn("status", "Status", "text", True, 1, 96), GridColumn("expires_at", "Ends", "text", False, 1, 92),
        GridColumn("request_id", "Request", "code", False, 2, 130),
    )  # fmt: skip
    blocks: tuple[Block, ...] = (
        _origins(view),
        listing(view, "objects", "Access by data source", objects, SQL["objects"], height=430),
        listing(view, "grants", "Who can access what", people, SQL["grants"], height=480),
        listing(view, "members", "Members of data products", members, SQL["members"], height=430),
    )
    return Section("access", "Who can access what", "Access", blocks)


def _origins(view: View) -> Chart:
    rows = view.rows(SQL["origin"])
    counts = {(row["tier"], row["origin"]): row["grants"] for row in rows}
    tables = tables_in(SQL["origin"])
    labels = ["Tier 1", "Tier 2", "No tier known"]
    series = [
        (title, [counts.get((tier, name), 0) for tier in TIERS][::-1], colour, pattern)
        for name, title, colour, pattern in ORIGINS
    ]
    data = Table(
        "t-origins",
        "Grants by tier and origin",
        (Column("Tier"), *(Column(title, True) for _, title, _, _ in ORIGINS)),
        tuple(
            (
                label,
                *(
                    Figure(f"C10.{tier}.{name}", f"{label}: {title}", counts.get((tier, name), 0), source="sql", tables=tables)
                    for name, title, _, _ in ORIGINS
                ),
            )
            for tier, label in zip(TIERS, labels, strict=True)
        ),
    )  # fmt: skip
    return Chart(
        "C10", "Grants by origin", "Why do people have access?",
        charts.stacked(labels[::-1], series, horizontal=True, unit="grants (person and data source)"), data, 210,
        "A grant is explained by the first that applies: a role on the source, an approved request for a product with it, "
        "or a source that is open by policy. “No origin on record” is what remains; it is no verdict (MEM-002 is not in this rule set).",
    )  # fmt: skip
