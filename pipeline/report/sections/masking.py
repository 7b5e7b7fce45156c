"""Who sees clear values by exception, until when, and whether that is known to work."""

from pipeline.report import queries
from pipeline.report.page import Figures, GridColumn, Prose, Section
from pipeline.report.sections.access import of_grants
from pipeline.report.sections.listing import listing
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """Masking exceptions in force, by column."""
    figures = (
        of_grants(view, "KA-13", "Masking exceptions in force", SQL["in_force"]),
        of_grants(view, "KA-13.bound", "With an expiry", SQL["bound"]),
        of_grants(view, "KA-13.pairs", "People and tier 1 columns", SQL["pairs"], note="uncovered, or approved to be"),
        of_grants(view, "KA-13.lifted", "Known to uncover", SQL["certain"], note="columns; the others are not masked or out of reach"),
        of_grants(view, "KA-13.idle", "Without access to the source", SQL["idle"], note="columns; they come alive when access returns"),
    )  # fmt: skip
    columns = (
        GridColumn("request_id", "Request", "code", False, 2, 110), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 110),
        GridColumn("source", "Data source", "text", True, 3, 130), GridColumn("column_name", "Column", "code", False, 2, 110),
        GridColumn("classes", "Classes", "text", True, 2, 110), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("purpose", "Purpose", "text", True, 1, 96), GridColumn("approver", "Approved by", "text", False, 2, 110),
        GridColumn("approved_at", "Approved", "text", False, 1, 88), GridColumn("until", "Ends", "text", False, 1, 88),
        GridColumn("base", "Has access", "text", True, 1, 88), GridColumn("masking", "Masked by", "text", True, 1, 104),
        GridColumn("effective", "Effect", "text", True, 1, 84), GridColumn("reason", "Because", "text", True, 4, 190),
        GridColumn("page", "Page and item", "code", False, 2, 120),
    )  # fmt: skip
    grid = listing(
        view, "masking-exceptions", "Who sees clear values by exception", columns, SQL["columns"], first=10, height=330
    )  # fmt: skip
    note = Prose(
        "An approval alone is no proof of clear values: a policy that names whom it masks for takes no notice of exceptions. "
        "The effect is “lifted” only where the app lists the column as unmasked for the person, the person has access, and every "
        "masking rule on the column could be read. Purpose: whether the form that the request was made with has a question that must be answered.",
        "note",
    )
    return Section("masking", "Masking exceptions", "Masking", (Figures(figures), grid, note))
