"""Comparing snapshots and reading their pages back."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli import snapshots
from pipeline.errors import PageError, UsageError
from pipeline.warehouse import compare, home, schema
from pipeline.warehouse.compare import TableChange
from pipeline.warehouse.home import Home

DAYS = ("20261101T020000Z", "20261102T020000Z", "20261103T020000Z")


def _run(tiny: Home, *arguments: str) -> Result:
    return CliRunner().invoke(snapshots.app, arguments, obj=SimpleNamespace(home=tiny))


def _json(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def _connect(tiny: Home) -> duckdb.DuckDBPyConnection:
    return home.connect(tiny.sealed(), read_only=True)


def test_list_names_every_snapshot_oldest_first(tiny: Home) -> None:
    """`snapshots list` has one row per snapshot with its id and its pages."""
    rows = _json(_run(tiny, "list", "--json"))
    assert [(row["number"], row["id"], row["pages"]) for row in rows] == [
        (1, DAYS[0], 1),
        (2, DAYS[1], 1),
        (3, DAYS[2], 1),
    ]
    assert DAYS[2] in _run(tiny, "list").stdout


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1, 2, TableChange("asset", added=1, removed=1, changed=1, unchanged=1)),
        (2, 3, TableChange("asset", added=1, removed=1, changed=0, unchanged=2)),
        (1, 3, TableChange("asset", added=0, removed=0, changed=1, unchanged=2)),
        (3, 1, TableChange("asset", added=0, removed=0, changed=1, unchanged=2)),
        (2, 2, TableChange("asset", added=0, removed=0, changed=0, unchanged=3)),
    ],
)
def test_changes_are_counted_by_key(
    tiny: Home, before: int, after: int, expected: TableChange
) -> None:
    """A key that left and came back the same is unchanged, in either direction."""
    with _connect(tiny) as con:
        found = {change.table: change for change in compare.changes(con, before, after)}
    assert found["asset"] == expected
    assert found["contact"] == TableChange("contact", 0, 0, 0, 0)


def test_changed_rows_show_what_was_and_what_is(tiny: Home) -> None:
    """A changed key lists exactly the columns that differ, with both values."""
    with _connect(tiny) as con:
        rows = list(compare.changed_rows(con, schema.tables()["asset"], 1, 2))
    assert [(row.change, row.key, row.columns) for row in rows] == [
        ("changed", {"guid": "a2"}, {"name": ("clients", "customers")}),
        ("removed", {"guid": "a3"}, {}),
        ("added", {"guid": "a4"}, {}),
    ]


def test_changed_rows_compare_nulls(tiny: Home, seal: Callable[..., None], tmp_path: Any) -> None:
    """A value that appears or disappears is a change of its column."""
    results = Home(tmp_path / "nulls")
    asset = {"guid": "a1", "qualified_name": "a1.example.com"}
    seal(results, 1, {"asset": [asset]})
    seal(results, 2, {"asset": [{**asset, "description": "told"}]})
    with _connect(results) as con:
        rows = list(compare.changed_rows(con, schema.tables()["asset"], 1, 2))
    assert [row.columns for row in rows] == [{"description": (None, "told")}]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1, 2, [("new", "a2"), ("resolved", "a3")]),
        (2, 3, [("reopened", "a3"), ("resolved", "a1")]),
        (1, 3, [("new", "a2"), ("reopened", "a3"), ("resolved", "a1")]),
    ],
)
def test_findings_are_new_resolved_or_reopened(
    tiny: Home, before: int, after: int, expected: list[tuple[str, str]]
) -> None:
    """A finding that was resolved and failed again between two snapshots is reopened, not unchanged."""
    with _connect(tiny) as con:
        found = compare.finding_changes(con, before, after)
    assert [(row["change"], row["subject_id"]) for row in found] == expected


def test_diff_defaults_to_the_last_two_snapshots(tiny: Home) -> None:
    """`snapshots diff` without arguments compares the newest snapshot with the one before."""
    rows = _json(_run(tiny, "diff", "--json"))
    assert {(row["from"], row["to"]) for row in rows} == {(DAYS[1], DAYS[2])}
    assert [row["subject_id"] for row in rows if row["kind"] == "finding"] == ["a3", "a1"]
    shown = _run(tiny, "diff").stdout
    assert "asset" in shown
    assert "contact" not in shown


def test_diff_of_one_table_lists_keys(tiny: Home) -> None:
    """`--table` lists each key with the columns that changed."""
    (row,) = [
        row
        for row in _json(
            _run(tiny, "diff", "2026-11-01", "2026-11-02", "--table", "asset", "--json")
        )
        if row["change"] == "changed"
    ]
    assert row["key"] == {"guid": "a2"}
    assert row["columns"] == {"name": {"before": "clients", "after": "customers"}}
    shown = _run(tiny, "diff", "2026-11-01", "2026-11-02", "--table", "asset").stdout
    assert "customers" in shown


def test_diff_of_an_unknown_table_suggests_near_ones(tiny: Home) -> None:
    """A mistyped table is answered with the names it may have meant."""
    error = _run(tiny, "diff", "--table", "assets").exception
    assert isinstance(error, UsageError)
    assert "asset" in str(error)


def test_the_first_snapshot_has_nothing_before_it(tiny: Home) -> None:
    """Comparing the first snapshot with its predecessor says so."""
    with _connect(tiny) as con, pytest.raises(UsageError, match="is the first snapshot"):
        compare.pair(con, None, "2026-11-01")


def test_verify_reads_every_page_back(tiny: Home) -> None:
    """Intact pages of one snapshot, or of all, are counted and the command succeeds."""
    for arguments, pages in (((), 3), (("2026-11-02",), 1)):
        result = _run(tiny, "verify", "--json", *arguments)
        assert result.exit_code == 0
        assert [(row["pages"], row["damaged"]) for row in _json(result)] == [(pages, 0)]


def _missing(tiny: Home) -> None:
    (tiny.raw / "run-2" / "purview" / "purview.search" / "part-0").unlink()


def _truncated(tiny: Home) -> None:
    part = tiny.raw / "run-2" / "purview" / "purview.search" / "part-0"
    part.write_bytes(part.read_bytes()[:-12])


@pytest.mark.parametrize("damage", [_missing, _truncated])
def test_verify_names_damaged_pages(tiny: Home, damage: Callable[[Home], None]) -> None:
    """A damaged page ends the command with code 3 and is named with its file and offset."""
    damage(tiny)
    result = _run(tiny, "verify", "--json")
    assert isinstance(result.exception, PageError)
    assert result.exception.exit_code == 3
    assert "run-2/purview/purview.search/part-0: the page at byte 0" in str(result.exception)
    rows = _json(result)
    assert [row["page_id"] for row in rows if row["kind"] == "damage"] == [2_000_000_000]
    assert rows[-1] == {"kind": "summary", "pages": 3, "bytes": rows[-1]["bytes"], "damaged": 1}
    # the other snapshots are unharmed
    assert _run(tiny, "verify", "2026-11-03").exit_code == 0


def test_the_commands_are_named_as_documented() -> None:
    """The group offers list, diff and verify."""
    command = typer.main.get_command(snapshots.app)
    assert set(command.commands) >= {"list", "diff", "verify"}  # type: ignore[attr-defined]
