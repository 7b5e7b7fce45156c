"""The life of an access request: its steps in order, and which instants are inferred."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from judging import CONTACTS, ask, pack, seal

from pipeline.judge import examples, grant, sensitivity, timeline
from pipeline.judge.judgement import judge
from pipeline.warehouse.home import Home

AS_OF = examples.AS_OF


def _day(number: int) -> datetime:
    return AS_OF + timedelta(days=number)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """One workbench for every test."""
    with closing(examples.workbench()) as made:
        yield made


def _events(con: duckdb.DuckDBPyConnection, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    examples.fill(con, given, sensitivity.SensitivityMap(()), AS_OF, "test")
    grant.write(con, 1)
    timeline.write(con, 1)
    return con.execute(
        "select event, happened_at, actor_id, inferred from request_event order by request_id, position"
    ).fetchall()


def _request(status: str, **about: Any) -> dict[str, Any]:
    return {"id": "r", "product_id": "p", "status": status, "requester_id": "u1", "user_id": "u2", "created_at": _day(-30), "updated_at": _day(-5)} | about  # fmt: skip


def _record(name: str, status: str, actor: str | None, day: int) -> dict[str, Any]:
    return {"id": name, "request_id": "r", "status": status, "actor_id": actor, "created_at": _day(-29), "updated_at": _day(day)}  # fmt: skip


ASKED = ("asked", _day(-30), "u1", False)
ASSIGNED = ("assigned", _day(-29), None, False)
DECIDED = ("decided", _day(-20), "u9", False)
GRANTED = ("granted", _day(-20), "u9", True)
LISTED = ("last_seen", None, None, False)
MEMBER = {"product_id": "p", "request_id": "r", "user_id": "u2"}


@pytest.mark.parametrize(
    ("request_row", "records", "members", "events"),
    [
        (_request("PENDING"), [_record("a", "PENDING", None, -29)], [], [ASKED, ASSIGNED]),
        (_request("APPROVED"), [_record("a", "APPROVED", "u9", -20)], [MEMBER], [ASKED, ASSIGNED, DECIDED, GRANTED, LISTED]),
        (_request("APPROVED", expires_at=_day(9)), [_record("a", "APPROVED", "u9", -20)], [], [ASKED, ASSIGNED, DECIDED, GRANTED, ("expires", _day(9), None, False)]),
        (_request("APPROVED", expires_at=_day(-2)), [_record("a", "APPROVED", "u9", -20)], [MEMBER], [ASKED, ASSIGNED, DECIDED, GRANTED, ("expired", _day(-2), None, True), LISTED]),
        (_request("EXPIRED", expires_at=_day(-2)), [_record("a", "APPROVED", "u9", -20)], [], [ASKED, ASSIGNED, DECIDED, GRANTED, ("expired", _day(-2), None, False)]),
        (_request("APPROVED"), [], [], [ASKED, ("granted", _day(-5), None, True)]),
        (_request("APPROVED"), [_record("a", "APPROVED", "u9", -20), _record("b", "APPROVED", None, -29)], [], [ASKED, ASSIGNED, ASSIGNED, ("decided", _day(-29), None, False), DECIDED, GRANTED]),
        (_request("REVOKED"), [_record("a", "APPROVED", "u9", -20)], [], [ASKED, ASSIGNED, DECIDED, GRANTED, ("revoked", _day(-5), None, True)]),
        (_request("REVOKED"), [_record("a", "DENIED", "u9", -20)], [], [ASKED, ASSIGNED, DECIDED, ("revoked", _day(-5), None, True)]),
        (_request("CANCELED"), [_record("a", "CANCELED", None, -5)], [], [ASKED, ASSIGNED, ("decided", _day(-5), None, False), ("canceled", _day(-5), None, True)]),
        (_request("DENIED", expires_at=_day(9)), [_record("a", "DENIED", "u9", -20)], [], [ASKED, ASSIGNED, DECIDED]),
    ],
)  # fmt: skip
def test_a_request_lives_through_its_steps(
    con: duckdb.DuckDBPyConnection, request_row: dict[str, Any], records: list[dict[str, Any]], members: list[dict[str, Any]], events: list[tuple[Any, ...]]
) -> None:  # fmt: skip
    """Steps come in the order of time, decisions name who took them, and an instant worked out is marked."""
    given = {"access_request": [request_row], "approval": records, "product_member": members}
    assert _events(con, given) == events


def test_what_is_inferred_says_from_what(con: duckdb.DuckDBPyConnection) -> None:
    """Every marked instant has its reason, and no other has one."""
    _events(con, {"access_request": [_request("REVOKED")], "approval": [_record("a", "APPROVED", "u9", -20)]})  # fmt: skip
    rows = con.execute("select inferred, how from request_event").fetchall()
    assert {how for inferred, how in rows if inferred} == {
        "the last approval",
        "the request was last changed then",
    }
    assert {how for inferred, how in rows if not inferred} == {None}


def test_a_member_who_went_was_last_seen_in_the_snapshot_before(tmp_path: Path) -> None:
    """Who is listed has no last day; who no longer is, was there on the night that last had them."""
    home = Home(tmp_path / "home")
    packs = pack(tmp_path / "pack", {"TST-001": CONTACTS})
    for night, members in enumerate(([MEMBER], [MEMBER], [], []), 1):
        seal(home, night, {"access_request": [_request("APPROVED")], "product_member": members})
        judge(home, packs)
    question = "select happened_at, inferred from request_event where event = 'last_seen'"
    assert ask(home, question, at=1) == [(None, False)]
    assert ask(home, question, at=3) == ask(home, question, at=4) == [(_day(1), True)]
