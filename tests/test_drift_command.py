"""`muster drift`: what is printed, and what the command ends with."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import muster

from pipeline.warehouse.home import Home
from tests.drift_fixture import READ, Rows, data_policy, reconciled

SAMPLE = Path(__file__).parent / "declared" / "policies" / "mask-pii.yaml"
HOSTILE = "\x1b[31mred\x1b[0m [bold]\u202e"


def _tables(*policies: Mapping[str, Any], **changes: Rows) -> dict[str, Rows]:
    return {"immuta_policy": policies, "reconciliation": reconciled(*READ), **changes}


@pytest.fixture(scope="module")
def folder(
    seal: Callable[[Home, int, Mapping[str, Rows]], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Three snapshots: the policy as declared; changed by hand, and one more; the list refused."""
    folder = tmp_path_factory.mktemp("drift-command")
    results = Home(folder / "data")
    seal(results, 1, _tables(data_policy()))
    more = data_policy(id=9, policy_key=HOSTILE, name=HOSTILE)
    seal(results, 2, _tables(data_policy(staged=True), more))
    gap = {"endpoint": "immuta.policy", "key": "*", "tables": ["immuta_policy"], "reason": "403"}
    seal(results, 3, _tables(gap=[gap]))
    (folder / "declared").mkdir()
    (folder / "declared" / "policy.yaml").write_bytes(SAMPLE.read_bytes())
    return folder


def test_nothing_differs(folder: Path) -> None:
    """A snapshot that is as declared says so, and `--fail-on drift` ends with 0."""
    command = ("drift", "--declared", "declared", "--at", "2026-11-01", "--fail-on", "drift")
    ended = muster(*command, folder=folder)
    assert "policy: 1 same (snapshot 20261101T020000Z)" in ended.out
    assert "as declared in 10 values" in ended.out


def test_drift_is_said_in_a_table_that_no_name_can_break(folder: Path) -> None:
    """What differs stands in a table with place and both values; control characters of live names do not reach the terminal."""
    ended = muster("drift", "--declared", "declared", "--at", "2026-11-02", folder=folder)
    assert "policy: 1 unexpected, 1 different" in ended.out
    (line,) = (line for line in ended.out.splitlines() if line.startswith("different"))
    assert [word for word in line.split() if word] == [
        "different", "mask-pii", "staged", "false", "true", "declared/policy.yaml:5",
    ]  # fmt: skip
    assert "[bold]" in ended.out
    assert not {"\x1b", "\u202e"} & set(ended.out)


def test_json_lines_walk_back_to_the_page(folder: Path) -> None:
    """Every line has kind, key, verdict and path; a live value has the page and item it was read from."""
    rows = muster(
        "drift", "--declared", "declared", "--at", "2026-11-02", "--json", folder=folder
    ).rows
    (staged,) = (row for row in rows if row["path"] == "staged")
    assert staged == {
        "snapshot": "20261102T020000Z",
        "kind": "policy",
        "key": "mask-pii",
        "verdict": "different",
        "path": "staged",
        "declared": False,
        "live": True,
        "why": "",
        "hole": False,
        "file": "declared/policy.yaml",
        "line": 5,
        "places": [{"table": "immuta_policy", "page_id": 41, "item": "/0"}],
    }
    (more,) = (row for row in rows if row["verdict"] == "unexpected")
    assert (more["key"], more["file"]) == (HOSTILE, None)


def test_exit_codes(folder: Path) -> None:
    """Drift ends with 1 only when asked for, a wrong flag or file with 2, and a hole is no pass."""
    command = ("drift", "--declared", "declared")
    muster(*command, "--at", "2026-11-02", folder=folder)
    drifted = muster(*command, "--at", "2026-11-02", "--fail-on", "drift", folder=folder, code=1)
    assert "2 objects differ from what is declared (--fail-on drift)" in drifted.err
    hidden = muster(*command, "--fail-on", "drift", folder=folder, code=3)
    assert "1 objects could not be compared in full" in hidden.err
    assert "not comparable" in hidden.out
    assert "'high' is not drift" in muster(*command, "--fail-on", "high", folder=folder, code=2).err
    assert "no such folder" in muster("drift", "--declared", "nowhere", folder=folder, code=2).err
    assert "no snapshot at" in muster(*command, "--at", "1999-01-01", folder=folder, code=2).err


def test_a_wrong_file_is_named(folder: Path, tmp_path: Path) -> None:
    """An unknown key ends the command with 2, and the message has file, line, key and the nearest one."""
    payload = {"policyKey": "a", "name": "A", "type": "data", "actions": [], "staget": True}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(payload, sort_keys=False), encoding="utf-8")
    ended = muster("drift", "--declared", str(tmp_path), folder=folder, code=2)
    said = " ".join(ended.err.split())
    assert f"{tmp_path}/a.yaml:5: staget: no such key; the nearest is staged" in said
