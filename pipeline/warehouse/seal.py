"""Sealing: staging becomes a snapshot, in one transaction on a new copy of the warehouse."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb

from pipeline.errors import UsageError
from pipeline.warehouse import history, schema
from pipeline.warehouse.home import Home, bind, connect, is_small, revise, with_room


@dataclass(frozen=True)
class Facts:
    """What a snapshot says about itself."""

    run_id: str
    as_of: datetime
    started_at: datetime
    estate: str
    complete: bool
    refreshed: bool
    skipped: list[str]
    tool_version: str
    config_sha256: str
    gate_checks: int


@dataclass(frozen=True)
class Newest:
    """The newest snapshot, as far as the next one needs to know it."""

    number: int
    as_of: datetime
    run_id: str
    estate: str
    tool_version: str
    refreshed_at: datetime | None


def newest(home: Home) -> Newest | None:
    """The newest snapshot; None before the first.

    One that an earlier version sealed may not say whether it was refreshed: then nothing is known to be.

    Raises:
        UsageError: the pointer leads nowhere: a new history would hide the old one.
    """
    if not home.pointer.is_symlink() and not home.pointer.exists():
        return None
    with connect(home.sealed(), read_only=True) as con:
        rows = con.execute(
            "with sealed as ("
            "select number, null::boolean as refreshed from snapshot where false "
            "union all by name from snapshot"
            ") "
            "select number, as_of, run_id, estate, tool_version, "
            "(select max(as_of) from sealed where refreshed) "
            "from sealed order by number desc limit 1"
        ).fetchall()
    return Newest(*rows[0]) if rows else None


def check_order(as_of: datetime, last: Newest | None) -> None:
    """Refuses to seal out of order: history would not be one line.

    Raises:
        UsageError: the warehouse already holds a later snapshot.
    """
    if last is not None and as_of < last.as_of:
        raise UsageError(
            f"--as-of {as_of:%Y-%m-%dT%H:%M:%SZ} lies before the newest snapshot "
            f"({last.as_of:%Y-%m-%dT%H:%M:%SZ}): snapshots are sealed in order; use a later time, or "
            "another MUSTER_HOME"
        )


def seal(
    home: Home, staging: Path, number: int, facts: Facts, memory_limit: str | None = None
) -> str:
    """The id of the new snapshot, which is in force when this returns; on any error the old warehouse stays."""
    with revise(home) as con:
        con.execute("set threads = 1" if is_small(staging) else "reset threads")
        if memory_limit:
            bind(con, memory_limit)
        history.initialise(con)
        path = str(staging).replace("'", "''")
        con.execute(f"attach '{path}' as staged (read_only)")
        name = with_room(con, partial(_take_over, con, number, facts))
        con.execute("detach staged")
    return name


def _take_over(con: duckdb.DuckDBPyConnection, number: int, facts: Facts) -> str:
    """The id of the snapshot made of `staged`, in one transaction."""
    con.execute("begin transaction")
    try:
        for table in schema.tables().values():
            if table.group in schema.COLLECTED and table.historised:
                history.merge(con, table, f"staged.{table.name}", number, carried=True)
        own = (
            f"semi join staged.exchange e on e.page_id = s.page_id and e.snapshot_number = {number}"
        )
        for growing in ("exchange", "redaction"):
            con.execute(
                f"insert into {growing} by name "
                f"select s.* exclude (content_hash, carried_hash) from staged.{growing} s {own}"
            )
        name = _insert_snapshot(con, number, facts)
        con.execute("commit")
    except BaseException:
        # a commit that fails has rolled back
        with suppress(duckdb.TransactionException):
            con.execute("rollback")
        raise
    return name


def _insert_snapshot(con: duckdb.DuckDBPyConnection, number: int, facts: Facts) -> str:
    stem = facts.as_of.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    repeats = con.execute(
        "select count(*) from snapshot where id = $1 or starts_with(id, $1 || '-')", [stem]
    ).fetchall()[0][0]
    name = f"{stem}-{repeats + 1}" if repeats else stem
    values = {
        "number": number,
        "id": name,
        "run_id": facts.run_id,
        "as_of": facts.as_of,
        "started_at": facts.started_at,
        "sealed_at": datetime.now(UTC),
        "estate": facts.estate,
        "complete": facts.complete,
        "refreshed": facts.refreshed,
        "skipped": facts.skipped,
        "tool_version": facts.tool_version,
        "config_sha256": facts.config_sha256,
        "gate_checks": facts.gate_checks,
    }
    columns = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    con.execute(f"insert into snapshot ({columns}) values ({marks})", list(values.values()))
    return name
