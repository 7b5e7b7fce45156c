"""`muster drift`: what teams declare as code for Immuta, held against what a snapshot says is there."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli import output
from pipeline.drift import compare, declared
from pipeline.drift.compare import DIFFERENT, NOT_COMPARABLE, SAME, Line
from pipeline.errors import IncompleteError, UsageError
from pipeline.warehouse import adhoc, home

COLUMNS = ("verdict", "key", "path", "declared", "live", "why", "at")
SHOWN_KEYS = 12
"""How many paths or items one line on a terminal names; --json has all."""


def drift(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Option(
            "--declared",
            metavar="DIR",
            help="Folder with policy, project, purpose and data payloads of Immuta's V2 API, in YAML or JSON.",
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(help="A past snapshot: its id, a day (its last snapshot) or an instant."),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="drift",
            help="End with exit code 1 if anything is missing, unexpected or different.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines instead of tables.")] = False,
) -> None:
    """Says where Immuta differs from what is declared as code: missing, unexpected, different."""
    if fail_on not in (None, "drift"):
        raise UsageError(f"--fail-on: {fail_on!r} is not drift")
    stated = declared.read(folder)
    with closing(home.connect(ctx.obj.home.sealed(), read_only=True)) as con:
        if at is not None:
            con.execute(f"set variable snapshot = {adhoc.number_at(con, at)}")
        ((snapshot,),) = con.execute("select id from shown_snapshot").fetchall()
        lines = compare.drift(con, stated)
    if as_json:
        output.listing((_record(line, snapshot) for line in lines), (), as_json=True)
    else:
        _tables(lines, snapshot)
    if fail_on:
        _finish(lines)


def _record(line: Line, snapshot: str) -> dict[str, Any]:
    """A line as one JSON object; `places` are the items that the live value was read from."""
    record = asdict(line)
    file, number = record.pop("label"), record.pop("line")
    return {"snapshot": snapshot, **record, "file": file or None, "line": number or None}


def _tables(lines: list[Line], snapshot: str) -> None:
    for kind in declared.KINDS:
        about = [line for line in lines if line.kind == kind]
        if not about:
            continue
        found = compare.counts(about)
        summary = ", ".join(f"{count} {verdict}" for verdict, count in found.items() if count)
        output.listing(
            _rows(about), COLUMNS, as_json=False, title=f"{kind}: {summary} (snapshot {snapshot})"
        )


def _rows(lines: list[Line]) -> Iterator[dict[str, str]]:
    """Rows of a table: what drifts line by line, what a hole hides by object, what nothing tells by reason, then what is the same."""
    objects: dict[str, list[Line]] = {}
    unsaid: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        objects.setdefault(line.key, []).append(line)
        if line.verdict == NOT_COMPARABLE:
            # what Immuta never shows is said once for all; a hole, and what no file declares, of each object
            alone = line.hole or line.why == compare.NOT_DECLARED
            unsaid.setdefault((line.key if alone else "", line.why), []).append(line)
    for line in sorted(lines, key=lambda line: compare.VERDICTS.index(line.verdict)):
        if line.verdict in compare.DRIFT:
            ours, theirs = _differing(line)
            yield _row(line, line.path, line.why, ours, theirs)
    for (_, why), group in unsaid.items():
        yield _together(group, why)
    for group in objects.values():
        if compare.of_object(group) == SAME:
            compared = sum(line.verdict == SAME for line in group)
            first = min(group, key=lambda line: line.line)
            yield _row(first, "", f"as declared in {compared} values", verdict=SAME)


def _together(lines: list[Line], why: str) -> dict[str, str]:
    """One row for lines that have a reason in common."""
    row = _row(lines[0], _some(list(dict.fromkeys(one.path for one in lines if one.path))), why)
    keys = {line.key for line in lines}
    return row if len(keys) == 1 else row | {"key": f"({len(keys)} of them)", "at": ""}


def _row(
    line: Line, path: str, why: str, ours: str = "", theirs: str = "", verdict: str = ""
) -> dict[str, str]:
    return {
        "verdict": verdict or line.verdict,
        "key": line.key,
        "path": path,
        "declared": ours,
        "live": theirs,
        "why": why,
        "at": f"{line.label}:{line.line}" if line.label else "",
    }


def _differing(line: Line) -> tuple[str, str]:
    """Both values; of two lists only what the other lacks."""
    ours, theirs = line.declared, line.live
    if line.verdict != DIFFERENT:
        return "", _shown(theirs) if theirs else ""
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return (
            _shown(tuple(item for item in ours if item not in theirs)),
            _shown(tuple(item for item in theirs if item not in ours)),
        )
    return _shown(ours), _shown(theirs)


def _shown(value: Any) -> str:
    if value is None or value in ("", ()):
        return "(nothing)"
    if isinstance(value, bool):
        return json.dumps(value)
    return _some(list(value)) if isinstance(value, tuple) else str(value)


def _some(items: list[str]) -> str:
    more = len(items) - SHOWN_KEYS
    return ", ".join(items[:SHOWN_KEYS]) + (f" and {more} more" if more > 0 else "")


def _finish(lines: list[Line]) -> None:
    """Ends with 1 for drift; without any, a hole keeps this from being called a pass."""
    found = compare.counts(lines)
    drifted = sum(found[verdict] for verdict in compare.DRIFT)
    if drifted:
        output.complain(f"{drifted} objects differ from what is declared (--fail-on drift)")
        raise typer.Exit(1)
    hidden = {(line.kind, line.key) for line in lines if line.hole}
    if hidden:
        raise IncompleteError(
            f"no drift seen, but {len(hidden)} objects could not be compared in full: "
            "answers are missing from this snapshot"
        )
