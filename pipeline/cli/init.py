"""`muster init` and `muster version`."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from pipeline import config
from pipeline.errors import UsageError


def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = config.DEFAULT_FILE,
) -> None:
    """Writes a configuration to start from: every key, what it is, its default."""
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(config.template())
    except FileExistsError:
        raise UsageError(f"{file}: is there already; it was not touched") from None
    typer.echo(f"{file} written; fill it in, then `muster doctor` says what works")


def version() -> None:
    """Prints the version."""
    typer.echo(f"passmuster {metadata.version('passmuster')}")
