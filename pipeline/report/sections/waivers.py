"""Waivers on record, unfit and ended ones included, and the registers that people keep."""

from collections.abc import Mapping
from typing import Any

from pipeline.report import words
from pipeline.report.page import Code, Column, Figure, Figures, Section, Table
from pipeline.report.view import View, absent

WAIVERS = """
select
    w.id,
    w.rule_id,
    w.subject_pattern,
    w.requested_by,
    w.approved_by,
    w.ticket,
    w.expires_at,
    coalesce(v.status, 'not judged') as fit,
    coalesce(v.reason, 'no rule about waivers in force') as reason,
    count(f.subject_id) as waived
from waiver w
left join verdict v on v.subject = 'waiver' and v.subject_id = w.id
left join waiver_match m on m.waiver_id = w.id
left join verdict f on f.rule_id = m.rule_id and f.subject_id = m.subject_id and f.waived
group by all
order by w.expires_at, w.id
"""

REGISTERS = "select name, present, files, row_count, approvers from register order by present, name"

NAMED = 3
"""Approvers that a row names."""


def section(view: View) -> Section:
    """What is waived by whom until when, and which registers there are."""
    rows = view.rows(WAIVERS)
    waivers = Table(
        "t-waivers",
        "Waivers on record",
        (
            Column("Waiver"),
            Column("Rule"),
            Column("Covers"),
            Column("Failures taken out", True),
            Column("Fit to count"),
            Column("Asked for by"),
            Column("Approved by"),
            Column("Ticket"),
            Column("Until"),
        ),
        tuple(
            (
                Code(row["id"]),
                Code(row["rule_id"]),
                row["subject_pattern"],
                words.count(row["waived"]),
                "yes" if row["fit"] == "pass" else f"no: {row['reason']}",
                row["requested_by"],
                row["approved_by"],
                row["ticket"] or "–",
                words.day(row["expires_at"]),
            )
            for row in rows
        ),
        empty="None: nothing that fails is taken out of any count.",
    )
    registers = Table(
        "t-registers",
        "Registers: what people decide and no system tells",
        (Column("Register"), Column("Rows", True), Column("Approved by"), Column("Files")),
        tuple(
            (
                Code(row["name"]),
                words.count(row["row_count"]) if row["present"] else "–",
                _approved(row),
                ", ".join(row["files"])
                or f"none: registers/{row['name']}.csv in a pack would be read",
            )
            for row in view.rows(REGISTERS)
        ),
        empty="Not known: the snapshot was judged by an earlier version.",
    )
    return Section(
        "waivers", "Waivers and registers", "Waivers", (Figures(_figures(view)), waivers, registers)
    )


def _approved(row: Mapping[str, Any]) -> str:
    """Who approved what is in a register, as far as there is room."""
    if not row["row_count"] or row["approvers"] is None:
        return "–"
    if not row["approvers"]:
        return "nobody here: as shipped"
    more = len(row["approvers"]) - NAMED
    return ", ".join(row["approvers"][:NAMED]) + (f" and {more} more" if more > 0 else "")


def _figures(view: View) -> tuple[Figure, ...]:
    if not view.value("select count(*) from register"):
        return (absent("T6", "Waivers on record", "the snapshot was judged by an earlier version"),)
    return (
        view.counted("T6", "Waivers on record", "select count(*) as num from waiver", before=False),
        view.counted(
            "T6.unfit",
            "Unfit to count",
            "select count(*) filter (where status = 'fail') as num, count(*) as den "
            "from verdict where subject = 'waiver'",
            before=False,
        ),
        view.counted(
            "T6.soon",
            "Ending within 30 days",
            "select count(*) filter (where expires_at between (select as_of from shown_snapshot) "
            "and (select as_of from shown_snapshot) + interval 30 day) as num, count(*) as den from waiver",
            before=False,
        ),
    )
