"""`muster run`, `collect` and `judge`: the nightly command and its stages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import log, packs
from pipeline.cli import output, sandbox
from pipeline.cli.moments import AsOf, moment
from pipeline.cli.sandbox import Assets, Seed, Weather
from pipeline.cli.state import State
from pipeline.config import Config, for_sandbox
from pipeline.errors import IncompleteError, UsageError
from pipeline.judge import framework, groundwork, judgement, past, rule
from pipeline.judge.bounds import Bounds
from pipeline.judge.judgement import Judgement
from pipeline.judge.rule import SEVERITIES
from pipeline.warehouse.home import connect, lock

if TYPE_CHECKING:
    from pipeline.run import Sealed

Sandbox = Annotated[bool, typer.Option("--sandbox", help="Collect from the embedded sandbox.")]
FailOn = Annotated[
    str | None,
    typer.Option(
        metavar="SEVERITY|new",
        help="End with exit code 1 if a finding is at or over this severity, or new.",
    ),
]


def run(
    ctx: typer.Context,
    use_sandbox: Sandbox = False,
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    weather: Weather = "",
    fail_on: FailOn = None,
) -> None:
    """Collects, checks, seals, judges and reports: the nightly command."""
    # plotly and polars take a second to import: only commands that draw pay for it
    from pipeline.report.publish import publish

    state: State = ctx.obj
    _check_fail_on(fail_on)
    with lock(state.home):
        sealed = _collect(state, use_sandbox, seed, assets, moment(as_of), weather)
        judged = _judge(state)
        paths = publish(state.home, packs.load(state.config.packs), generated_at=datetime.now(UTC))
    _summary(sealed, judged, paths)
    _finish(sealed.complete, judged, fail_on)


def collect(
    ctx: typer.Context,
    use_sandbox: Sandbox = False,
    seed: Seed = 1,
    assets: Assets = 2000,
    as_of: AsOf = None,
    weather: Weather = "",
) -> None:
    """Collects, checks and seals a snapshot; judges nothing."""
    state: State = ctx.obj
    with lock(state.home):
        sealed = _collect(state, use_sandbox, seed, assets, moment(as_of), weather)
    typer.echo(sealed.snapshot_id)
    _finish(sealed.complete, None, None)


def judge(
    ctx: typer.Context,
    fail_on: FailOn = None,
    at: Annotated[
        str | None,
        typer.Option(help="A past snapshot: what the rules say of it now. Nothing is stored."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --at: every verdict as a JSON line.")
    ] = False,
) -> None:
    """Judges the newest snapshot again, with the rules as they are now."""
    state: State = ctx.obj
    _check_fail_on(fail_on)
    if at is not None:
        _judge_past(state, at, as_json=as_json)
        return
    if as_json:
        raise UsageError("--json is for --at; `muster findings list --json` lists what was stored")
    with lock(state.home):
        judged = _judge(state)
        with connect(state.home.sealed(), read_only=True) as con:
            [(complete,)] = con.execute(
                "select complete from snapshot where id = ?", [judged.snapshot_id]
            ).fetchall()
    typer.echo(_verdicts(judged))
    if (state.home.reports / judged.snapshot_id).exists():
        log.warn("the reports show the judgement before this one; `muster report` draws them again")
    _finish(complete, judged, fail_on)


def _collect(
    state: State,
    use_sandbox: bool,
    seed: int,
    assets: int,
    as_of: datetime | None,
    weather: str,
) -> "Sealed":
    # the HTTP side takes half a second to import: only commands that collect pay for it
    from pipeline import run as stages
    from pipeline.cli.progress import collecting

    # refuse a broken rule or register before an hour of collecting, not after it
    loaded = packs.load(state.config.packs)
    rule.effective(rule.load(loaded), state.config.params)
    groundwork.load(loaded)
    framework.load(loaded)
    with (
        _estate(state.config, use_sandbox, seed, assets, as_of, weather) as (config, estate),
        collecting() as report,
    ):
        return stages.collect_and_seal(
            config,
            state.home,
            estate=estate,
            config_sha256=state.config.digest(),
            as_of=as_of,
            report=report,
        )


@contextmanager
def _estate(
    config: Config,
    use_sandbox: bool,
    seed: int,
    assets: int,
    as_of: datetime | None,
    weather: str,
) -> Iterator[tuple[Config, str]]:
    """The configuration to collect with, and what the estate is called."""
    if not use_sandbox:
        if weather:
            raise UsageError("--weather is the sandbox's: add --sandbox")
        yield config, config.estate_name()
        return
    with sandbox.running(seed, assets, as_of, weather) as facts:
        yield for_sandbox(config, facts), f"sandbox (seed {seed}, {assets} assets)"


def _judge(state: State) -> Judgement:
    loaded = packs.load(state.config.packs)
    judged = judgement.judge(
        state.home, loaded, overrides=state.config.params, bounds=bounds_of(state.config)
    )
    log.say("judged", snapshot=judged.snapshot_id, rules=judged.rules, failed=judged.failed)
    for rule_id, reason in judged.errors.items():
        log.warn("a rule could not be evaluated", rule=rule_id, reason=reason)
    return judged


def bounds_of(config: Config) -> Bounds:
    """What rules may take."""
    return Bounds(config.judge.rule_timeout_s, config.judge.memory_limit)


def _judge_past(state: State, at: str, *, as_json: bool) -> None:
    loaded = packs.load(state.config.packs)
    number = past.judged_numbers(state.home, None, at)[-1]
    rows = past.verdicts(state.home, loaded, state.config.params, number, bounds_of(state.config))
    columns = ["rule", "population", "pass", "fail", "waived", "not_evaluated"]
    output.listing(rows if as_json else past.counted(rows), columns, as_json=as_json)


def _summary(sealed: "Sealed", judged: Judgement, paths: list[Path]) -> None:
    """What a person wants to know when the prompt is back; counts, no adjectives."""
    came = sealed.collected
    unchanged = f"; {came.carried} unchanged items carried over" if came.carried else ""
    typer.echo(f"snapshot   {sealed.snapshot_id}: {sealed.checks} quality checks passed")
    typer.echo(f"collected  {came.calls} calls, {came.missing} brought no answer{unchanged}")
    typer.echo(f"judged     {_verdicts(judged)}")
    typer.echo(f"changed    {judged.new} new findings, {judged.resolved} resolved")
    for path in paths:
        if path.suffix == ".html":
            typer.echo(f"report     {path}")


def _verdicts(judged: Judgement) -> str:
    by_severity = ", ".join(
        f"{judged.failed_by_severity[severity]} {severity}"
        for severity in SEVERITIES
        if judged.failed_by_severity.get(severity)
    )
    return (
        f"{judged.rules} rules on {judged.population} subjects: {judged.failed} fail"
        f"{f' ({by_severity})' if by_severity else ''}, {judged.not_evaluated} not evaluated"
    )


def _check_fail_on(fail_on: str | None) -> None:
    valid = (*SEVERITIES, "new")
    if fail_on is not None and fail_on not in valid:
        raise UsageError(f"--fail-on {fail_on!r} is not one of {', '.join(valid)}")


def _finish(complete: bool, judged: Judgement | None, fail_on: str | None) -> None:
    """Ends with the exit code of the worst thing that happened."""
    if not complete:
        raise IncompleteError(
            'the snapshot is sealed, but not complete: `muster sql "from gap"` and '
            "`muster sql \"from reconciliation where verdict = 'incomplete'\"` say what is missing"
        )
    if judged is None:
        return
    if judged.errors:
        raise IncompleteError(f"rules in error: {', '.join(sorted(judged.errors))}")
    if fail_on == "new":
        reached = judged.new
    elif fail_on:
        over = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
        reached = sum(judged.failed_by_severity.get(severity, 0) for severity in over)
    else:
        return
    if reached:
        output.complain(f"{reached} findings at or over --fail-on {fail_on}")
        raise typer.Exit(1)
