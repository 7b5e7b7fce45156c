"""Separation of duties: who approved their own access."""

from pipeline.report import queries, words
from pipeline.report.page import Code, Column, Figure, Figures, Prose, Section, Table
from pipeline.report.sections import approvals
from pipeline.report.view import View

SQL = queries.beside(__file__)


def section(view: View) -> Section:
    """Requests approved by the requester or the beneficiary."""
    rows = view.rows(SQL["self_approved"])
    rule = view.rules.get("ACC-001")
    tables = rule.tables if rule else frozenset()
    table = Table(
        "t-duties",
        "Requests approved by the requester or the beneficiary (ACC-001)",
        (Column("Request"), Column("Product"), Column("Tier", True), Column("Condition"), Column("Other approvers", True), Column("Status"), Column("Finding")),
        tuple(
            (
                Code(row["id"]), row["product"], row["tier"] or "–", row["reason"],
                Figure(f"duty.{row['id']}", "other independent approvers", row["others"], source="sql", tables=tables),
                row["status"].lower(), Code(row["finding_id"]),
            )
            for row in rows[:200]
        ),
        note=f"The first 200 of {words.count(len(rows))}." if len(rows) > 200 else "",
        empty="No exceptions."
        if rule and rule.population
        else "Not tested: ACC-001 has no population in this snapshot.",
    )  # fmt: skip
    rest = Prose("Not covered by a rule: two approvers for tier 1 (ACC-012), incompatible permissions (PLT-005), creator as only approver (DPR-006).", "note")  # fmt: skip
    return Section("duties", "Separation of duties", "Duties", (Figures((approvals.independent(view),)), table, rest))  # fmt: skip
