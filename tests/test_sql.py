"""`muster sql`: what it answers, and what it cannot be made to do."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow.parquet
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.sql import sql
from pipeline.errors import PublishError, UsageError
from pipeline.warehouse import adhoc, confined, schema
from pipeline.warehouse.adhoc import Query
from pipeline.warehouse.home import Home

HARD = (
    "select * from (values "
    "(1, 'plain', null, 1.50::decimal(5, 2), timestamptz '2026-11-01 02:00:00Z', ['a', 'b']), "
    "(2, 'a \"quote\", a comma', '', -2.25::decimal(5, 2), null, []), "
    "(3, e'two\\nlines', '=1+1', 0::decimal(5, 2), null, null)) "
    "as t(number, text, maybe, amount, moment, list) order by number"
)


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    """The command on its own."""
    app = typer.Typer()
    app.command()(sql)
    return app


@pytest.fixture
def run(app: typer.Typer, tiny: Home) -> Callable[..., Result]:
    """A function that runs the command with arguments on the tiny estate."""

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, obj=SimpleNamespace(home=tiny), input=stdin)

    return run


def _records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_table_is_the_default(run: Callable[..., Result]) -> None:
    """A query prints its columns and rows; text that looks like markup stays text."""
    result = run("select guid, name, '[red]x' as style from asset order by guid")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["guid", "name", "style"]
    assert lines[1] == ["a1", "orders", "[red]x"]


def test_a_table_stops_at_max_rows_and_says_so(run: Callable[..., Result]) -> None:
    """Only the first rows are shown, and a note on stderr says that there are more."""
    result = run("--max-rows", "2", "select guid from asset order by guid")
    assert result.stdout.split() == ["guid", "a1", "a2"]
    assert "the first 2 rows" in result.stderr
    assert "rows" not in run("select guid from asset").stderr


def test_control_characters_do_not_reach_the_terminal(run: Callable[..., Result]) -> None:
    """Names come from other systems: an escape sequence in one is shown, not obeyed."""
    assert "\x1b" not in run("select chr(27) || '[31mred' as name").stdout


def test_all_formats_carry_the_same_values(run: Callable[..., Result], tmp_path: Path) -> None:
    """CSV, JSON lines and Parquet of one query hold the same rows, read by programs that are not ours."""
    paths = {form: tmp_path / f"out.{form}" for form in ("csv", "json", "parquet")}
    for path in paths.values():
        assert run(HARD, "--output", str(path)).exit_code == 0
    as_text = "select number, text, maybe, amount, moment, to_json(list)::varchar as list from "
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        expected = con.execute(as_text + f"({HARD})").fetchall()
        parquet = con.execute(as_text + f"'{paths['parquet']}' order by number").fetchall()
        lines = con.execute(
            "select number, text, maybe, amount::decimal(5, 2), moment::timestamptz, "
            f"to_json(list)::varchar from read_json('{paths['json']}') order by number"
        ).fetchall()
    assert parquet == expected
    assert lines == expected
    with paths["csv"].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["number"]), row["text"]) for row in rows] == [row[:2] for row in expected]
    assert [row["maybe"] or None for row in rows] == [row[2] or None for row in expected]
    assert [row["amount"] for row in rows] == ["1.50", "-2.25", "0.00"]
    assert [row["moment"] for row in rows] == ["2026-11-01 02:00:00+00", "", ""]


def test_csv_is_rfc_4180(run: Callable[..., Result]) -> None:
    """Lines end in CRLF, only what needs quotes is quoted, and an empty text differs from a null."""
    out = run("--format", "csv", HARD).stdout_bytes
    assert out.startswith(b"number,text,maybe,amount,moment,list\r\n1,plain,,1.50,2026")
    assert b'\r\n2,"a ""quote"", a comma","",-2.25,,[]\r\n' in out
    assert b'\r\n3,"two\nlines",=1+1,0.00,,\r\n' in out


def test_spreadsheet_csv_defuses_formulas_in_text(run: Callable[..., Result]) -> None:
    """--spreadsheet puts an apostrophe before text that starts a formula and leaves numbers alone."""
    query = "select '=1+1' as a, '+1' as b, '-1' as c, '@x' as d, -1 as e, 'x=1' as f"
    plain = list(csv.reader(io.StringIO(run("--format", "csv", query).stdout)))
    assert plain[1] == ["=1+1", "+1", "-1", "@x", "-1", "x=1"]
    safe = run("--format", "csv", "--spreadsheet", query).stdout
    assert list(csv.reader(io.StringIO(safe)))[1] == ["'=1+1", "'+1", "'-1", "'@x", "-1", "x=1"]


def test_json_lines_are_json(run: Callable[..., Result]) -> None:
    """Columns of one name are told apart, and what JSON cannot say is null."""
    query = "select 1 as a, 2 as a, 'inf'::double as b, {'c': [null, 1]} as d"
    (row,) = _records(run("--json", query))
    assert row == {"a": 1, "a_1": 2, "b": None, "d": {"c": [None, 1]}}


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as n;",
        "select 1 as n -- a comment",
        "select 1 as n; -- a comment ;",
        "from (select 1 as n)",
        "with t as (select 1 as n) select * from t",
    ],
)
def test_one_statement_in_any_dress(run: Callable[..., Result], query: str) -> None:
    """Semicolons and comments around one statement do not matter."""
    assert _records(run("--json", query)) == [{"n": 1}]


def test_a_dash_reads_the_query_from_stdin(run: Callable[..., Result]) -> None:
    """`-` stands for a query on stdin."""
    assert _records(run("--json", "-", stdin="select 2 as n")) == [{"n": 2}]


@pytest.mark.parametrize(
    "query", ["describe asset", "summarize asset", "show tables", "explain from asset"]
)
def test_statements_that_inform_are_queries(run: Callable[..., Result], query: str) -> None:
    """DuckDB's own ways to look around work."""
    assert _records(run("--json", query))


