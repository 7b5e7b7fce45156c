"""The quality gate, on real DuckDB and real Great Expectations."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline import gate
from pipeline.errors import GateError
from pipeline.gate import expectations, plan
from pipeline.warehouse import history, home, schema

Insert = Callable[..., None]
FEW = ("run", "purview")
ASSET = {"guid": "a1", "status": "ACTIVE", "level": "dataset", "page_id": 7}
COLUMN = {"guid": "c1", "asset_guid": "a1", "status": "ACTIVE", "page_id": 7}
SEARCH = {
    "endpoint": "purview.search",
    "source": "purview",
    "server_total": 1,
    "row_count": 1,
    "distinct_keys": 1,
    "verdict": "reconciled",
}


@pytest.fixture
def staged(tmp_path: Path, insert: Insert) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with staging attached as `staging`: one asset, one column, one page, reconciled."""
    with home.connect(":memory:") as con:
        con.execute(f"attach '{tmp_path / 'staging.duckdb'}' as staging")
        history.create_staging(con, "staging", schema.COLLECTED)
        insert(con, "staging.exchange", "exchange", [{"page_id": 7, "source": "purview"}])
        insert(con, "staging.asset", "asset", [ASSET])
        insert(con, "staging.asset_column", "asset_column", [COLUMN])
        insert(con, "staging.reconciliation", "reconciliation", [SEARCH])
        yield con


def test_sound_staging_passes_every_check(staged: duckdb.DuckDBPyConnection) -> None:
    """Sound data passes, and the result says how many checks ran: all that the dictionary promises."""
    result = gate.check(staged, database="staging")
    assert result.ran == len(plan.checks(schema.COLLECTED)) > 250
    assert {outcome.status for outcome in result.outcomes} == {"passed"}


def test_staging_may_be_a_file(staged: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The gate opens a staging file by itself, and finds what is wrong in it."""
    staged.execute("delete from staging.exchange")
    staged.execute("detach staging")
    with pytest.raises(GateError, match=r"asset \(page_id\): 1 rows point to no row of exchange"):
        gate.check(tmp_path / "staging.duckdb")


def test_the_callers_connection_stays_usable(staged: duckdb.DuckDBPyConnection) -> None:
    """The gate neither closes the connection it is given nor changes the database in use."""
    gate.check(staged, database="staging")
    assert staged.execute("select current_database()").fetchall() == [("memory",)]


@pytest.mark.parametrize(
    ("table", "row", "expected"),
    [
        ("asset", ASSET, "asset (guid): 1 keys are there more than once, e.g. guid=a1"),
        (
            "asset_column",
            {**COLUMN, "guid": "c2", "asset_guid": "gone"},
            "asset_column (asset_guid): 1 rows point to no row of asset, e.g. guid=c2",
        ),
        (
            "asset_column",
            {**COLUMN, "guid": "c2", "name": None},
            "rows lack a value, e.g. guid=c2, no name",
        ),
        (
            "classification",
            {"entity_guid": "c1", "asset_guid": "a1", "column_guid": "c9", "page_id": 7},
            "classification (column_guid): 1 rows point to no row of asset_column, "
            "e.g. entity_guid=c1, type_name=x",
        ),
        (
            "contact",
            {"asset_guid": "a1", "role": "Owner", "page_id": 8},
            "contact (page_id): 1 rows point to no row of exchange, "
            "e.g. asset_guid=a1, role=Owner, principal_id=x",
        ),
        (
            "reconciliation",
            {**SEARCH, "endpoint": "purview.term", "server_total": 2},
            "1 endpoints claim to be reconciled although the numbers differ, e.g. endpoint=purview.term",
        ),
        (
            "reconciliation",
            {**SEARCH, "endpoint": "purview.term", "row_count": 0},
            "1 endpoints claim to be reconciled although the numbers differ",
        ),
        (
            "reconciliation",
            {**SEARCH, "endpoint": "purview.term", "server_total": None},
            "1 endpoints claim to be reconciled although the numbers differ",
        ),
        (
            "reconciliation",
            {**SEARCH, "endpoint": "purview.term", "verdict": "no_control_total"},
            "1 endpoints claim that the server gave no count although it did",
        ),
    ],
)
def test_a_broken_promise_stops_the_snapshot(
    staged: duckdb.DuckDBPyConnection,
    insert: Insert,
    table: str,
    row: dict[str, Any],
    expected: str,
) -> None:
    """Each kind of broken promise is a GateError naming table, columns, count, keys and what to do."""
    insert(staged, f"staging.{table}", table, [row])
    with pytest.raises(GateError) as caught:
        gate.check(staged, database="staging", groups=FEW)
    message = str(caught.value)
    assert expected in message
    assert "checks failed" in message
    assert "run `muster collect` again" in message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("verdict", ["weak", "incomplete", "skipped"])
def test_a_difference_that_is_admitted_passes(
    staged: duckdb.DuckDBPyConnection, insert: Insert, verdict: str
) -> None:
    """Counts may differ from the server's as long as the verdict says so."""
    row = {**SEARCH, "endpoint": "purview.term", "server_total": 9, "verdict": verdict}
    insert(staged, "staging.reconciliation", "reconciliation", [row])
    assert not gate.check(staged, database="staging", groups=FEW).having("failed")


@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0), (1, 1)])
def test_a_total_that_moved_past_what_was_read_is_no_difference(
    staged: duckdb.DuckDBPyConnection, insert: Insert, before: int, after: int
) -> None:
    """What was read may lie anywhere between the server's total before and after the walk."""
    row = {**SEARCH, "endpoint": "purview.term", "server_total_before": before}
    insert(staged, "staging.reconciliation", "reconciliation", [{**row, "server_total": after}])
    assert not gate.check(staged, database="staging", groups=FEW).having("failed")


