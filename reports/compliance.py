"""Governance compliance: is sensitive data known, owned, classified, scanned and behind enforcement?"""

from pipeline.report import exceptions, reliance
from pipeline.report.page import Figure, Figures, Front, Items, Page
from pipeline.report.sections import (
    cross_system,
    frameworks,
    method,
    ownership,
    page_one,
    places,
    protection,
    rule_cards,
    scans,
    scorecard,
    trend,
    untested,
    waivers,
    worklist,
)  # fmt: skip
from pipeline.report.view import TARGET, View, absent

TITLE = "Governance compliance"


def build(view: View) -> Page:
    """The report of one snapshot."""
    sections = (
        scorecard.section(view),
        protection.section(view),
        places.section(view),
        worklist.section(view),
        cross_system.section(view),
        scans.section(view),
        trend.section(view),
        frameworks.section(view),
        waivers.section(view),
        untested.section(view, _uncovered(view)),
        method.section(view, (protection.NOTE,)),
        rule_cards.section(view),
    )
    return Page(sections, _front(view), reliance.facts(view))


def _front(view: View) -> Front:
    return Front(
        result=(
            Figures(_headline(view), "headline"),
            protection.ladder_bars(view),
            page_one.change_bars(view),
        ),
        work=(
            page_one.work_table(view),
            Items(page_one.risks(view), numbered=True, title="Top five risks"),
            Items(page_one.decisions(view, OPTIONS), title="Decisions requested"),
        ),
        reliance=(
            Figures(_population(view), "ledger", "Population"),
            reliance.ledger(view),
            Items(reliance.limits(view), title="Limits"),
            reliance.identity(view),
        ),
    )


def _headline(view: View) -> tuple[Figure, ...]:
    if "XSY-004" in view.rules:
        first = view.passing("KC-01", "Sensitive columns protected", "XSY-004")
    else:
        first = view.passing(
            "KC-02",
            "Sensitive tables registered in Immuta",
            "XSY-001",
            note=f"target {100 * TARGET:.0f} %; by column: no rule XSY-004",
        )
    tables = exceptions.scope(view, exceptions.reading(view))
    grave = view.counted(
        "KC-06.sensitive",
        "Critical and high open on sensitive data",
        "select count(*) filter (where severity in ('critical', 'high') and tier in (1, 2)) as num, count(*) as den "
        "from open_finding where family <> 'EVD'",
        tables=tables,
        note="of all open exceptions; must be zero",
    )
    overdue = view.counted(
        "KC-07",
        "Overdue exceptions",
        "select count(*) filter (where overdue) as num, count(*) filter (where due_at is not null) as den "
        "from open_finding where family <> 'EVD'",
        tables=tables,
        note="of those with a due date; must be zero",
    )
    return (
        first,
        page_one.must_be_zero(grave, view.unjudged),
        page_one.must_be_zero(overdue, view.unjudged),
    )


def _population(view: View) -> tuple[Figure, ...]:
    queries = {
        ("KP-assets", "Assets"): "select count(*) as num from asset where status = 'ACTIVE'",
        ("KP-columns", "Columns"): "select count(*) as num from asset_column where status = 'ACTIVE'",
        ("KP-sensitive", "Sensitive columns"): "select count(*) as num from sensitive_column",
        ("KP-sources", "Immuta data sources"): "select count(*) as num from immuta_source where not deleted",
        ("KP-scanned", "Registered scan sources"): "select count(*) as num from data_source",
    }  # fmt: skip
    return tuple(view.counted(kpi, label, sql) for (kpi, label), sql in queries.items())


def _uncovered(view: View) -> tuple[Figure, ...]:
    """Figures of this report that need a rule or a feed that is not there."""
    needs = (
        ("KC-01", "Sensitive columns protected", "XSY-004"),
        ("KC-17", "Propagation breaks", "LIN-002"),
    )
    missing = [
        absent(kpi, name, f"no rule {rule_id} in this rule set")
        for kpi, name, rule_id in needs
        if rule_id not in view.rules
    ]
    return (
        *missing,
        *([] if reliance.has_directory(view) else [ownership.live(view)]),
    )  # fmt: skip


OPTIONS = {
    "XSY-001": "register the tables in Immuta, or record why a platform is out of enforcement",
    "OWN-001": "name an owner for each collection, or allow owners to be inherited",
    "CLS-004": "give each new classification a tier",
    "POL-001": "apply the baseline subscription policy, or declare the sources open data",
    "SCN-002": "repair the scans, or retire the sources",
    "ACC-001": "revoke the access, or have it approved again independently",
    "CLS-006": "rotate the secrets and remove them, or confirm word lists as test data",
}
"""What there is to choose between, for rules whose exceptions need somebody with a mandate."""