def test_rows_keep_their_order(run: Callable[..., Result]) -> None:
    """A sorted result stays sorted in every row of a result of many batches."""
    numbers = [
        row["i"]
        for row in _records(run("--json", "select i from range(50000) r(i) order by i desc"))
    ]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-01", {"a1": "new", "a3": "new"}),
        ("20261102T020000Z", {"a1": "open", "a2": "new", "a3": "resolved"}),
        ("2026-11-03T05:00:00Z", {"a1": "resolved", "a2": "open", "a3": "reopened"}),
    ],
)
def test_at_shows_tables_and_views_as_they_were(
    run: Callable[..., Result], at: str, expected: dict[str, str]
) -> None:
    """--at takes an id, a day or a time, and derived views such as finding follow it."""
    rows = _records(run("--json", "--at", at, "select subject_id, status from finding"))
    assert {row["subject_id"]: row["status"] for row in rows} == expected


@pytest.mark.parametrize("at", ["2025-01-01", "yesterday"])
def test_an_unknown_snapshot_lists_the_nearest(run: Callable[..., Result], at: str) -> None:
    """A reference that names no snapshot is answered with those that exist."""
    error = run("--at", at, "from asset").exception
    assert isinstance(error, UsageError)
    assert "20261101T020000Z" in str(error)


@pytest.mark.parametrize(
    "query",
    [
        "insert into snapshot by name select * from snapshot",
        "with gone as (delete from history.asset returning *) select * from gone",
        "drop table history.asset",
        "create table mine as select 1",
        "create temp table mine as select 1",
        "copy asset to '{tmp}/out.csv'",
        "copy (select 1) to '/dev/stdout'",
        "export database '{tmp}/out'",
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('/etc/hostname')",
        "select * from glob('/etc/*')",
        "attach '{tmp}/other.duckdb' as other",
        "attach ':memory:' as other",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "set enable_external_access = true",
        "set variable snapshot = 1",
        "reset lock_configuration",
        "pragma threads = 1",
        "begin",
    ],
)
def test_anything_but_reading_is_refused(
    run: Callable[..., Result], tiny: Home, tmp_path: Path, query: str
) -> None:
    """Writing, files, extensions, settings: refused with a clear message, and the warehouse stays as it was."""
    before = tiny.sealed().read_bytes()
    result = run(query.format(tmp=tmp_path))
    assert isinstance(result.exception, UsageError)
    assert "muster sql only reads the warehouse" in str(result.exception)
    assert tiny.sealed().read_bytes() == before
    assert not list(tmp_path.glob("o*"))


