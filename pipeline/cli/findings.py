"""`muster findings`: what fails, since when, and the way from a finding back to the bytes."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Annotated, Any

import duckdb
import typer

from pipeline import log, packs
from pipeline.cli import moments, output
from pipeline.errors import UsageError
from pipeline.judge import attribution, past, walk
from pipeline.judge.rule import SEVERITIES
from pipeline.judge.walk import Source, Trail
from pipeline.warehouse import history, home

app = typer.Typer(help="Findings: list them, and walk one back to its pages.", no_args_is_help=True)

STATES = ("new", "open", "resolved", "reopened")
SHOWN_ITEM = 2000
SHOWN_URL = 300
"""Characters of a JSON item, and of a URL or body sent, on a terminal; --json has all of it."""

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")]
At = Annotated[
    str | None,
    typer.Option(help="A past snapshot: its id, a day (its last snapshot) or an instant."),
]


@app.command("list")
def list_(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(STATES)}. Default: all but resolved.")
    ] = None,
    severity: Annotated[str | None, typer.Option(help=f"One of {', '.join(SEVERITIES)}.")] = None,
    rule: Annotated[str | None, typer.Option(help="A rule id, e.g. OWN-001.")] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Lists findings, worst and oldest first."""
    _one_of("--status", status, STATES)
    _one_of("--severity", severity, SEVERITIES)
    with closing(_warehouse(ctx, at)) as con:
        rows = walk.fetch(
            con,
            """
            select * exclude (evidence), evidence::varchar as evidence
            from finding
            where status = coalesce($status, status)
                and (status <> 'resolved' or $status is not null)
                and severity = coalesce($severity, severity)
                and rule_id = coalesce(upper($rule), rule_id)
            order by list_position($severities, severity), opened_at, rule_id, subject_id
            """,
            status=status,
            severity=severity,
            rule=rule,
            severities=list(SEVERITIES),
        )
        [(unknown,)] = con.execute(
            "select count(*) from verdict where status = 'not_evaluated'"
        ).fetchall()
    if unknown:
        # a short list is no good news by itself
        log.say("verdicts that could not be reached are no findings", not_evaluated=unknown)
    for row in rows:
        row["evidence"] = json.loads(row["evidence"])
    columns = ["id", "severity", "rule_id", "status", "age_days", "subject_name", "reason"]
    output.listing(rows, columns, as_json=as_json)


