"""Framework coverage: what the rules came to, control by control; controls that no rule measures included."""

from typing import Any

from pipeline.report import words
from pipeline.report.page import (
    Block,
    Cell,
    Code,
    Column,
    Figure,
    Fold,
    Link,
    Part,
    Prose,
    Section,
    Table,
    Text,
)
from pipeline.report.view import View

NOTE = (
    "Rules give evidence relevant to a control; they never show that it is met. Controls go by their numbers, "
    "described in our own words; rules in force are linked to their cards. A verdict counts under every control to which "
    "its rule is mapped: columns do not add up."
)


def section(view: View, chosen: tuple[str, ...] = ()) -> Section:
    """The frameworks of `chosen` (all when none are named): an overview, and a table for each to unfold."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in view.rows("from framework_coverage order by framework, framework_id, position"):
        if not chosen or row["framework_id"] in chosen:
            found.setdefault(row["framework_id"], []).append(row)
    blocks: tuple[Block, ...] = (
        Prose(NOTE, "note"),
        _overview(found),
        *(_framework(view, name, rows) for name, rows in found.items()),
    )
    return Section("frameworks", "Framework coverage", "Frameworks", blocks)


def _overview(found: dict[str, list[dict[str, Any]]]) -> Table:
    def line(name: str, rows: list[dict[str, Any]]) -> tuple[Cell, ...]:
        gaps = [row["control_id"] for row in rows if not row["measured"]]
        mapped = {rule_id for row in rows for rule_id in row["rules"]}
        in_force = mapped.difference(*(row["not_in_force"] for row in rows))
        return (
            Link(rows[0]["framework"], f"t-framework-{name}"),
            rows[0]["version"],
            Figure(f"T5.{name}.controls", "controls", len(rows), source="sql"),
            Figure(f"T5.{name}.measured", "with evidence", len(rows) - len(gaps), source="sql"),
            # as text, so that it does not become a rate: how much is mapped is no mark
            (Figure(f"T5.{name}.rules", "rules in force", len(in_force), source="sql"), f" of {words.count(len(mapped))}"),
            Figure(f"T5.{name}.gaps", "not measured", len(gaps), source="sql"),
            ", ".join(gaps) or "–",
        )  # fmt: skip

    return Table(
        "t-frameworks",
        "Frameworks",
        (
            Column("Framework"), Column("Version"), Column("Controls", True), Column("With evidence", True),
            Column("Rules in force", True), Column("Not measured", True), Column("Which"),
        ),
        tuple(line(name, rows) for name, rows in found.items()),
        empty="No framework was mapped when this snapshot was judged.",
    )  # fmt: skip


def _framework(view: View, name: str, rows: list[dict[str, Any]]) -> Fold:
    measured = sum(row["measured"] for row in rows)
    first = rows[0]
    table = Table(
        f"t-framework-{name}",
        f"{first['framework']}, {first['version']}: evidence by control",
        (
            Column("Control"), Column("In our own words"), Column("Rules"), Column("Rules evaluated", True),
            Column("Exceptions", True), Column("Not evaluated", True), Column("Statement"),
        ),
        tuple(_control(view, name, row) for row in rows),
    )  # fmt: skip
    title = (
        f"{first['framework']} ({first['version']}): {words.plural(len(rows), 'control')}, "
        f"{words.count(measured)} with evidence, {words.count(len(rows) - measured)} not measured"
    )
    return Fold(f"framework-{name}", title, (table,))


def _control(view: View, name: str, row: dict[str, Any]) -> tuple[Cell, ...]:
    in_force = [rule_id for rule_id in row["rules"] if rule_id not in row["not_in_force"]]
    tables = frozenset().union(*(view.rules[rule_id].tables for rule_id in in_force))

    def figure(part: str, label: str, number: int) -> Figure:
        kpi = f"T5.{name}.{row['control_id']}.{part}"
        return Figure(kpi, label, number, source="sql", tables=tables)

    evaluated = figure("evaluated", "rules evaluated", row["rules_evaluated"])
    counts: tuple[Cell, ...] = (None, None)
    if row["measured"]:
        counts = (
            figure("exceptions", "exceptions", row["failed"] - row["waived"]),
            figure("not_evaluated", "verdicts not evaluated", row["not_evaluated"]),
        )
    return (
        Code(row["control_id"]),
        row["title"],
        _rules(row),
        (evaluated, f" of {words.count(row['rules_mapped'])}") if row["rules"] else None,
        *counts,
        row["statement"],
    )


def _rules(row: dict[str, Any]) -> Text:
    """The rules mapped: a link to the card of each that is in force, the id alone of the others."""
    parts: list[Part] = []
    for rule_id in row["rules"]:
        parts.append(
            Code(rule_id) if rule_id in row["not_in_force"] else Link(rule_id, f"rule-{rule_id}")
        )
        parts.append(" ")
    return tuple(parts[:-1]) or "–"
