"""The verdicts of one judgement: `judged` accounts for each of them, and history has those that it did not have yet.

Where they are stored, `STORE` is attached: the copy of the warehouse that will be the newest. A verdict that is no fail
goes there as soon as its rule was judged, unless history has it already; in `judged` is how many there are, and of rules
that later ones ask about, which. Fails stay in `judged` whole until it is known which are waived. So nothing is written
twice that need not be.
"""

from collections.abc import Collection
from typing import Any

import duckdb

from pipeline.judge.outcome import Moment
from pipeline.judge.rule import STATUSES, Rule
from pipeline.judge.subjects import SUBJECTS
from pipeline.warehouse import history, schema

STORE = "storing"
"""What the copy of the warehouse is called where it is attached."""

_TABLE = schema.tables()["verdict"]
_COLUMNS = ", ".join(_TABLE.names)
_HASHED = (
    f"(select {_COLUMNS}, {history.hashed(_TABLE, '0::ubigint')} as {history.ROW_HASH} from ({{}}))"
)

_DIGEST = (
    f"select count(*), sum({history.ROW_HASH}::hugeint), bit_xor({history.ROW_HASH}) from {{}}"
)
"""What two sets of verdicts have in common only if they are the same: the hash of each is of its rule and subject, too."""

# two hashes of 64 bits: texts by the million would have to be held in memory
_SAME = (
    f"there.{history.ROW_HASH} = said.{history.ROW_HASH} "
    "and hash(there.subject_id) = hash(said.subject_id)"
)

_JUDGED = """
create or replace {kind} (
    rule_id varchar,
    subject_id varchar,
    subject varchar,
    status varchar,
    severity varchar,
    reason varchar,
    subject_name varchar,
    evidence json,
    finding_id varchar,
    waived boolean,
    members bigint default 1
)
"""
"""Without a subject, a row stands for `members` verdicts."""

_FOUND = """
select $rule as rule_id, subject_id, $subject as subject, status, severity, reason, subject_name, evidence,
    sha256(concat($rule, '|', $prefix, subject_id, '|'))[:16] as finding_id, false as waived
from found
"""


def begin(con: duckdb.DuckDBPyConnection, database: str | None = None) -> None:
    """Makes an empty `judged`: in an attached `database`, or a temp table."""
    kind = f"table {database}.judged" if database else "temp table judged"
    con.execute(_JUDGED.format(kind=kind))


def begin_storing(con: duckdb.DuckDBPyConnection, database: str, number: int) -> None:
    """Takes an earlier judgement of snapshot `number` back from the store, and makes an empty `ended` in `database`."""
    con.execute(f"delete from {STORE}.history.verdict where valid_from = ?", [number])
    con.execute(f"update {STORE}.history.verdict set valid_to = null where valid_to = ?", [number])
    con.execute(f"create table {database}.ended (rule_id varchar, subject_id varchar)")


def keep(con: duckdb.DuckDBPyConnection, rule: Rule, moment: Moment) -> dict[str, int]:
    """Moves `found` to `judged`, and to the store if there is one; gives the number of verdicts by status."""
    values = {"rule": rule.id, "subject": rule.subject, "prefix": SUBJECTS[rule.subject].prefix}
    named = rule.id in moment.asked_for
    keep_rows(con, _FOUND, values, [rule.id], moment.storing, named=named)
    counted = dict(con.execute("select status, count(*) from found group by status").fetchall())
    con.execute("drop table found")
    return {status: counted.get(status, 0) for status in STATUSES}


def keep_rows(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    values: dict[str, Any],
    rule_ids: Collection[str],
    storing: int | None,
    *,
    named: bool = False,
) -> None:
    """Adds the verdicts that the query `rows` gives, all there are of the rules.

    Where they are stored, `judged` has the subjects of fails, and of others if they are to be `named`; else their number.
    """
    if not rule_ids:
        return
    if storing is None:
        con.execute(f"insert into judged by name {rows}", values)
        return
    try:
        _store_new(con, rows, values, rule_ids, storing)
        who = "subject_id, 1 as members" if named else "count(*) as members"
        con.execute(
            f"insert into judged by name select rule_id, subject, status, severity, waived, {who} "
            f"from ({rows}) where status <> 'fail' {'' if named else 'group by all'} "
            f"union all by name select *, 1 as members from ({rows}) where status = 'fail'",
            values,
        )
    except BaseException:
        # a transaction writes to one database only
        for rule_id in rule_ids:
            forget(con, rule_id, storing)
        raise


def _store_new(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    values: dict[str, Any],
    rule_ids: Collection[str],
    number: int,
) -> None:
    """Stores what is no fail and not there yet; notes in `ended` what is there and was not said again."""
    names = ", ".join(f"'{rule_id}'" for rule_id in rule_ids)
    there = (
        f"(select subject_id, rule_id, {history.ROW_HASH} from {STORE}.history.verdict "
        f"where rule_id in ({names}) and status <> 'fail' and valid_to is null and valid_from < {number})"
    )
    said = _HASHED.format(f"from ({rows}) where status <> 'fail'")
    store = f"insert into {STORE}.history.verdict by name select *, {number} as valid_from from {said} said"
    known = con.execute(_DIGEST.format(there)).fetchall()
    if not known[0][0]:
        con.execute(store, values)
        return
    # most nights most rules say what they said before: to tell that takes a fraction of looking every verdict up
    if con.execute(_DIGEST.format(said), values).fetchall() == known:
        return
    con.execute(f"{store} where not exists (select 1 from {there} there where {_SAME})", values)
    con.execute(
        f"insert into ended by name select rule_id, subject_id from {there} there "
        f"where not exists (select 1 from {said} said where {_SAME})",
        values,
    )


def forget(con: duckdb.DuckDBPyConnection, rule_id: str, storing: int | None) -> None:
    """Takes back what `keep` did with the verdicts of a rule."""
    con.execute("delete from judged where rule_id = ?", [rule_id])
    if storing is not None:
        con.execute("delete from ended where rule_id = ?", [rule_id])
        con.execute(
            f"delete from {STORE}.history.verdict where rule_id = ? and valid_from = ?",
            [rule_id, storing],
        )


def settle(con: duckdb.DuckDBPyConnection, database: str, number: int) -> None:
    """Ends what was not said again, and stores the fails; `con` is the store's own, `database` has `judged` and `ended`."""
    in_force = f"valid_to is null and valid_from < {number}"
    failing = _HASHED.format(f"from {database}.judged where status = 'fail'")
    store = (
        f"insert into history.verdict by name select *, {number} as valid_from from {failing} said"
    )
    failed = f"(from history.verdict where status = 'fail' and {in_force})"
    if not con.execute(f"select 1 from history.verdict where {in_force} limit 1").fetchall():
        con.execute(store)
        return
    con.execute(
        f"create temp table failing as select rule_id, subject_id, {history.ROW_HASH} from {failing}"
    )
    con.execute(
        f"create temp table open_fail as select rule_id, subject_id, {history.ROW_HASH} from {failed}"
    )
    con.execute(f"{store} where not exists (select 1 from open_fail there where {_SAME})")
    for ended in (
        f"status <> 'fail' and (rule_id, subject_id) in (from {database}.ended)",
        f"status <> 'fail' and rule_id not in (select distinct rule_id from {database}.judged)",
        f"status = 'fail' and not exists (select 1 from failing said where {_SAME})",
    ):
        con.execute(
            f"update history.verdict there set valid_to = {number} where {in_force} and {ended}"
        )
    con.execute("drop table failing")
    con.execute("drop table open_fail")
