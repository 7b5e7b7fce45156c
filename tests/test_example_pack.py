"""A pack as a company might write it, over the sandbox: its rules, its overrides, what its people decided."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended, muster

pytestmark = pytest.mark.slow

PACK = Path(__file__).parent / "example_pack"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, night_in: Callable[[Path], Path]) -> Path:
    """A night of the sandbox, judged again with the pack."""
    folder = night_in(tmp_path_factory.mktemp("company"))
    _with_pack(folder, "judge")
    return folder


def _with_pack(folder: Path, *arguments: str, code: int = 0) -> Ended:
    return muster("--pack", str(PACK), *arguments, folder=folder, code=code)


def _asked(folder: Path, query: str) -> list[dict[str, object]]:
    return muster("sql", "--json", query, folder=folder).rows


def test_its_rules_fit_and_their_examples_hold_and_say_enough(folder: Path) -> None:
    """`rules check`, `test` and `mutate` pass over the pack together with the shipped rules."""
    _with_pack(folder, "rules", "check")
    for rule_id in ("ACME-001", "OWN-005"):
        _with_pack(folder, "rules", "test", rule_id)
        _with_pack(folder, "rules", "mutate", rule_id, "--at-least", "0.9")


def test_what_it_overrides_is_on_record_with_both_digests(folder: Path) -> None:
    """The stricter rule judges, and `rules list` shows whose it is and what it stands in place of."""
    (row,) = _asked(
        folder, "select pack, params ->> 'min_owners' as wanted from rule where id = 'OWN-005'"
    )
    assert row == {"pack": "example_pack", "wanted": "2"}
    rules = {row["id"]: row for row in _with_pack(folder, "rules", "list", "--json").rows}
    (other,) = rules["OWN-005"]["overrides"]
    assert other["pack"] == "builtin"
    assert other["sha256"] != rules["OWN-005"]["sha256"]


def test_its_registers_are_tables(folder: Path) -> None:
    """Decisions and changes can be asked for like everything else, with file and line."""
    decisions = _asked(folder, "select id, decision, line from review_decision order by id")
    assert decisions == [
        {"id": "REV-2026-001", "decision": "keep", "line": 2},
        {"id": "REV-2026-002", "decision": "revoke", "line": 3},
    ]
    kept = _asked(
        folder, "select name, present, row_count from register where present order by name"
    )
    assert [(row["name"], row["row_count"]) for row in kept] == [
        ("changes", 1),
        ("hosts", 1),
        ("reviews", 2),
        ("sensitivity", kept[3]["row_count"]),
        ("waivers", 2),
    ]


def test_its_other_names_of_hosts_are_approved_and_the_shipped_map_is_not(folder: Path) -> None:
    """What stands in place of ours is on record with both digests and who approved it, and so is what nobody approved."""
    hosts, mapped = _asked(
        folder,
        "select approvers, replaced_packs, len(sha256) + len(replaced_sha256) as digests, row_count > 0 as filled "
        "from register where name in ('hosts', 'sensitivity') order by name",
    )
    assert hosts == {
        "approvers": ["cleo.review@example.com"],
        "replaced_packs": ["builtin"],
        "digests": 2,
        "filled": True,
    }
    assert mapped == {"approvers": [], "replaced_packs": [], "digests": 1, "filled": True}


def test_its_waivers_count_while_they_last(folder: Path) -> None:
    """One takes two failures out of the count, the ended one takes none and is a finding."""
    waived = _asked(
        folder, "select count(*) as n from verdict where waived and rule_id = 'ACME-001'"
    )
    assert waived == [{"n": 2}]
    ended = _asked(
        folder,
        "select subject_id, reason from verdict where rule_id = 'EVD-004' and status = 'fail'",
    )
    assert ended == [{"subject_id": "W-2026-02", "reason": "it has ended"}]
    checked = _with_pack(folder, "waivers", "check", "--json", code=2)
    assert {row["id"]: row["verdict"] for row in checked.rows} == {
        "W-2026-01": "pass",
        "W-2026-02": "fail",
    }
    listed = {
        row["id"]: row["waived"] for row in muster("waivers", "list", "--json", folder=folder).rows
    }
    assert listed == {"W-2026-01": 2, "W-2026-02": 0}
