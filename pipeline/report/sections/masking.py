"""Who sees clear values by exception."""

from pipeline.report.page import Figures, GridColumn, Prose, Section
from pipeline.report.sections.approvals import SQL
from pipeline.report.sections.listing import listing
from pipeline.report.view import View


def section(view: View) -> Section:
    """Masking exceptions in force."""
    figures = (
        view.counted(
            "KA-13", "Masking exceptions in force", "select count(*) as num from access_request where type = 'MASKING_EXCEPTION' and status = 'APPROVED'"
        ),
        view.counted(
            "KA-13.bound", "With an expiry", "select count(expires_at) as num, count(*) as den from access_request "
            "where type = 'MASKING_EXCEPTION' and status = 'APPROVED'", before=False,
        ),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 2, 120), GridColumn("product", "Product", "text", True, 2, 130),
        GridColumn("tier", "Tier", "number", True, 1, 48), GridColumn("beneficiary", "Beneficiary", "text", False, 2, 120),
        GridColumn("approvers", "Approved by", "text", False, 2, 130), GridColumn("created_at", "Requested", "text", False, 1, 92),
        GridColumn("expires_at", "Ends", "text", False, 1, 92),
    )  # fmt: skip
    sql = f"select * from ({SQL['requests']}) where type = 'masking exception' and status = 'approved' order by tier nulls last, id"
    grid = listing(view, "masking-exceptions", "Who sees clear values by exception", columns, sql, first=10, height=330)  # fmt: skip
    note = Prose(
        "Which columns an exception uncovers is not collected; no MSK rule judges them.", "note"
    )
    return Section("masking", "Masking exceptions", "Masking", (Figures(figures), grid, note))
