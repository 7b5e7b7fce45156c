"""`muster snapshots`: which snapshots there are, what changed between them, and whether their pages are intact."""

from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from pipeline.cli import moments, output
from pipeline.errors import PageError, UsageError
from pipeline.warehouse import adhoc, compare, home, schema
from pipeline.warehouse.compare import RowChange

app = typer.Typer(help="Sealed snapshots: list, compare and verify them.", no_args_is_help=True)

SHOWN_DAMAGES = 20
"""How many damaged pages the last message spells out; --json has all."""

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Lists the snapshots, oldest first."""
    with _warehouse(ctx) as con:
        rows = _dicts(
            con,
            "select s.number, s.id, s.as_of, s.sealed_at, s.estate, s.complete, s.skipped, "
            "count(e.page_id) as pages, coalesce(sum(e.size_bytes), 0)::bigint as bytes, "
            "s.gate_checks, s.tool_version, s.run_id "
            "from snapshot s left join exchange e on e.snapshot_number = s.number "
            "group by all order by s.number",
        )
    columns = ["number", "id", "estate", "complete", "pages", "bytes", "gate_checks"]
    output.listing(rows, columns, as_json=as_json)


@app.command()
def diff(
    ctx: typer.Context,
    before: Annotated[str | None, typer.Argument(help="Default: the one before the other.")] = None,
    after: Annotated[str | None, typer.Argument(help="Default: the newest.")] = None,
    table: Annotated[
        str | None, typer.Option(help="List the rows of this table that differ.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compares two snapshots: rows by table, and findings."""
    with _warehouse(ctx) as con:
        (first, first_id), (last, last_id) = compare.pair(con, before, after)
        title = f"{first_id} -> {last_id}"
        moments.warn_if_not_judged(con, last)
        if table is not None:
            chosen = schema.tables().get(table)
            if chosen is None or not chosen.historised:
                raise UsageError(
                    f"no table {table!r} with history; nearest: {adhoc.nearest(con, table)}"
                )
            rows = (
                line
                for row in compare.changed_rows(con, chosen, first, last)
                for line in _lines(row, as_json=as_json)
            )
            columns = ["change", "key", "column", "before", "after"]
            output.listing(rows, columns, as_json=as_json, title=f"{table}: {title}")
            return
        tables = [vars(change) for change in compare.changes(con, first, last)]
        findings = compare.finding_changes(con, first, last)
    span = {"from": first_id, "to": last_id}
    if as_json:
        output.listing([{"kind": "table", **span, **row} for row in tables], [], as_json=True)
        output.listing([{"kind": "finding", **span, **row} for row in findings], [], as_json=True)
        return
    moved = [row for row in tables if row["added"] or row["removed"] or row["changed"]]
    columns = ["table", "added", "removed", "changed", "unchanged"]
    output.listing(moved, columns, as_json=False, title=title)
    columns = ["change", "severity", "rule_id", "subject_name", "subject_id", "id"]
    output.listing(findings, columns, as_json=False, title="findings")


@app.command()
def verify(
    ctx: typer.Context,
    snapshot: Annotated[
        str | None, typer.Argument(help="An id, a day or a time. Default: all snapshots.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reads every stored page back and compares its sha256 with the exchange log."""
    with _warehouse(ctx) as con:
        number = None if snapshot is None else adhoc.number_at(con, snapshot)
        checked = size = 0
        damaged = []
        for page_bytes, damage in compare.stored_pages(con, ctx.obj.home.raw, number):
            checked += 1
            size += page_bytes
            if damage is not None:
                damaged.append(damage)
    summary = {"pages": checked, "bytes": size, "damaged": len(damaged)}
    if as_json:
        output.listing([{"kind": "damage", **vars(damage)} for damage in damaged], [], as_json=True)
        output.listing([{"kind": "summary", **summary}], [], as_json=True)
    else:
        output.listing([summary], list(summary), as_json=False)
    if damaged:
        lines = [f"page {damage.page_id}: {damage.reason}" for damage in damaged[:SHOWN_DAMAGES]]
        more = len(damaged) - len(lines)
        if more:
            lines.append(f"and {more} more; --json lists all")
        raise PageError(
            f"{len(damaged)} of {checked} stored pages are not what was received:\n"
            + "\n".join(lines)
        )


def _warehouse(ctx: typer.Context) -> duckdb.DuckDBPyConnection:
    path: Path = ctx.obj.home.sealed()
    return home.connect(path, read_only=True)


def _lines(row: RowChange, *, as_json: bool) -> list[dict[str, Any]]:
    """The change as one object, or as one line per column that differs."""
    if as_json:
        columns = {name: {"before": was, "after": now} for name, (was, now) in row.columns.items()}
        return [{"change": row.change, "key": row.key, "columns": columns}]
    key = ", ".join(str(value) for value in row.key.values())
    if row.change != "changed":
        return [{"change": row.change, "key": key, "column": "", "before": "", "after": ""}]
    # the row hash also covers what was read of the item and has no column
    columns_shown = row.columns or {"(no column)": ("", "")}
    return [
        {"change": row.change, "key": key, "column": name, "before": was, "after": now}
        for name, (was, now) in columns_shown.items()
    ]


def _dicts(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = con.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
