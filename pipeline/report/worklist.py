"""Parts that every report has: who has work where, what changed, all exceptions."""

from dataclasses import replace
from typing import Literal

from pipeline.report import exceptions, words
from pipeline.report.exceptions import Flow
from pipeline.report.page import (
    Bar,
    Bars,
    Block,
    Column,
    Figure,
    Grid,
    GridColumn,
    Link,
    Prose,
    Section,
    Table,
)
from pipeline.report.view import View


def must_be_zero(figure: Figure) -> Figure:
    """`figure` in the tone of a count that is right only at zero."""
    return figure if figure.num is None else replace(figure, tone="fail" if figure.num else "pass")


def chosen(families: tuple[str, ...]) -> str:
    """The SQL condition for the rule groups of a report."""
    names = ", ".join(f"'{family}'" for family in families)
    return f"family in ({names})" if families else "family <> 'EVD'"


def change_bars(view: View, families: tuple[str, ...] = ()) -> Block:
    """Page one's bridge from the exceptions open before to those open now."""
    flows = exceptions.changes(view, families)
    if not flows or view.previous is None:
        return Prose("First snapshot: there is nothing to compare with yet.", "note")
    tables = exceptions.scope(exceptions.reading(view, families))
    bars: list[Bar] = []
    level, levels = 0, []
    for position, flow in enumerate(flows):
        after = flow.number if flow.sign == 0 else level + flow.sign * flow.number
        start = after if flow.sign == 0 else min(level, after)
        figure = Figure(
            f"C3.{position}",
            flow.name,
            flow.number * (flow.sign or 1),
            source="sql",
            tables=tables,
            signed=flow.sign != 0,
        )
        bars.append(Bar(flow.name, figure, start, flow.number if flow.sign else 0, _tone(flow)))
        level = after
        levels += [start, after]
    room = max((max(levels) - min(levels)) * 0.08, 1)
    zero = max(min(levels) - room, 0)
    return Bars(
        "changes",
        f"Open exceptions: what changed since {words.day(view.previous.as_of)}",
        tuple(bars),
        max(levels) + room,
        zero,
        f"Axis starts at {words.count(round(zero))}. Grey: what is looked at changed, not how well it is kept.",
    )


def _tone(flow: Flow) -> Literal["end", "pass", "fail", "plain"]:
    if flow.sign == 0:
        return "end"
    return "plain" if flow.scope else "fail" if flow.sign > 0 else "pass"


def work_table(view: View, families: tuple[str, ...] = (), limit: int = 6) -> Table:
    """Page one's list of places with the gravest work, each with a link to its queue."""
    where = chosen(families)
    rows = view.rows(
        f"""
        select
            place,
            count(*) filter (where severity = 'critical') as critical,
            count(*) filter (where severity = 'high') as high,
            count(*) filter (where overdue) as overdue,
            count(*) as open
        from open_finding
        where {where}
        group by place
        order by critical desc, high desc, open desc, place
        """
    )
    tables = exceptions.scope(exceptions.reading(view, families))

    def cell(place: str, name: str, number: int) -> Figure:
        return Figure(
            f"work.{place}.{name}", f"{place}: {name}", number, source="sql", tables=tables
        )

    shown, rest = rows[:limit], rows[limit:]
    lines = [
        (
            row["place"],
            *(cell(row["place"], n, row[n]) for n in ("critical", "high", "overdue", "open")),
            Link("list", "exceptions", (("place", row["place"]),)),
        )
        for row in shown
    ]
    if rest:
        names = ("critical", "high", "overdue", "open")
        sums = [cell("(others)", n, sum(row[n] for row in rest)) for n in names]
        lines.append((f"{words.plural(len(rest), 'other')}", *sums, Link("list", "exceptions")))
    return Table(
        "t-work",
        "Open exceptions by collection or domain",
        (
            Column("Place"),
            Column("C", True),
            Column("H", True),
            Column("Overdue", True),
            Column("Open", True),
            Column("Queue"),
        ),
        tuple(lines),
        empty="No open exceptions.",
    )


def section(view: View, families: tuple[str, ...] = ()) -> Section:
    """All open exceptions, the gravest first, to search and filter."""
    sql = _OPEN.format(where=chosen(families))
    frame = view.frame(sql)
    total = Figure(
        "KC-06",
        "Open exceptions",
        frame.height,
        source="sql",
        tables=exceptions.scope(exceptions.reading(view, families)),
    )
    columns = (
        GridColumn("severity", "Sev.", "severity", True, 1, 46),
        GridColumn("rule_id", "Rule", "code", True, 1, 76),
        GridColumn("name", "Object", "text", False, 4, 130),
        GridColumn("path", "Where", "code", False, 4, 130),
        GridColumn("place", "Place", "text", True, 2, 100),
        GridColumn("tier", "Tier", "number", True, 1, 44),
        GridColumn("owner", "Owner", "text", False, 2, 90),
        GridColumn("status", "Status", "text", True, 1, 78),
        GridColumn("age_days", "Days", "number", False, 1, 50),
        GridColumn("due_at", "Due", "text", False, 1, 88),
        GridColumn("reason", "Condition", "text", False, 5, 170),
        GridColumn("overdue", "Overdue", "hidden", True),
        GridColumn("first_seen", "First seen", "hidden"),
        GridColumn("id", "Finding", "hidden"),
    )
    grid = Grid(
        "exceptions",
        "Open exceptions",
        columns,
        frame,
        total,
        detail=True,
        note="A row opens the finding: criteria, condition, effect, recommendation, and the command that walks back to the bytes received.",
        empty="No open exceptions.",
    )
    return Section("worklist", "Exceptions", "Exceptions", (grid,))


_OPEN = """
with owner as (
    select 'asset' as subject, asset_guid as subject_id, string_agg(principal_id, ', ' order by principal_id) as owner
    from contact
    where role = 'Owner'
    group by asset_guid
    union all
    select 'immuta_source', source_id::varchar, string_agg(coalesce(name, user_id), ', ' order by name, user_id)
    from immuta_membership
    where state = 'owner'
    group by source_id
    union all
    select 'data_product', id, expert_name
    from data_product
    where expert_name is not null
),

shown as (
    select
        f.*,
        case when f.subject in ('asset_column', 'entity') then coalesce(c.asset_guid, f.subject_id)
            when f.subject = 'asset' then f.subject_id
        end as asset_guid
    from open_finding f
    left join asset_column c on c.guid = f.subject_id
)

select
    f.severity,
    f.rule_id,
    coalesce(f.subject_name, f.subject_id) as name,
    coalesce(
        concat_ws('.', a.database_name, a.schema_name, a.table_name),
        concat_ws('.', i.database_name, i.schema_name, i.table_name),
        ''
    ) as path,
    f.place,
    f.tier,
    o.owner,
    f.status,
    f.first_seen,
    f.age_days,
    f.due_at,
    f.overdue,
    f.reason,
    f.id
from shown f
left join asset a on a.guid = f.asset_guid
left join immuta_source i on i.id = case when f.subject = 'immuta_source' then try_cast(f.subject_id as integer) end
left join owner o
    on o.subject = case when f.asset_guid is null then f.subject else 'asset' end
    and o.subject_id = coalesce(f.asset_guid, f.subject_id)
where {where}
order by
    list_position(['critical', 'high', 'medium', 'low', 'info'], f.severity),
    f.overdue desc, f.tier nulls last, f.rule_id, name, f.id
"""
