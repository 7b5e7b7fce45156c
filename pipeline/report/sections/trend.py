"""Open exceptions over snapshots, what moved them, how old they are."""

from dataclasses import replace

from pipeline.report import changes, charts, exceptions, words
from pipeline.report.changes import Flow
from pipeline.report.exceptions import SEVERITIES
from pipeline.report.page import (
    Block,
    Chart,
    Code,
    Column,
    Figure,
    Figures,
    Section,
    Severity,
    Table,
)
from pipeline.report.view import View

AGE_BINS = ((0, 2), (3, 14), (15, 45), (46, 120), (121, 365), (366, None))
"""Days; the upper ends of the first four are the targets of the four severities."""


def section(view: View, families: tuple[str, ...] = ()) -> Section:
    """Open exceptions over snapshots, what moved them, and how old they are."""
    blocks: list[Block] = [_over_time(view, families)]
    flows = changes.since_previous(view, families)
    if flows:
        blocks.append(_waterfall(flows, exceptions.scope(view, exceptions.reading(view, families))))
    blocks += [_speed(view, families), _ages(view, families)]
    return Section("trend", "Trend", "Trend", tuple(blocks))


def _over_time(view: View, families: tuple[str, ...]) -> Chart:
    rows = changes.over_time(view, families)
    tables = exceptions.scope(view, exceptions.reading(view, families))
    whole = [row for row in rows if row["complete"]]
    series = [
        (name.title(), [row[name] for row in whole], charts.SEVERITY[name])
        for name in SEVERITIES[:4]
    ]
    data = Table(
        "t-over-time",
        "Open exceptions by snapshot",
        (
            Column("Snapshot"),
            *(Column(name.title(), True) for name in SEVERITIES[:4]),
            Column("Remark"),
        ),
        tuple(
            (
                Code(row["id"]),
                *(
                    Figure(f"C2.{row['id']}.{n}", n, row[n], source="sql", tables=tables)
                    for n in SEVERITIES[:4]
                ),
                "; ".join(
                    ["incomplete: not drawn"] * (not row["complete"])
                    + ["rule set or parameters changed"] * row["rules_changed"]
                    + [f"{words.plural(row['silent'], 'rule')} could not be evaluated"]
                    * row["silent_changed"]
                ),
            )
            for row in rows
        ),
    )
    few = " Fewer than eight snapshots: no slope is put into words." if len(rows) < 8 else ""
    return Chart(
        "C2",
        "Open exceptions over time",
        "Is it getting better?",
        charts.columns_over_time(
            [row["as_of"] for row in whole],
            series,
            [row["as_of"] for row in rows if row["rules_changed"] or row["silent_changed"]],
            [row["as_of"] for row in rows if not row["complete"]],
        ),
        data,
        300,
        "One column a snapshot, at its time; missing and incomplete nights stay empty." + few,
    )


def _waterfall(flows: list[Flow], tables: frozenset[str]) -> Chart:
    kinds = [
        "end" if f.sign == 0 else "scope" if f.scope else "worse" if f.sign > 0 else "better"
        for f in flows
    ]
    values = [flow.number if flow.sign >= 0 else -flow.number for flow in flows]
    return Chart(
        "C3",
        "Change since the previous snapshot",
        "Why did it change?",
        charts.waterfall([flow.name for flow in flows], values, kinds),
        Table(
            "t-changes",
            "From open before to open now; the steps add up",
            (Column("Step"), Column("Exceptions", True)),
            tuple(
                (
                    flow.name,
                    Figure(
                        f"C3.{i}",
                        flow.name,
                        value,
                        source="sql",
                        tables=tables,
                        signed=flow.sign != 0,
                    ),
                )
                for i, (flow, value) in enumerate(zip(flows, values, strict=True))
            ),
        ),
        300,
    )


def _speed(view: View, families: tuple[str, ...]) -> Figures:
    where = exceptions.chosen(families)
    tables = exceptions.scope(view, exceptions.reading(view, families))
    recent = "(select as_of from shown_snapshot) - interval 90 day"
    family = where.replace("family", "split_part(rule_id, '-', 1)")
    queries = {
        ("KC-08.median", "Age of open exceptions, median"): f"select quantile_disc(age_days, 0.5) as num from open_finding where {where}",
        ("KC-08.p90", "Age, 90th percentile"): f"select quantile_disc(age_days, 0.9) as num from open_finding where {where}",
        ("KC-09", "Time to resolve, median of the last 90 days"): "select quantile_disc(date_diff('day', opened_at, resolved_at), 0.5) as num "
        f"from finding where status = 'resolved' and resolved_at >= {recent} and {family}",
        ("KC-09.count", "Resolved in the last 90 days"): f"select count(*) as num from finding where status = 'resolved' and resolved_at >= {recent} and {family}",
        ("KC-10", "Open again within the last 90 days"): f"select count(*) as num from finding where reopened_count > 0 and status <> 'resolved' and opened_at >= {recent} and {family}",
    }  # fmt: skip
    found = []
    for (kpi, label), sql in queries.items():
        figure = view.counted(kpi, label, sql, tables=tables, before=False)
        if figure.num is None:
            figure = replace(figure, cause="nothing to measure yet")
        elif label.startswith(("Age", "Time")):
            figure = replace(figure, unit="day" if figure.num == 1 else "days")
        found.append(figure)
    return Figures(tuple(found))


def _ages(view: View, families: tuple[str, ...]) -> Chart:
    names = ["0–2", "3–14", "15–45", "46–120", "121–365", "over 365"]
    cases = " ".join(
        f"when age_days <= {high} then {i}" for i, (_, high) in enumerate(AGE_BINS) if high
    )
    rows = view.rows(
        f"select severity, case {cases} else 5 end as bin, count(*) as open "
        f"from open_finding where {exceptions.chosen(families)} group by all order by all"
    )
    tables = exceptions.scope(view, exceptions.reading(view, families))
    medians = {
        row["severity"]: row["median"]
        for row in view.rows(
            "select severity, quantile_disc(age_days, 0.5) as median "
            f"from open_finding where {exceptions.chosen(families)} group by severity"
        )
    }
    counts = {(row["severity"], row["bin"]): row["open"] for row in rows}
    panels = []
    for name in SEVERITIES[:4]:
        middle = f"median {words.days(medians[name])}" if name in medians else "none open"
        panels.append(
            (
                name.title(),
                [counts.get((name, b), 0) for b in range(6)],
                charts.SEVERITY[name],
                middle,
            )
        )
    table = Table(
        "t-ages",
        "Open exceptions by age in days",
        (Column("Severity"), *(Column(name, True) for name in names)),
        tuple(
            (
                Severity(severity),
                *(
                    Figure(
                        f"C6.{severity}.{b}",
                        f"{severity}, {names[b]} days",
                        counts.get((severity, b), 0),
                        source="sql",
                        tables=tables,
                    )
                    for b in range(6)
                ),
            )
            for severity in SEVERITIES[:4]
        ),
    )
    return Chart(
        "C6",
        "Age of open exceptions",
        "Do we sit on old items?",
        charts.histograms(panels, names, [0.5, 1.5, 2.5, 3.5]),
        table,
        280,
        "Days since the exception opened; the dashed line is the target of the severity.",
    )
