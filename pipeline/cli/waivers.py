"""`muster waivers`: what is waived, and whether the waivers on file are fit to count."""

from contextlib import closing
from typing import Annotated

import typer

from pipeline import packs
from pipeline.cli import output
from pipeline.cli.run import bounds_of
from pipeline.errors import UsageError
from pipeline.judge import trial, walk
from pipeline.warehouse import home

app = typer.Typer(
    help="Waivers: list them, and check them before they count.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Lists the waivers of the newest snapshot, and how many failures each takes out of the count."""
    with closing(home.connect(ctx.obj.home.sealed(), read_only=True)) as con:
        rows = walk.fetch(
            con,
            """
            select
                w.*,
                count(v.subject_id) as waived
            from waiver w
            left join waiver_match m on m.waiver_id = w.id
            left join verdict v on v.rule_id = m.rule_id and v.subject_id = m.subject_id and v.waived
            group by all
            order by w.expires_at, w.id
            """,
        )
    columns = ["id", "rule_id", "subject_pattern", "waived", "approved_by", "expires_at", "ticket"]
    output.listing(rows, columns, as_json=as_json)


@app.command()
def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Holds the waivers in the packs against the newest judged snapshot: which would count, and why not."""
    config = ctx.obj.config
    rows = trial.of_waivers(
        ctx.obj.home, packs.load(config.packs), config.params, bounds_of(config)
    )
    output.listing(rows, list(trial.COLUMNS), as_json=as_json)
    unfit = [row["id"] for row in rows if row["verdict"] != "pass"]
    if unfit:
        raise UsageError(f"{len(unfit)} of {len(rows)} waivers would not count: {', '.join(unfit)}")
