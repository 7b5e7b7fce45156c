"""How the figures come about, in words."""

from pipeline.report import words
from pipeline.report.page import Code, Column, Items, Section, Table, Text
from pipeline.report.reliance import ruleset
from pipeline.report.view import AMBER, TARGET, View


def section(view: View, notes: tuple[Text, ...] = ()) -> Section:
    """How the figures come about, in words."""
    principles: tuple[Text, ...] = (
        "A rule is a query for its population and a verdict for each member: pass, fail or not evaluated. "
        "Missing data is never a pass and never a fail.",
        "Rate = pass / (pass + fail). Waived exceptions count as failing. Members that were not evaluated stay "
        "outside the rate and inside the population; below 95 % evaluated, a rate is marked incomplete and has no colour.",
        f"Counts stand before rates; below a denominator of {words.SMALL_POPULATION} only the count is printed.",
        f"Target {100 * TARGET:.0f} %, lower line {100 * AMBER:.0f} %; at “must be zero”, any value above zero is drawn as failing.",
        f"One clock: every age and expiry is measured at {words.minute(view.as_of)}, the time of the snapshot.",
        "An exception is an open finding: a failing verdict that is not waived, followed over snapshots. "
        "Due: 2 days after it opened for critical, 14 for high, 45 for medium, 120 for low.",
        "A change compares with the snapshot named in the title line. Objects that came into or went out of scope are "
        "shown apart from those that were fixed or newly failed.",
        "Restricted (tier 1) and confidential (tier 2) classes come from the sensitivity map of the snapshot. "
        "Sensitive means tier 1 or 2.",
        *notes,
    )
    run = view.snapshot
    return Section(
        "method",
        "Method",
        "Method",
        (
            Items(principles),
            Table(
                "t-run",
                "This snapshot",
                (Column("Fact"), Column("Value")),
                (
                    ("Snapshot", Code(run.id)),
                    ("Collection started", words.minute(run.started_at)),
                    ("Sealed", words.minute(run.sealed_at)),
                    ("Collection run", Code(run.run_id)),
                    ("Checks of the quality gate", words.count(run.gate_checks)),
                    ("Rule set (sha256)", Code(ruleset(view))),
                    ("Configuration (sha256)", Code(run.config_sha256)),
                    ("Pass Muster", run.tool_version),
                ),
            ),
        ),
    )
