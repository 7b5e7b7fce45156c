"""Who can access what, by whose decision, until when."""

from dataclasses import replace
from typing import Any

from pipeline.report import charts, queries
from pipeline.report.basis import tables_in
from pipeline.report.page import Block, Chart, Column, Figure, Figures, GridColumn, Section, Table
from pipeline.report.sections.listing import listing
from pipeline.report.view import View, absent

SQL = queries.beside(__file__)


ORIGINS = (
    ("request", "Approved request", charts.PASS, ""),
    ("policy", "Policy", charts.PASS_2, ""),
    ("manual", "Role or added by hand", charts.PASS_3, ""),
    ("group", "Group", charts.PASS_2, "/"),
    ("project", "Project", charts.PASS_3, "/"),
    ("unknown", "Not known: data is missing", charts.BLIND, "outline"),
    ("unexplained", "No origin on record", charts.FAIL, ""),
)
TIERS = ("1", "2", "none known")
NOT_WORKED_OUT = "this snapshot was judged before grants were worked out"


def section(view: View) -> Section:
    """Grants by origin, who reaches which object, and every grant by itself."""
    objects = (
        GridColumn("name", "Object", "text", False, 4, 150), GridColumn("kind", "Kind", "text", True, 1, 76),
        GridColumn("place", "Domain", "hidden", True), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("subscription", "Subscription", "text", True, 1, 104), GridColumn("people", "People", "number", False, 1, 68),
        GridColumn("groups", "Groups", "number", False, 1, 68), GridColumn("services", "Services", "number", False, 1, 74),
        GridColumn("grants", "Grants", "number", False, 1, 68), GridColumn("bound", "With an end", "number", False, 1, 90),
        GridColumn("unexplained", "No origin", "number", False, 1, 78), GridColumn("unknown", "Not known", "number", False, 1, 84),
        GridColumn("unmasked", "Unmasked for", "number", False, 1, 104), GridColumn("owners", "Owners", "text", False, 3, 120),
        GridColumn("open", "Open exceptions", "number", False, 1, 116),
    )  # fmt: skip
    people = (
        GridColumn("person", "Who", "text", False, 3, 110), GridColumn("principal_kind", "Is a", "hidden", True),
        GridColumn("object", "Object", "text", False, 4, 150), GridColumn("kind", "Kind", "hidden", True),
        GridColumn("place", "Domain", "hidden", True), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("level", "Level", "text", True, 1, 84), GridColumn("origin", "Origin", "text", True, 2, 136),
        GridColumn("decider", "Decided by", "text", False, 2, 120), GridColumn("decided_at", "Decided", "text", False, 1, 88),
        GridColumn("since", "Since", "text", False, 1, 88), GridColumn("until", "Until", "text", False, 1, 88),
        GridColumn("via", "Through", "code", False, 2, 90), GridColumn("origin_id", "Rests on", "code", False, 2, 90),
        GridColumn("page", "Page and item", "code", False, 2, 116),
    )  # fmt: skip
    members = (
        GridColumn("product", "Product", "text", True, 3, 140), GridColumn("tier", "Tier", "number", True, 1, 48),
        GridColumn("person", "Person", "text", False, 3, 130), GridColumn("type", "Type", "text", True, 2, 130),
        GridColumn("status", "Status", "text", True, 1, 96), GridColumn("expires_at", "Ends", "text", False, 1, 92),
        GridColumn("request_id", "Request", "code", False, 2, 130),
    )  # fmt: skip
    blocks: tuple[Block, ...] = (
        Figures((active(view), unexplained(view), decided(view))),
        _origins(view),
        listing(view, "objects", "Access by object", objects, SQL["objects"], height=430),
        listing(
            view, "grants", "Who can access what, by whose decision, until when", people, SQL["grants"], height=480,
            note="Restricted: it names people. Page and item are those of the answer that shows the access; the column explanations of active_grant has every explanation there is.",
        ),
        listing(view, "members", "Members of data products", members, SQL["members"], height=430),
    )  # fmt: skip
    return Section("access", "Who can access what", "Access", blocks)


def worked_out(view: View) -> bool:
    """Whether the grants of the snapshot are there: an earlier version judged it without them, and nobody was without access."""
    return bool(
        view.value(
            "select exists (from active_grant) or not exists (from immuta_membership union all by name from product_member)"
        )
    )


def of_grants(view: View, kpi: str, label: str, sql: str, **extra: Any) -> Figure:
    """A figure over grants (num, and where it has them den and not_evaluated), or why there is none."""
    if not worked_out(view):
        return absent(kpi, label, NOT_WORKED_OUT)
    before = view.previous is not None and worked_out(view.previous)
    figure = view.counted(kpi, label, sql, before=before, **extra)
    return replace(figure, not_evaluated=int(view.rows(sql)[0].get("not_evaluated") or 0))


def active(view: View) -> Figure:
    """Access in force: who, and what to."""
    note = "principals and objects; who comes by a group is counted with it"
    return of_grants(view, "KA-01", "Active grants", SQL["active_grants"], note=note)


def unexplained(view: View) -> Figure:
    """Access that nothing on record explains: as rule MEM-002 judges it, else counted."""
    label = "Unexplained access"
    rule = view.rules.get("MEM-002")
    if rule is None:
        note = "subscriptions to tier 1 and 2; counted, no rule MEM-002 in this rule set"
        return of_grants(view, "KA-10", label, SQL["unexplained"], note=note)
    passing = view.passing("KA-10", label, "MEM-002", note="exceptions to MEM-002")
    if passing.num is None:
        return passing
    change = None if passing.change is None else _failing_change(view)
    return replace(passing, num=rule.failed, change=change, tone="fail" if rule.failed else "pass")


def _failing_change(view: View) -> int | None:
    old = view.previous.rules.get("MEM-002") if view.previous else None
    return None if old is None else view.rules["MEM-002"].failed - old.failed


def decided(view: View) -> Figure:
    """Grants on sensitive data for which the person who decided is on record."""
    return of_grants(
        view, "KA-01.decided", "Decided by a person on record", SQL["undecided"], note="tier 1 and 2, policies left out"
    )  # fmt: skip


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
        charts.stacked(labels[::-1], series, horizontal=True, unit="grants (principal, object and level)"), data, 230,
        "The strongest explanation counts: an approved request, a policy whose conditions the person meets, a role or a choice by hand, "
        "a group, a project. “Not known” is where what could explain the access was not read or not understood; "
        "“No origin on record” is where all of it was, and nothing does.",
    )  # fmt: skip
