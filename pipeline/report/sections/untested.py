"""What could not be tested: missing answers, verdicts not reached, figures without a rule or a feed."""

from typing import Any

from pipeline.report import exceptions, words
from pipeline.report.page import Cell, Code, Column, Figure, Section, Table
from pipeline.report.view import View

_GAPS_SHOWN = 200
_REASONS_SHOWN = 100


def section(view: View, uncovered: tuple[Figure, ...], families: tuple[str, ...] = ()) -> Section:
    """Missing answers, verdicts not reached, and `uncovered`: figures without a rule or a feed."""
    missing = Table(
        "t-uncovered",
        "Figures this report cannot give yet",
        (Column("Figure"), Column("Name"), Column("Cause")),
        tuple((Code(figure.kpi), figure.label, figure) for figure in uncovered),
    )
    blocks = (_gaps(view), _not_reached(view, families), missing, _reconciliation(view))
    return Section("untested", "What could not be tested", "Not tested", blocks)


def _gaps(view: View) -> Table:
    total = int(view.value("select count(*) from gap"))
    rows = view.rows(
        "select endpoint, key, array_to_string(tables, ', ') as tables, status, reason "
        f"from gap order by endpoint, key limit {_GAPS_SHOWN}"
    )

    def line(row: dict[str, Any]) -> tuple[Cell, ...]:
        status = str(row["status"] or "–")
        return (Code(row["endpoint"]), Code(row["key"]), row["tables"], status, row["reason"])

    return Table(
        "t-gaps",
        "Calls without a full answer: data missing from this snapshot",
        (
            Column("Endpoint"),
            Column("About"),
            Column("Tables that lack rows"),
            Column("HTTP", True),
            Column("Reason"),
        ),
        tuple(line(row) for row in rows),
        note=f"The first {_GAPS_SHOWN} of {words.count(total)}." if total > _GAPS_SHOWN else "",
        empty="None: every call was answered in full.",
    )


def _not_reached(view: View, families: tuple[str, ...]) -> Table:
    rows = exceptions.not_evaluated(view, families)

    def line(number: int, row: dict[str, Any]) -> tuple[Cell, ...]:
        name = f"blind.{row['rule_id']}.{number}"
        figure = Figure(name, row["reason"], row["subjects"], source="sql")
        return (Code(row["rule_id"]), row["reason"], figure)

    few = len(rows) <= _REASONS_SHOWN
    return Table(
        "t-blind",
        "Verdicts not reached, by rule and reason",
        (Column("Rule"), Column("Reason"), Column("Subjects", True)),
        tuple(line(number, row) for number, row in enumerate(rows[:_REASONS_SHOWN])),
        note="" if few else f"The first {_REASONS_SHOWN} of {words.count(len(rows))} reasons.",
        empty=_none_unreached(view, families),
    )


def _none_unreached(view: View, families: tuple[str, ...]) -> str:
    silent = [rule.id for rule in exceptions.reading(view, families) if rule.state != "evaluated"]
    if silent:
        return f"Who would be judged by {words.listed(silent)} is not known."
    return "None: every member of every population has a verdict."


def _reconciliation(view: View) -> Table:
    rows = view.rows(
        "select endpoint, verdict, server_total, row_count, distinct_keys, failed, note "
        "from reconciliation order by verdict <> 'incomplete', verdict, endpoint"
    )

    def line(row: dict[str, Any]) -> tuple[Cell, ...]:
        total = "–" if row["server_total"] is None else words.count(row["server_total"])
        counts = [words.count(row[name]) for name in ("row_count", "distinct_keys", "failed")]
        verdict = row["verdict"].replace("_", " ")
        return (Code(row["endpoint"]), verdict, total, *counts, row["note"] or "")

    return Table(
        "t-reconciliation",
        "Reconciliation of every endpoint with what the server said",
        (
            Column("Endpoint"),
            Column("Verdict"),
            Column("Server total", True),
            Column("Items read", True),
            Column("Distinct", True),
            Column("Calls given up", True),
            Column("Note"),
        ),
        tuple(line(row) for row in rows),
    )
