"""`muster rules`: which rules are in force, what each says, and whether their examples hold and say enough."""

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Any

import duckdb
import typer

from pipeline import packs
from pipeline.cli import output
from pipeline.cli.run import bounds_of
from pipeline.errors import RuleError, UsageError
from pipeline.judge import (
    binding,
    examples,
    firing,
    framework,
    past,
    registers,
    rule,
    sensitivity,
)
from pipeline.judge.rule import Rule
from pipeline.packs import Packs
from pipeline.warehouse.home import connect

app = typer.Typer(help="The rules in force: list, show and test them.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Lists the rules of all packs."""
    rules, params = _in_force(ctx)
    rows = [
        {
            "id": stated.id,
            "severity": stated.severity,
            "subject": stated.subject,
            "title": stated.title,
            "pack": stated.file.pack,
            "file": stated.file.relative,
            "sha256": stated.file.sha256,
            "overrides": [
                {"pack": other.pack, "sha256": other.sha256} for other in stated.file.overridden
            ],
            "params": params[stated.id],
        }
        for stated in sorted(rules.values(), key=lambda stated: stated.id)
    ]
    output.listing(rows, ["id", "severity", "subject", "title", "pack"], as_json=as_json)


@app.command()
def show(
    ctx: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="For example OWN-001.")],
) -> None:
    """Shows one rule: why, how to fix it, what it needs, effective parameters, SQL, and the statement that is executed."""
    rules, params = _in_force(ctx)
    stated = _one(rules, rule_id)
    shown = dict(params[stated.id])
    if "crosswalk" in stated.uses:
        shown["crosswalk"] = sensitivity.load(_packs(ctx)).crosswalk()
    file = f"{stated.file.label} (pack {stated.file.pack}, sha256 {stated.file.sha256})"
    for other in stated.file.overridden:
        file += f"\n           in place of pack {other.pack}, sha256 {other.sha256}"
    lines = [
        f"{stated.id}  {stated.title}",
        f"severity   {stated.severity}",
        f"subject    {stated.subject}",
        f"confidence {stated.confidence}",
        f"blocked by {', '.join(stated.blocked_by) or '-'}",
        f"registers  {', '.join(stated.registers) or '-'}",
        *(
            f"           {line}"
            for line in registers.standing(_packs(ctx), stated.registers, stated.sql)
        ),
        f"file       {file}",
        f"\nwhy        {stated.why}",
        f"fix        {stated.fix}",
        "\nparameters",
        *(f"  {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in shown.items()),
        f"\n{stated.sql}",
        "\nexecuted",
        _executed(stated, shown),
    ]
    typer.echo("\n".join(lines))


@app.command("test")
def run_examples(
    ctx: typer.Context,
    rule_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One rule. Default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Runs the examples of the rule files against a warehouse in memory."""
    rules, _ = _in_force(ctx)
    known = sensitivity.load(_packs(ctx))
    chosen = [_one(rules, rule_id)] if rule_id else sorted(rules.values(), key=lambda r: r.id)
    with closing(examples.workbench()) as con:
        results = [
            result for stated in chosen for result in examples.run(con, rules, known, stated)
        ]
    rows = [
        {
            "rule": result.rule_id,
            "example": result.number,
            "outcome": "fails" if result.differences else "holds",
            "name": result.name,
            "differences": list(result.differences),
        }
        for result in results
    ]
    columns = ["rule", "example", "outcome", "name", "differences"]
    output.listing(rows, columns, as_json=as_json)
    wrong = sum(bool(result.differences) for result in results)
    if wrong:
        raise UsageError(f"{wrong} of {len(results)} examples do not hold")


@app.command()
def check(ctx: typer.Context) -> None:
    """Checks that every rule file is right and that its SQL fits the tables there are."""
    rules, _ = _in_force(ctx)
    known = sensitivity.load(_packs(ctx))
    framework.load(_packs(ctx))
    registers.load(_packs(ctx))
    with closing(examples.workbench()) as con:
        found = [binding.problem(con, stated, known) for stated in rules.values()]
    problems = [problem for problem in found if problem]
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise UsageError(f"{len(problems)} of {len(rules)} rules do not fit")
    typer.echo(f"{len(rules)} rules fit the tables")


@app.command()
def mutate(
    ctx: typer.Context,
    rule_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One rule. Default: all.")
    ] = None,
    at_least: Annotated[
        float, typer.Option(min=0, max=1, help="End with an error where fewer are noticed.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Changes the SQL of rules in small ways, and tells which changes their examples do not notice."""
    # what takes SQL apart takes a tenth of a second to import: other commands do not pay for it
    from pipeline.judge import mutants

    rules, _ = _in_force(ctx)
    known = sensitivity.load(_packs(ctx))
    chosen = [_one(rules, rule_id)] if rule_id else sorted(rules.values(), key=lambda r: r.id)
    with closing(examples.workbench()) as con:
        surveys = [mutants.survey(con, rules, known, stated) for stated in chosen]
    rows = [
        {
            "rule": found.rule_id,
            "mutants": found.total,
            "noticed": found.killed,
            "share": round(found.share, 3),
            "unnoticed": list(found.survivors),
        }
        for found in surveys
    ]
    columns = ["rule", "mutants", "noticed", "share", "unnoticed"]
    output.listing(rows, columns, as_json=as_json)
    weak = [found.rule_id for found in surveys if found.share < at_least]
    if weak:
        raise UsageError(f"examples notice less than {at_least:.0%} in: {', '.join(weak)}")


@app.command()
def backtest(
    ctx: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="For example OWN-001.")],
    first: Annotated[
        str | None, typer.Option("--from", help="The first snapshot: its id, a day or an instant.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="The last snapshot: its id, a day or an instant.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Says what a rule, as it is now, would have said of past snapshots; nothing is stored."""
    home, config = ctx.obj.home, ctx.obj.config
    numbers = past.judged_numbers(home, first, last)
    rows = [
        {
            "snapshot": found.snapshot_id,
            **found.said,
            "fail_then": found.said_then["fail"] if found.said_then else None,
            "now_failing": list(found.now_failing),
            "no_longer_failing": list(found.no_longer_failing),
            "error": found.error,
        }
        for found in past.backtest(
            home, _packs(ctx), config.params, rule_id.upper(), numbers, bounds_of(config)
        )
    ]
    columns = ["snapshot", "pass", "fail", "not_evaluated", "fail_then", "now_failing", "error"]
    output.listing(rows, columns, as_json=as_json)


@app.command("firing")
def firing_(
    ctx: typer.Context,
    at: Annotated[
        str | None, typer.Option(help="A past snapshot: its id, a day or an instant.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lists rules that tell nothing: they judge or evaluate nobody, never fail, or always do."""
    home = ctx.obj.home
    number = past.judged_numbers(home, None, at)[-1]
    with closing(connect(home.sealed(), read_only=True)) as con:
        rows = firing.telling_nothing(con, number)
    columns = ["id", "says", "population", "title", "detail"]
    output.listing(rows, columns, as_json=as_json)


def _in_force(ctx: typer.Context) -> tuple[dict[str, Rule], dict[str, dict[str, Any]]]:
    rules = rule.load(_packs(ctx))
    overrides: Mapping[str, Mapping[str, Any]] = ctx.obj.config.params
    return rules, rule.effective(rules, overrides)


def _executed(stated: Rule, values: Mapping[str, Any]) -> str:
    """The statement that judges by a rule, or why there is none."""
    with closing(examples.workbench()) as con:
        try:
            return binding.executed(con, stated, values)
        except (duckdb.Error, RuleError) as error:
            return f"nothing: {error}"


def _packs(ctx: typer.Context) -> Packs:
    return packs.load(ctx.obj.config.packs)


def _one(rules: Mapping[str, Rule], rule_id: str) -> Rule:
    found = rules.get(rule_id.upper())
    if found is None:
        raise UsageError(f"no rule {rule_id!r}; rules: {', '.join(sorted(rules))}")
    return found
