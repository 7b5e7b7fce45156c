"""Whether the two systems agree on what is sensitive."""

from pipeline.report import queries
from pipeline.report.basis import tables_in
from pipeline.report.page import Code, Column, Figure, Figures, Grid, GridColumn, Section, Table
from pipeline.report.sections.listing import listing
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """Links between the two systems, and where their classes agree."""
    rows = view.rows(SQL["agreement"])
    names = ("both_systems", "purview_only", "immuta_only", "unlinked", "unknown")
    titles = (
        "Both systems",
        "Purview only",
        "Immuta only",
        "Table not linked",
        "Dictionary not read",
    )

    def sums(name: str) -> int:
        return sum(row[name] for row in rows)

    seen = sums("both_systems") + sums("purview_only") + sums("immuta_only")
    agreed = Figure("KC-16", "Columns sensitive in both systems", sums("both_systems"), seen, source="sql", tables=tables_in(SQL["agreement"]), note="of those sensitive in at least one, on linked tables")  # fmt: skip
    linked = view.counted(
        "KC-15",
        "Immuta data sources with a Purview link",
        "select count(*) filter (where exists (select 1 from link l where l.source_id = i.id and not l.ambiguous)) as num, "
        "count(*) as den from immuta_source i where not i.deleted",
        note="every cross-system figure depends on it",
    )
    doubtful = view.counted(
        "KC-15.ambiguous",
        "Ambiguous links, left out",
        "select count(*) as num from link where ambiguous",
    )
    table = Table(
        "C8",
        "Do the two systems agree? Columns by class of tier 1 and 2",
        (Column("Class"), Column("Tier", True), *(Column(title, True) for title in titles)),
        tuple(
            (
                Code(row["class_key"]),
                str(row["tier"]),
                *(
                    Figure(f"C8.{row['class_key']}.{n}", f"{row['class_key']}: {t}", row[n], source="sql", tables=tables_in(SQL["agreement"]))
                    for n, t in zip(names, titles, strict=True)
                ),
            )
            for row in rows
        ),
        note="The systems detect with different thresholds (Purview 60 % of sampled values, Immuta 90 %): disagreement is a review item, not proof of error.",
        empty="No class of tier 1 or 2 is in use.",
    )  # fmt: skip
    tags = view.passing("XSY-003.rate", "Classes with their counterpart tag", "XSY-003")
    return Section(
        "cross-system",
        "Cross-system consistency",
        "Cross-system",
        (Figures((linked, doubtful, agreed, tags)), table, _candidates(view)),
    )


def _candidates(view: View) -> Grid:
    """Pairs that no rule relies on, for a person to settle."""
    columns = (
        GridColumn("path", "In Purview", "code", False, 4, 190), GridColumn("source", "In Immuta", "text", False, 3, 150),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("method", "How", "text", True, 1, 112),
        GridColumn("confidence", "Confidence", "number", False, 1, 92), GridColumn("ambiguous", "Several", "text", True, 1, 76),
        GridColumn("reason", "Not certain because", "text", True, 5, 220),
    )  # fmt: skip
    return listing(
        view, "link-candidates", "Tables that may be one, without a link", columns, SQL["candidates"], first=10, height=260,
        note="No rule relies on these. Two names of one host are made one by the register rules/hosts of a pack.", empty="None.",
    )  # fmt: skip
