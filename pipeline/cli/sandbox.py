"""`muster sandbox`: both systems emulated on this machine, over an estate that lives."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from pipeline.cli import output
from pipeline.cli.moments import AsOf, moment
from pipeline.errors import UnreachableError

app = typer.Typer(
    help="An emulator of Purview and Immuta with a seeded estate.", no_args_is_help=True
)

Seed = Annotated[int, typer.Option(help="Another number is another estate.")]
Assets = Annotated[int, typer.Option(min=50, help="Size of the estate.")]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 = any free one.")] = 8099,
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
) -> None:
    """Serves the sandbox until interrupted; prints its address and credentials."""
    from pipeline.sandbox import server

    def ready(free_port: int) -> None:
        facts = {"url": f"http://127.0.0.1:{free_port}", **server.credentials(seed)}
        for name, value in facts.items():
            typer.echo(f"{name} = {value}")

    server.serve(port=port, seed=seed, assets=assets, as_of=moment(as_of), ready=ready)


@app.command("truth")
def expected(
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Prints what was planted: every verdict a run over the sandbox must not miss."""
    from pipeline.sandbox import truth

    rows = truth.expected(seed=seed, assets=assets, as_of=moment(as_of) or datetime.now(UTC))
    columns = ["rule_id", "status", "subject_id", "reason"]
    output.listing([row._asdict() for row in rows], columns, as_json=as_json)


@contextmanager
def running(seed: int, assets: int, as_of: datetime | None) -> Iterator[Mapping[str, str]]:
    """Address and credentials of a sandbox in a process of its own, for as long as the block lasts."""
    command = [sys.executable, "-m", "pipeline.sandbox", "serve", "--until-eof"]
    command += ["--seed", str(seed), "--assets", str(assets)]
    if as_of is not None:
        command += ["--as-of", as_of.isoformat()]
    # its stdin is its lifeline: it ends with this process, even if that is killed
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise UnreachableError("the sandbox did not start; see its message above")
            yield msgspec.json.decode(line, type=dict[str, str])
        finally:
            process.terminate()
