"""The command line: one module per group of verbs, and what they share in `state` and `output`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline import config, log
from pipeline.cli import (
    doctor,
    drift,
    findings,
    frameworks,
    init,
    output,
    report,
    rules,
    run,
    sandbox,
    snapshots,
    sql,
    waivers,
)
from pipeline.cli.state import State
from pipeline.warehouse.home import Home

app = typer.Typer(
    name="muster",
    help="Compliance auditing for data estates governed by Microsoft Purview and Immuta.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def configure(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Configuration. Default: muster.toml."),
    ] = None,
    pack: Annotated[
        list[Path] | None,
        typer.Option("--pack", metavar="DIR", help="A pack of your own; may be repeated."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False,
) -> None:
    """Reads the configuration once for the command that follows."""
    log.configure(output.stderr, verbose=verbose)
    effective = config.load(file)
    if pack:
        effective = effective.model_copy(update={"packs": [*effective.packs, *pack]})
    ctx.obj = State(effective, Home(effective.home.absolute()))


app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("run")(run.run)
app.command("collect")(run.collect)
app.command("judge")(run.judge)
app.command("report")(report.report)
app.command("sql")(sql.sql)
app.command("drift")(drift.drift)
app.add_typer(snapshots.app, name="snapshots")
app.add_typer(rules.app, name="rules")
app.add_typer(findings.app, name="findings")
app.add_typer(frameworks.app, name="frameworks")
app.add_typer(waivers.app, name="waivers")
app.add_typer(sandbox.app, name="sandbox")
app.command("version")(init.version)