def test_files_are_no_tables(run: Callable[..., Result]) -> None:
    """A path in place of a table reads no file."""
    error = run("from '/etc/passwd'").exception
    assert isinstance(error, UsageError)
    assert "root:" not in str(error)


def test_variables_of_the_program_are_no_tables(run: Callable[..., Result]) -> None:
    """Names of Python objects inside the process are unknown to the query."""
    assert isinstance(run("from request").exception, UsageError)


@pytest.mark.parametrize(
    ("query", "count"), [("select 1; select 2", 2), ("", 0), ("/* none */", 0)]
)
def test_exactly_one_statement(run: Callable[..., Result], query: str, count: int) -> None:
    """Several statements, or none, are refused."""
    error = run(query).exception
    assert f"this text has {count}" in str(error)


def test_errors_are_duckdbs_own_words(run: Callable[..., Result]) -> None:
    """A wrong query ends with code 2 and DuckDB's message with its pointer to the place."""
    error = run("select nonsense from asset").exception
    assert isinstance(error, UsageError)
    assert error.exit_code == 2
    assert "nonsense" in str(error)
    assert "Traceback" not in str(error)


def test_unknown_tables_suggest_near_names(run: Callable[..., Result]) -> None:
    """A mistyped table is answered with names of the dictionary."""
    message = str(run("from immuta_colum").exception)
    assert "nearest tables: immuta_column" in message
    assert "Did you mean" not in message


ENDLESS = (
    "select count(*) from range(100000000) a, range(100000000) b where hash(a.range, b.range) = 1"
)


def test_a_timeout_stops_the_query(run: Callable[..., Result]) -> None:
    """A query that takes too long is stopped by the clock."""
    started = time.monotonic()
    error = run("--timeout", "0.5", ENDLESS).exception
    assert isinstance(error, UsageError)
    assert "stopped after 0.5 s" in str(error)
    assert time.monotonic() - started < 10


