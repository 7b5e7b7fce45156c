"""`muster report`: draws the reports of a sealed snapshot again."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline import packs


def report(
    ctx: typer.Context,
    at: Annotated[
        str | None,
        typer.Option(help="A past snapshot: its id, a day (its last snapshot) or an instant."),
    ] = None,
) -> None:
    """Renders the reports of the newest snapshot, or of a past one, and prints the files written."""
    # plotly and polars take a second to import: only commands that draw pay for it
    from pipeline.report.publish import publish

    for path in publish(
        ctx.obj.home, packs.load(ctx.obj.config.packs), generated_at=datetime.now(UTC), at=at
    ):
        typer.echo(path)
