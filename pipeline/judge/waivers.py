"""Waivers: which failing verdicts each one names, and which of them it takes out of the count.

A waiver never changes a verdict. It marks a fail as waived if the rules about waivers (subject
`waiver`, EVD-004) let it pass: expired, self-approved or over-broad ones mark nothing, nor do those whose approver
may own what fails, where owners or people could not be read.
"""

from importlib import resources

import duckdb

from pipeline.judge import holes

SUBJECT = "waiver"
"""The subject of rules about waivers; they are judged when the failing verdicts are known."""

_PEOPLE = {"identity", "immuta_user"}
"""Tables in which one missing row may be anybody."""


def match(con: duckdb.DuckDBPyConnection) -> None:
    """Fills the temp table `waiver_match`, in the columns of the public one, from `judged`."""
    lacking = holes.lacks(con)
    unread = {table for _, fed in lacking.unread for table in fed}
    unread |= {table for _, fed in lacking.missing for table in fed} & _PEOPLE
    query = resources.files(__package__).joinpath("waivers.sql").read_text("utf-8")
    con.execute(query, {"unread": sorted(unread)})


def apply(con: duckdb.DuckDBPyConnection) -> None:
    """Marks the fails in `judged` that a waiver names which every rule about it lets pass."""
    con.execute(
        """
        update judged
        set waived = true
        where status = 'fail'
            and (rule_id, subject_id) in (
                select m.rule_id, m.subject_id
                from waiver_match m
                where exists (
                    select 1 from judged w
                    where w.subject = $subject and w.subject_id = m.waiver_id and w.status = 'pass'
                )
                and not exists (
                    select 1 from judged w
                    where w.subject = $subject and w.subject_id = m.waiver_id and w.status <> 'pass'
                )
            )
        """,
        {"subject": SUBJECT},
    )
