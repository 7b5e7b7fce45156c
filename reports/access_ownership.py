"""Access and ownership: who owns what, who can see what, how access was granted and when it ends."""

from pipeline.report import reliance
from pipeline.report.page import Figure, Figures, Front, Items, Page, Text
from pipeline.report.sections import (
    access,
    approvals,
    duties,
    masking,
    method,
    ownership,
    page_one,
    privileged,
    queue,
    rule_cards,
    time_limits,
    trend,
    untested,
    worklist,
)  # fmt: skip
from pipeline.report.view import View, absent

TITLE = "Access and ownership"

FAMILIES = ("OWN", "ACC", "MEM", "MSK", "POL", "DPR", "PLT")


def build(view: View) -> Page:
    """The report of one snapshot."""
    sections = (
        ownership.section(view),
        access.section(view),
        approvals.section(view),
        duties.section(view),
        queue.section(view),
        time_limits.section(view),
        masking.section(view),
        privileged.section(view),
        worklist.section(view, FAMILIES),
        trend.section(view, FAMILIES),
        untested.section(view, _uncovered(view), FAMILIES),
        method.section(view, NOTES),
        rule_cards.section(view, FAMILIES),
    )
    return Page(sections, _front(view), reliance.facts(view))


def _front(view: View) -> Front:
    return Front(
        result=(
            Figures(_headline(view), "headline"),
            time_limits.calendar_bars(view),
            page_one.change_bars(view, FAMILIES),
        ),
        work=(
            page_one.work_table(view, FAMILIES),
            Items(page_one.risks(view, FAMILIES), numbered=True, title="Exceptions in words"),
            Items(page_one.decisions(view, OPTIONS), title="Decisions requested"),
        ),
        reliance=(
            Figures(_population(view), "ledger", "Population"),
            reliance.ledger(view, FAMILIES),
            Figures(_uncovered(view)[:3], "ledger", "Not evaluated"),
            Items((*reliance.limits(view)[:1], "Native grants outside Immuta are not visible."), title="Limits"),
            reliance.identity(view),
        ),
    )  # fmt: skip


def _headline(view: View) -> tuple[Figure, ...]:
    return (
        page_one.must_be_zero(time_limits.past_expiry(view)),
        approvals.independent(view),
        view.counted(
            "KA-02", "People who can see tier 1 data", access.SQL["sees_tier_1"], note="of active Immuta users"
        ),
    )  # fmt: skip


def _population(view: View) -> tuple[Figure, ...]:
    queries = {
        ("KP-requests", "Access requests"): "select count(*) as num from access_request",
        ("KP-products", "Data products"): "select count(*) as num from data_product",
        ("KP-sources", "Immuta data sources"): "select count(*) as num from immuta_source where not deleted",
        ("KP-users", "Active Immuta users"): "select count(*) as num from immuta_user where not disabled",
    }  # fmt: skip
    return (
        *(view.counted(kpi, label, sql) for (kpi, label), sql in queries.items()),
        access.active(view),
    )


def _uncovered(view: View) -> tuple[Figure, ...]:
    """Figures of this report that need a rule, a feed or a register that is not there."""
    feed = (
        "no rule MEM-001 in this rule set" if reliance.has_directory(view) else "no directory feed"
    )
    needs = (
        ("KA-09", "Access of departed people", "MEM-001", feed),
        ("KA-11", "Recertified on time", "MEM-003", "no recertification register"),
        ("KA-05", "Fully evidenced approvals", "ACC-011", "no rules ACC-002, ACC-008, ACC-011 in this rule set"),
        ("KA-12", "Revocations carried out", "MEM-005", "no recertification register"),
        ("C15", "Person and product matrix", "MEM-008", "not drawn; the members table lists every pair"),
    )  # fmt: skip
    return tuple(
        absent(kpi, name, cause) for kpi, name, rule_id, cause in needs if rule_id not in view.rules
    )


OPTIONS = {
    "ACC-007": "revoke the access, or extend it by a new request",
    "ACC-001": "revoke the access, or have it approved again independently",
    "OWN-001": "name an owner for each collection, or allow owners to be inherited",
    "OWN-003": "hand the objects over to successors, or to the managers of those who left",
    "OWN-005": "add an owner (a group, better) to each data source",
    "POL-001": "apply the baseline subscription policy, or declare the sources open data",
    "DPR-002": "attach a request form, or suspend the product",
    "ACC-004": "have deputies decide, or close abandoned requests",
}
"""What there is to choose between, for rules whose exceptions need somebody with a mandate."""

NOTES: tuple[Text, ...] = (
    "A grant is a person, group or service, an object (a data source that is not disabled, a data product that is not suspended, a project) and a level of access in force. "
    "A person's access to a data source by way of a product counts on both. "
    "A product's tier is the strictest of its sources; a source's is that of the linked Purview table or of its own tags.",
    "Decision time is elapsed time from the request to the last approval record with a person, nights and weekends included.",
    "The audit period is the 365 days before the snapshot.",
)