@app.command()
def show(
    ctx: typer.Context,
    finding_id: Annotated[str, typer.Argument(metavar="ID", help="An id or the start of one.")],
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Shows one finding and walks it back: verdict, rows, pages, bytes."""
    with closing(_warehouse(ctx, at)) as con:
        finding = walk.find(con, finding_id)
        found = walk.trail(con, finding, ctx.obj.home.raw)
    if as_json:
        text = json.dumps(walk.as_json(found), default=_plain, ensure_ascii=False)
        sys.stdout.write(text + "\n")
        return
    for line in _lines(found):
        typer.echo(line)


def _lines(found: Trail) -> Iterator[str]:
    finding = found.finding
    shown = output.printable
    yield f"{finding['id']}  {finding['rule_id']}  {finding['severity']}  {finding['status']}"
    if found.rule:
        yield f"rule     {shown(found.rule['title'])}"
    yield f"subject  {finding['subject']} {shown(finding['subject_id'])}"
    yield f"name     {shown(finding['subject_name'])}"
    yield f"reason   {shown(finding['reason'])}"
    yield f"since    {shown(finding['opened_at'])}, last seen {shown(finding['last_seen'])}"
    if finding["resolved_at"]:
        yield f"resolved {shown(finding['resolved_at'])}"
    if found.rule:
        yield f"fix      {shown(found.rule['fix'])}"
    yield "\nverdict in this snapshot"
    if found.verdict is None:
        yield "  none: the subject is no member of the population any more"
    else:
        yield f"  {found.verdict['status']}: {shown(found.verdict['reason'])}"
        for name, value in json.loads(found.verdict["evidence"]).items():
            yield f"  {shown(name)} = {shown(json.dumps(value, ensure_ascii=False))}"
    told: set[tuple[int, str]] = set()
    for source in found.sources:
        yield from _source_lines(source, told)
    for exchange in found.exchanges:
        yield ""
        yield from _exchange_lines(exchange)


def _source_lines(source: Source, told: set[tuple[int, str]]) -> Iterator[str]:
    """The row and its page; a page and item that were `told` already are not repeated."""
    shown = output.printable
    yield f"\nrow of {source.table}"
    for name, value in source.row.items():
        if value is not None:
            yield f"  {name} = {shown(value)}"
    if source.exchange is None:
        return
    place = (source.row["page_id"], source.row["item"])
    if place in told:
        yield "  page and item as above"
        return
    told.add(place)
    yield from _exchange_lines(source.exchange)
    if source.problem:
        yield f"  PAGE NOT READ BACK: {shown(source.problem)}"
    else:
        text = json.dumps(source.item, indent=2, ensure_ascii=False)
        more = len(text) - SHOWN_ITEM
        yield f"  item at {shown(source.row['item'])}, sha256 of its page verified"
        for line in text[:SHOWN_ITEM].splitlines():
            yield f"    {shown(line)}"
        if more > 0:
            yield f"    ... {more} more characters; --json shows all"
    if command := walk.hint(source):
        yield "  read it again, in the folder raw/:"
        for line in command.splitlines():
            yield f"    {shown(line)}"


def _exchange_lines(exchange: Mapping[str, Any]) -> Iterator[str]:
    shown = output.printable
    yield f"  page {exchange['page_id']}: {exchange['method']} {_short(exchange['url'])}"
    if exchange["request_body"]:
        yield f"    sent     {_short(exchange['request_body'])}"
    yield (
        f"    answer   {exchange['status']}, attempt {exchange['attempt']}, sent "
        f"{shown(exchange['sent_at'])}, received {shown(exchange['received_at'])}"
    )
    yield f"    sha256   {exchange['sha256']}"
    yield (
        f"    stored   {shown(exchange['run_id'])}/{shown(exchange['part'])} "
        f"bytes {exchange['part_offset']}+{exchange['part_length']}"
    )


def _short(text: str) -> str:
    more = len(text) - SHOWN_URL
    return output.printable(text[:SHOWN_URL]) + (f" ... {more} more characters" if more > 0 else "")


@app.command("attribution")
def attribution_(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="A snapshot: id, day or instant.")],
    after: Annotated[str, typer.Argument(metavar="B", help="A later one.")],
    rule: Annotated[str | None, typer.Option(help="Of one rule alone, e.g. OWN-001.")] = None,
    as_json: AsJson = False,
) -> None:
    """Takes the change of every headline figure apart: estate, gap, scope, parameter, rule, waiver."""
    home, loaded = ctx.obj.home, packs.load(ctx.obj.config.packs)
    first, last = (past.judged_numbers(home, None, end)[-1] for end in (before, after))
    parts = attribution.attribute(home, loaded, first, last, rule.upper() if rule else None)
    rows = [
        {"figure": part.figure, "before": part.before, "after": part.after, **part.by_cause}
        for part in parts
    ]
    columns = ["figure", "before", "after", *attribution.CAUSES]
    if not as_json:
        rows = [{name: _figure(value) for name, value in row.items()} for row in rows]
    output.listing(rows, columns, as_json=as_json)


def _figure(value: object) -> object:
    return f"{value:.1%}" if isinstance(value, float) else value


def _warehouse(ctx: typer.Context, at: str | None) -> duckdb.DuckDBPyConnection:
    con = home.connect(ctx.obj.home.sealed(), read_only=True)
    number = None
    if at is not None:
        number = history.snapshot_number(con, at)
        if number is None:
            con.close()
            raise UsageError(f"--at {at}: no snapshot then; `muster snapshots list` shows them")
        con.execute(f"set variable snapshot = {number}")
    moments.warn_if_not_judged(con, number)
    return con


def _one_of(flag: str, value: str | None, valid: tuple[str, ...]) -> None:
    if value is not None and value not in valid:
        raise UsageError(f"{flag}: {value!r} is not one of {', '.join(valid)}")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