def test_a_query_deaf_to_interrupts_is_killed(tiny: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not end when it is asked to is killed, and nothing of it is left."""
    deaf = "import sys, signal; signal.pause()"
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        process = popen([sys.executable, "-c", deaf], **options)
        started.append(process)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(confined, "GRACE_S", 0.05)
    with pytest.raises(UsageError, match="stopped after"):
        adhoc.run(tiny.sealed(), Query("select 1", "csv", timeout_s=0.2), lambda chunk: None)
    assert started[0].returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "query",
    [
        "select length(repeat('0123456789', 400000000))",
        "select list(hash(i)::varchar) from range(100000000) r(i)",
    ],
)
def test_memory_is_bounded(run: Callable[..., Result], query: str) -> None:
    """A query that needs more memory than allowed is told so, even for one enormous value."""
    error = run("--memory", "256MB", query).exception
    assert isinstance(error, UsageError)
    assert "needs more than 244 MB" in str(error)


@pytest.mark.parametrize("memory", ["lots", "1MB", "2TB"])
def test_sizes_are_checked(run: Callable[..., Result], memory: str) -> None:
    """A size that is none is refused with examples of one."""
    assert "such as 512MB or 4GB" in str(run("--memory", memory, "select 1").exception)


def test_a_failed_query_leaves_no_file(run: Callable[..., Result], tmp_path: Path) -> None:
    """--output appears only when the result is complete, and keeps what was there before."""
    out = tmp_path / "out.csv"
    out.write_text("before")
    query = "select case when i > 30000 then error('late') else i end from range(60000) r(i)"
    assert isinstance(run(query, "--output", str(out)).exception, UsageError)
    assert [path.name for path in tmp_path.glob("*out*")] == ["out.csv"]
    assert out.read_text() == "before"


def test_an_output_that_cannot_be_written_is_a_publishing_error(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    """A folder that does not exist is reported with the path."""
    error = run("select 1", "--output", str(tmp_path / "none" / "out.csv")).exception
    assert isinstance(error, PublishError)


def test_a_table_has_no_file_form(run: Callable[..., Result], tmp_path: Path) -> None:
    """--output without a format that programs read is refused."""
    error = run("select 1", "--output", str(tmp_path / "out.txt")).exception
    assert "--format csv, json or parquet" in str(error)


def test_parquet_goes_through_a_pipe(run: Callable[..., Result]) -> None:
    """Parquet on a stdout that is no terminal is a complete file."""
    result = run("--format", "parquet", "select guid from asset order by 1")
    table = pyarrow.parquet.read_table(io.BytesIO(result.stdout_bytes))
    assert table.to_pydict() == {"guid": ["a1", "a2", "a3"]}


def test_the_query_cannot_see_credentials(
    run: Callable[..., Result], tiny: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process of the query gets no environment but what it needs to start."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "not-for-queries")
    seen: list[dict[str, str]] = []
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        seen.append(options["env"])
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    assert _records(run("--json", "select 1 as n")) == [{"n": 1}]
    assert set(seen[0]) <= set(confined.PASSED_ON)


def test_tables_lists_the_dictionary(run: Callable[..., Result]) -> None:
    """--tables has every table of the dictionary and the derived views, with their grain."""
    rows = {row["table"]: row["comment"] for row in _records(run("--tables", "--json"))}
    for name, table in schema.tables().items():
        assert rows[name] == table.comment
    assert "one row per failing subject" in rows["finding"]
    assert "asset_column" in run("--tables").stdout


def test_describe_lists_columns_with_comments(run: Callable[..., Result]) -> None:
    """--describe has the columns of a table in order, with type and comment."""
    rows = _records(run("--describe", "contact", "--json"))
    assert [row["column"] for row in rows] == [
        column.name for column in schema.tables()["contact"].columns
    ]
    assert {"column": "role", "type": "VARCHAR", "comment": "Owner or Expert"} in rows
    assert "nearest: contact" in str(run("--describe", "contacts").exception)


# who starts the tests in the background has Ctrl-C ignored, and processes inherit that
PROGRAM = """
import signal, sys, types, typer
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from pipeline.cli.sql import sql
from pipeline.warehouse.home import Home
app = typer.Typer()
app.command()(sql)
app(sys.argv[2:], obj=types.SimpleNamespace(home=Home(Path(sys.argv[1]))))
"""


def _program(tiny: Home, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tiny.root), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_ctrl_c_ends_with_130(tiny: Home) -> None:
    """SIGINT while rows are streaming ends the command with 130 and without a traceback."""
    with _program(tiny, "--format", "csv", "select i from range(1000000000000) r(i)") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_a_reader_that_leaves_ends_the_query(tiny: Home) -> None:
    """A closed pipe (head, less) ends an endless result quietly."""
    with _program(tiny, "--format", "csv", "select i from range(1000000000000) r(i)") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"i\r\n"
        process.stdout.close()
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == b""


def test_no_process_is_left_when_the_command_is_killed(tiny: Home) -> None:
    """The query ends by itself when the command that asked for it is gone."""
    with _program(tiny, "--format", "csv", "select i from range(1000000000000) r(i)") as process:
        assert process.stdout is not None
        process.stdout.readline()
        (child,) = _children(process.pid)
        process.kill()
        process.wait()
    deadline = time.monotonic() + 20
    while _alive(child):
        assert time.monotonic() < deadline


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    os.sched_yield()
    return state != "Z"
