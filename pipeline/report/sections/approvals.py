"""How access was granted: who approved, how much without a person."""

from dataclasses import replace

from pipeline.report import queries
from pipeline.report.page import Figure, Figures, GridColumn, Section
from pipeline.report.sections.listing import listing
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """How access was granted: independently, automatically, on behalf of others."""
    figures = (
        independent(view),
        view.counted("KA-17", "Automatic approvals", SQL["automatic"], before=False, note="no person acted; of approvals in the last 365 days"),
        view.counted("KA-17.sensitive", "Automatic, on tier 1 and 2", SQL["automatic"].replace("where ", "where t.tier in (1, 2) and "), before=False),
        view.counted("KA-16", "Approvals by the busiest approver", SQL["busiest"], before=False, note="of manual approvals in the last 365 days"),
        view.counted("KA-20", "Requests on behalf of others", "select count(*) filter (where requester_id <> user_id) as num, count(*) as den from access_request", before=False),
        view.passing("DPR-002.rate", "Products with a request form", "DPR-002"),
    )  # fmt: skip
    columns = (
        GridColumn("id", "Request", "code", False, 1, 96), GridColumn("type", "Type", "text", True, 1, 120),
        GridColumn("product", "Product", "text", True, 4, 160), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("status", "Status", "text", True, 1, 92), GridColumn("requester", "Requester", "text", False, 2, 100),
        GridColumn("beneficiary", "Beneficiary", "text", False, 2, 100), GridColumn("approvers", "Approved by", "text", False, 2, 110),
        GridColumn("created_at", "Requested", "text", False, 1, 92), GridColumn("hours", "Hours", "number", False, 1, 64),
        GridColumn("expires_at", "Ends", "text", False, 1, 92), GridColumn("verdicts", "Failing rules", "code", True, 2, 110),
    )  # fmt: skip
    requests = listing(
        view, "requests", "Access requests and their decisions", columns, SQL["requests"]
    )
    return Section("granted", "How access was granted", "Granted", (Figures(figures), requests))


def independent(view: View) -> Figure:
    """Decisions by people in which nobody approved their own request."""
    figure = view.passing(
        "KA-04", "Independently approved", "ACC-001", note="target 100 % (ACC-001)"
    )
    if figure.num is None:
        return figure
    return replace(figure, tone="pass" if figure.num == figure.den else "fail")
