"""`muster frameworks`: which rules look at what a control is about, and what they came to."""

from contextlib import closing
from typing import Annotated, Any

import typer

from pipeline import packs
from pipeline.cli import moments, output
from pipeline.errors import UsageError
from pipeline.judge import framework, rule, walk
from pipeline.warehouse import history, home

app = typer.Typer(
    help="Frameworks: the evidence that rules give, control by control; never that one is met.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Lists the frameworks in force, and for how many of their controls the packs have a rule."""
    loaded = packs.load(ctx.obj.config.packs)
    known = rule.load(loaded).keys()
    rows = [
        {
            "id": stated.id,
            "name": stated.name,
            "version": stated.version,
            "controls": len(stated.controls),
            "with_rule": sum(not known.isdisjoint(control.rules) for control in stated.controls),
            "rules": len(stated.rules & known),
            "not_in_force": sorted(stated.rules - known),
            "pack": stated.file.pack,
        }
        for stated in framework.load(loaded).values()
    ]
    columns = ["id", "name", "version", "controls", "with_rule", "rules", "pack"]
    output.listing(rows, columns, as_json=as_json)


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example soc-2.")],
    at: Annotated[
        str | None,
        typer.Option(help="A past snapshot: its id, a day (its last snapshot) or an instant."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shows what the rules came to for every control of a framework, those without a rule included."""
    stated, rows = _coverage(ctx, name.lower(), at)
    if not as_json:
        typer.echo(f"{output.printable(stated['name'])} {output.printable(stated['version'])}")
        typer.echo(f"{output.printable(stated['note'])}\n")
    output.listing(rows, ["control_id", "title", "statement"], as_json=as_json)


def _coverage(
    ctx: typer.Context, name: str, at: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with closing(home.connect(ctx.obj.home.sealed(), read_only=True)) as con:
        if not history.is_current(con):
            raise UsageError(
                "the warehouse was filled by an earlier version of Pass Muster; "
                "`muster judge` or the next `muster run` brings it up to date"
            )
        number = None
        if at is not None:
            number = history.snapshot_number(con, at)
            if number is None:
                raise UsageError(f"--at {at}: no snapshot then; `muster snapshots list` shows them")
            con.execute(f"set variable snapshot = {number}")
        moments.warn_if_not_judged(con, number)
        stated = {row["id"]: row for row in walk.fetch(con, "from framework order by id")}
        if name not in stated:
            raise UsageError(
                f"no framework {name!r} in this judgement; frameworks: {', '.join(stated) or 'none'}"
            )
        rows = walk.fetch(
            con,
            """
            select *, failed - waived as exceptions
            from framework_coverage
            where framework_id = $name
            order by position
            """,
            name=name,
        )
    return stated[name], rows
