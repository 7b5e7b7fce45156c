"""What the verdicts of one snapshot add up to: open exceptions, by rule, and what was not evaluated."""

from typing import Any

from pipeline.report.page import Figure
from pipeline.report.view import Rule, View

SEVERITIES = ("critical", "high", "medium", "low", "info")

FAMILIES = {
    "OWN": "Ownership and stewardship",
    "CLS": "Classification and labelling",
    "LIN": "Lineage and propagation",
    "GLO": "Glossary and documentation",
    "SCN": "Scan coverage and freshness",
    "XSY": "Cross-system consistency",
    "ACC": "Access requests and approvals",
    "MEM": "Membership and recertification",
    "MSK": "Masking exceptions",
    "POL": "Policies and purposes",
    "DPR": "Data products",
    "PLT": "Platform hygiene",
    "EVD": "Evidence quality",
}
"""Names of rule groups; a group of a pack's own goes by its prefix."""

SUBJECTS = {
    "asset": "assets",
    "asset_column": "columns",
    "entity": "columns and files",
    "data_source": "data sources",
    "scan": "scans",
    "flow": "flows of data",
    "term": "glossary terms",
    "classification_type": "classification types",
    "collection_role": "roles on collections",
    "immuta_source": "Immuta data sources",
    "immuta_column": "columns of Immuta data sources",
    "immuta_schema": "schemas with Immuta data sources",
    "immuta_user": "Immuta users",
    "link": "tables that both systems know",
    "privileged_account": "privileged accounts",
    "review_decision": "review decisions",
    "access_request": "access requests",
    "approval": "approvals",
    "data_product": "data products",
    "owner": "pairs of object and owner",
    "active_grant": "grants",
    "masking_grant": "unmasked columns",
    "immuta_policy": "policies",
    "policy_key": "policies that must be in force",
    "policy_application": "policies on data sources",
    "immuta_purpose": "purposes",
    "immuta_project": "projects",
    "waiver": "waivers",
    "estate": "estates",
    "collector": "identities that collect",
    "endpoint": "endpoints",
}
"""What the subjects of a rule are called, several of them; a test names the kinds that must be here."""


def scope(view: View, rules: list[Rule]) -> frozenset[str]:
    """The tables that a count over all exceptions of `rules` rests on; rules about what was left out add nothing to it."""
    return frozenset().union(*(rule.tables for rule in rules)) - (view.left_out - view.incomplete)


def reading(view: View, families: tuple[str, ...] = ()) -> list[Rule]:
    """The rules of `families` (all but the run checks when none are named)."""
    return [
        rule
        for rule in view.rules.values()
        if (rule.group in families if families else rule.group != "EVD")
    ]


def chosen(families: tuple[str, ...]) -> str:
    """The SQL condition for the rule groups of a report."""
    names = ", ".join(f"'{family}'" for family in families)
    return f"family in ({names})" if families else "family <> 'EVD'"


def open_count(view: View, kpi: str, label: str, where: str = "true", **extra: Any) -> Figure:
    """Open exceptions that meet `where` (over `open_finding`), run checks left out."""
    sql = f"select count(*) as num from open_finding where family <> 'EVD' and ({where})"
    return view.counted(kpi, label, sql, tables=scope(view, reading(view)), **extra)


def per_rule(view: View) -> list[dict[str, Any]]:
    """One row per rule with open exceptions, the gravest first: count, on tier 1, oldest, overdue, places."""
    return view.rows(
        """
        select
            rule_id,
            min(severity_rank) as rank,
            count(*) as open,
            count(*) filter (where severity_rank = gravest) as gravest,
            count(*) filter (where tier = 1) as tier_1,
            count(*) filter (where overdue) as overdue,
            max(age_days) as oldest,
            min(due_at) as due_at,
            list(distinct place order by place) as places
        from (
            select *, min(severity_rank) over (partition by rule_id) as gravest
            from (
                select
                    *,
                    list_position(['critical', 'high', 'medium', 'low', 'info'], severity) as severity_rank
                from open_finding
                where family <> 'EVD'
            )
        )
        group by rule_id
        order by rank, tier_1 desc, open desc, rule_id
        """
    )


def not_evaluated(view: View, families: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """One row per rule and reason: how many subjects could not be evaluated."""
    chosen = {rule.id for rule in reading(view, families)} | {"EVD-001", "EVD-002"}
    rows = view.rows(
        """
        select rule_id, reason, count(*) as subjects
        from verdict
        where status = 'not_evaluated'
        group by rule_id, reason
        order by subjects desc, rule_id, reason
        """
    )
    return [row for row in rows if row["rule_id"] in chosen]
