"""`muster doctor`: what works and what does not, before a run."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli import output, sandbox
from pipeline.cli.state import State
from pipeline.config import for_sandbox
from pipeline.errors import IncompleteError


def doctor(
    ctx: typer.Context,
    use_sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Examine the embedded sandbox instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Signs in to every plane and says what this identity can and cannot see."""
    # the HTTP side takes half a second to import: only commands that collect pay for it
    from pipeline import doctor as examination

    state: State = ctx.obj
    if use_sandbox:
        with sandbox.running(1, 200, datetime.now(UTC)) as facts:
            checks = list(examination.examine(for_sandbox(state.config, facts), state.home))
    else:
        checks = list(examination.examine(state.config, state.home))
    output.listing(
        [asdict(check) for check in checks], ["about", "result", "detail", "place"], as_json=as_json
    )
    failing = [check.about for check in checks if check.result == "fails"]
    if failing:
        raise IncompleteError(f"not ready for a run: {', '.join(failing)}")
