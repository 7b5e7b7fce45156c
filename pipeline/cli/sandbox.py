"""`muster sandbox`: both systems emulated on this machine, over an estate that lives."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from typer.core import TyperCommand

from pipeline.cli import output
from pipeline.cli.moments import AsOf, moment
from pipeline.errors import UnreachableError, UsageError

app = typer.Typer(
    help="An emulator of Purview and Immuta with a seeded estate.", no_args_is_help=True
)

Seed = Annotated[int, typer.Option(help="Another number is another estate.")]
Assets = Annotated[int, typer.Option(min=50, help="Size of the estate.")]
Weather = Annotated[
    str,
    typer.Option(
        metavar="NAME[:NUMBER],...",
        help="Bad days of real services; `muster sandbox serve --help` lists them.",
    ),
]


class _Forecast(TyperCommand):
    """A command whose help ends with every weather: they are read when somebody asks, as that takes a while."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help, with the weathers below."""
        from pipeline.sandbox.weather import forecast

        self.epilog = "\n\n".join(("Weather, each with its usual number:", *forecast.described()))
        super().format_help(ctx, formatter)


@app.command(cls=_Forecast)
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 = any free one.")] = 8099,
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    weather: Weather = "",
) -> None:
    """Serves the sandbox until interrupted; prints its address and credentials."""
    from pipeline.sandbox import server

    names = weathers(weather)

    def ready(free_port: int) -> None:
        facts = {"url": f"http://127.0.0.1:{free_port}", **server.credentials(seed)}
        for name, value in facts.items():
            typer.echo(f"{name} = {value}")

    server.serve(
        port=port, seed=seed, assets=assets, as_of=moment(as_of), ready=ready, weather=names
    )


@app.command("truth")
def expected(
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    before: Annotated[
        list[str] | None,
        typer.Option(metavar="DAY", help="An earlier night of the same folder; again for each."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Prints what was planted: every verdict a run over the sandbox must not miss."""
    from pipeline.sandbox.truth import oracle

    now = moment(as_of) or datetime.now(UTC)
    earlier = [night for text in before or () if (night := moment(text))]
    rows = oracle.expected(seed=seed, assets=assets, as_of=now, before=earlier)
    columns = ["rule_id", "status", "subject_id", "reason"]
    output.listing([row._asdict() for row in rows], columns, as_json=as_json)


@app.command("declared")
def declarations(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Writes the estate's Immuta as payloads of the V2 API, with a few deliberate differences, which it lists."""
    from pipeline.sandbox.immuta import declared

    _check_empty(folder)
    differences = declared.write(folder, seed=seed, assets=assets, as_of=moment(as_of))
    columns = ["verdict", "kind", "key", "path", "reason"]
    output.listing([one._asdict() for one in differences], columns, as_json=as_json)


@app.command("registers")
def registers_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Writes the registers of the invented company as a pack (`muster --pack DIR`), and lists what is wrong in them."""
    from pipeline.sandbox import registers

    _check_empty(folder)
    clock = moment(as_of) or datetime.now(UTC)
    found = registers.write(folder, seed=seed, assets=assets, as_of=clock)
    columns = ["rule_id", "subject_id", "status", "reason"]
    rows = [dict(zip(columns, one, strict=True)) for one in found]
    output.listing(rows, columns, as_json=as_json)


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: not an empty folder")


def weathers(text: str) -> list[str]:
    """The weathers in a list with commas.

    Raises:
        UsageError: one of them does not exist.
    """
    if not text:
        return []
    from pipeline.sandbox.weather import forecast

    names = text.split(",")
    try:
        forecast.chosen(names, 0, lambda: 0.0)
    except forecast.WeatherError as error:
        raise UsageError(f"--weather: {error}") from error
    return names


@contextmanager
def running(
    seed: int, assets: int, as_of: datetime | None, weather: str = ""
) -> Iterator[Mapping[str, str]]:
    """Address and credentials of a sandbox in a process of its own, for as long as the block lasts."""
    names = weathers(weather)
    command = [sys.executable, "-m", "pipeline.sandbox", "serve", "--until-eof"]
    command += ["--seed", str(seed), "--assets", str(assets)]
    if as_of is not None:
        command += ["--as-of", as_of.isoformat()]
    if names:
        command += ["--weather", ",".join(names)]
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