def test_unknown_words_are_weak(staged: duckdb.DuckDBPyConnection, insert: Insert) -> None:
    """A status nobody documented is recorded with its keys and does not stop the snapshot."""
    insert(staged, "staging.asset", "asset", [{**ASSET, "guid": "a2", "status": "ARCHIVED"}])
    (weak,) = gate.check(staged, database="staging", groups=FEW).having("weak")
    assert (weak.check.table, weak.check.columns) == ("asset", ("status",))
    assert (weak.unexpected, weak.examples) == (1, ("guid=a2",))


def test_at_most_five_keys_are_named(staged: duckdb.DuckDBPyConnection, insert: Insert) -> None:
    """A check that fails for many rows counts them all and names five."""
    rows = [{**COLUMN, "guid": f"c{number}", "asset_guid": "gone"} for number in range(2, 9)]
    insert(staged, "staging.asset_column", "asset_column", rows)
    with pytest.raises(GateError) as caught:
        gate.check(staged, database="staging", groups=FEW)
    assert "7 rows point to no row of asset" in str(caught.value)
    assert str(caught.value).count("guid=c") == 5


def test_a_check_that_cannot_run_is_no_verdict_on_the_data(
    staged: duckdb.DuckDBPyConnection,
) -> None:
    """A query that breaks is reported as a failure of the gate itself, not as bad data."""
    staged.execute("drop table staging.gap")
    with pytest.raises(GateError, match=r"the gate itself failed: .*gap does not exist"):
        gate.check(staged, database="staging", groups=("run",))


def test_no_checks_is_a_failure(staged: duckdb.DuckDBPyConnection) -> None:
    """A gate that checked nothing lets nothing through."""
    with pytest.raises(GateError, match="0 checks were planned"):
        gate.check(staged, database="staging", groups=())


def test_lost_checks_are_a_failure(
    staged: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan of which some checks did not run is not accepted."""
    validate = expectations.validate
    monkeypatch.setattr(expectations, "validate", lambda con, checks: validate(con, checks[1:]))
    with pytest.raises(GateError, match=r"(\d+) checks were planned and \d+ ran"):
        gate.check(staged, database="staging", groups=FEW)


def test_every_promise_of_the_dictionary_is_planned() -> None:
    """Every staged table has its key, its required columns and its references in the plan."""
    planned = {(check.table, check.kind, check.columns) for check in plan.checks(schema.COLLECTED)}
    for table in schema.tables().values():
        if table.group in schema.COLLECTED:
            assert (table.name, "unique_key", table.key) in planned
            required = tuple(column.name for column in table.columns if column.required)
            assert (table.name, "not_null", required) in planned
            for reference in table.references:
                assert (table.name, "reference", reference.columns) in planned


def test_only_enumerations_are_read_as_words() -> None:
    """Comments that enumerate values become weak checks; prose and keys do not."""
    known = {(check.table, check.columns) for check in plan.checks(schema.COLLECTED) if check.weak}
    assert ("access_request", ("status",)) in known
    assert ("contact", ("role",)) in known
    assert ("data_product", ("id",)) not in known
    assert ("asset", ("updated_by",)) not in known


def test_importing_the_gate_does_not_import_great_expectations() -> None:
    """Commands that do not seal do not pay for Great Expectations."""
    code = "import sys, pipeline.gate; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_gate_is_silent(tmp_path: Path) -> None:
    """A run of the gate as a program of its own writes nothing, not even when Python ends, and calls nobody."""
    code = (
        "import socket; socket.socket.connect = socket.socket.connect_ex = None\n"
        "import sys, pathlib; from pipeline import gate; from pipeline.warehouse import history, home, schema\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "with home.connect(path) as con: history.create_staging(con, 'staging', schema.COLLECTED)\n"
        "assert gate.check(path).ran"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "staging.duckdb")],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
