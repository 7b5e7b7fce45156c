"""Rule files and the sensitivity map: what is refused, and how the message says so."""

import csv
import hashlib
import io
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from judging import document, pack

from pipeline import packs
from pipeline.errors import ConfigError
from pipeline.judge import examples, groundwork, registers, rule, sensitivity


def _message(folder: Path, rules: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        rule.load(pack(folder, rules))
    return str(caught.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"severity": "hgih"},
            "rules/own/tst-001.yaml:3: severity: 'hgih' is not one of critical, high, medium, low, info",
        ),
        ({"id": "own1"}, "rules/own/tst-001.yaml:1: id: 'own1' is not like OWN-001"),
        ({"subject": "table"}, "rules/own/tst-001.yaml:4: subject: 'table' is not one of asset, "),
        ({"confidence": "sure"}, ": confidence: 'sure' is not one of exact, derived, heuristic"),
        ({"why": ""}, "rules/own/tst-001.yaml:5: why: why is missing; required: id, title,"),
        ({"title": ["a"]}, ":2: title: ['a'] is not text"),
        ({"owner": "me"}, ": owner: unknown key; valid: id, title, severity,"),
        ({"sql": "select 1 from where"}, ": sql: not valid SQL: "),
        ({"sql": "select 1; select 2"}, ": sql: not one select statement"),
        ({"sql": "drop table asset"}, ": sql: not one select statement"),
        ({"sql": "select $max"}, ": sql: $max is not a parameter; parameters: as_of, crosswalk"),
        ({"params": {"max": 1}}, ": params: max: the SQL does not use $max"),
        ({"params": {"as_of": 1}}, ": params: as_of is given to every rule"),
        ({"params": [1]}, ": params: not a mapping of names to defaults"),
        (
            {"params": {"since": date(2026, 1, 1)}},
            ": params: since: no text, number, list or mapping of those (a day is text: put it in quotes): ",
        ),
        ({"params": {"days": [{"a": date(2026, 1, 1)}]}}, ": params: days: no text, number, list"),
        ({"params": {"most": float("inf")}}, ": params: most: no text, number, list or mapping"),
        ({"blocked_by": "TST-002"}, ": blocked_by: not a list of rule ids"),
        ({"blocked_by": ["TST-002"]}, ": blocked_by: there is no rule TST-002"),
        ({"blocked_by": ["TST-001"]}, ": blocked_by: rules block each other: TST-001 > TST-001"),
        ({"examples": {"given": {}}}, ": examples: not a list of examples"),
        (
            {"examples": [{"gven": {}}]},
            ": examples: example 1: gven: unknown key; valid: name, before, given,",
        ),
        (
            {"examples": [{"expect": {"a1": "passed"}}]},
            ": examples: example 1: a1: 'passed' is not one of pass, fail, not_evaluated, outside,",
        ),
    ],
)
def test_a_wrong_rule_file_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """The message names file, line and key, and lists what is valid."""
    assert message in _message(tmp_path, {"TST-001": changes})


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    """YAML would silently take the second."""
    found = pack(tmp_path, {"TST-001": {}})
    path = tmp_path / "rules/own/tst-001.yaml"
    path.write_text("id: TST-001\nid: TST-002\n")
    with pytest.raises(ConfigError, match=r"tst-001.yaml:2: id: given twice, first in line 1"):
        rule.load(found)


@pytest.mark.parametrize(
    ("text", "problem"), [("a: [", "not valid YAML"), ("- a", "not a mapping")]
)
def test_what_is_no_document_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """A file that is not YAML, or no mapping, is named."""
    found = pack(tmp_path, {"TST-001": {}})
    (tmp_path / "rules/own/tst-001.yaml").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        rule.load(found)


def test_an_id_stands_for_one_rule_for_ever(tmp_path: Path) -> None:
    """Two files with one id, and an id that was removed once, are refused."""
    found = pack(tmp_path, {"TST-001": {}, "TST-002": {"id": "TST-001"}})
    with pytest.raises(ConfigError, match=r"TST-001 is the id of .*tst-001.yaml already"):
        rule.load(found)
    found = pack(tmp_path, {"TST-002": {}})
    (tmp_path / "rules/removed.yaml").write_text("[TST-001]")
    with pytest.raises(ConfigError, match="TST-001 was removed once"):
        rule.load(found)


def test_blockers_come_first(tmp_path: Path) -> None:
    """Rules are in the order in which they can be judged."""
    rules = {"TST-001": {"blocked_by": ["TST-003"]}, "TST-002": {}, "TST-003": {}}
    assert list(rule.load(pack(tmp_path, rules))) == ["TST-003", "TST-001", "TST-002"]


def test_frameworks_and_maps_are_no_rules(tmp_path: Path) -> None:
    """Only files one folder down are rules, and not those of frameworks."""
    found = pack(tmp_path, {"TST-001": {}})
    (tmp_path / "rules/frameworks").mkdir()
    (tmp_path / "rules/frameworks/x.yaml").write_text("anything: goes")
    assert list(rule.load(found)) == ["TST-001"]


def test_a_user_pack_replaces_a_shipped_rule(tmp_path: Path) -> None:
    """The same path in a pack of one's own wins, and what it replaced is on record."""
    mine = tmp_path / "mine"
    path = mine / "rules/ownership/asset-without-owner.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(document("OWN-001") | {"title": "Ours"}))
    stated = rule.load(packs.load([mine]))["OWN-001"]
    assert (stated.title, stated.file.pack) == ("Ours", "mine")
    assert [other.pack for other in stated.file.overridden] == ["builtin"]


def test_an_example_that_does_not_hold_says_what_differs(tmp_path: Path) -> None:
    """Expected and found are both named, a wrong severity too, a subject outside as well."""
    given = {"asset": [{"guid": "a1"}, {"guid": "a2"}]}
    expect = {"a1": "fail critical", "a2": "pass", "a3": "fail", "a4": "outside"}
    wrong = {"examples": [{"name": "n", "given": given, "expect": expect}]}
    found = pack(tmp_path, {"TST-001": wrong})
    rules = rule.load(found)
    with closing(examples.workbench()) as con:
        results = list(examples.run(con, rules, sensitivity.load(found), rules["TST-001"]))
    assert [result.differences for result in results] == [
        (
            "a1: expected fail critical, found fail high",
            "a2: expected pass, found fail high",
            "a3: expected fail, found outside",
        )
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"assets": [{}]}, "example 1: no table assets; tables: snapshot, "),
        ({"asset": [{"gid": "a"}]}, "example 1: asset has no column gid; columns: guid, "),
    ],
)
def test_an_example_cannot_invent_tables(tmp_path: Path, given: Any, problem: str) -> None:
    """A misspelt table or column is named with the valid ones."""
    found = pack(tmp_path, {"TST-001": {"examples": [{"given": given}]}})
    rules = rule.load(found)
    with closing(examples.workbench()) as con, pytest.raises(ConfigError) as caught:
        list(examples.run(con, rules, sensitivity.load(found), rules["TST-001"]))
    assert problem in str(caught.value)


MAP = {
    "EXACT": {"tier": 2, "purview": {"names": ["A.B_C"]}, "immuta": {"names": ["T.One", "T.Two"]}},
    "FAMILY": {"tier": 1, "purview": {"families": ["A."]}, "immuta": {"families": ["G."]}},
    "PATTERN": {"tier": 3, "purview": {"patterns": ["*.C+", "A.*.Z"]}},
}


def _map(folder: Path, values: Any) -> sensitivity.SensitivityMap:
    found = pack(folder, {})
    (folder / "rules/sensitivity.yaml").write_text(yaml.safe_dump(values))
    return sensitivity.load(found)


def test_a_full_name_beats_a_family_beats_a_pattern(tmp_path: Path) -> None:
    """Every observed name has at most one meaning, found after folding; strangers have none."""
    names = ["a b c", "A.X", "A.Q.Z", "Q.C+", "Q.CC", "B", ".C+"]
    given = {
        "asset": [{"guid": "a1"}],
        "classification": [{"asset_guid": "a1", "type_name": name} for name in names],
        "classification_def": [{"name": "A.Defined"}],
        "immuta_tag": [{"id": 1, "name": "g.listed"}],
        "immuta_source_tag": [{"source_id": 1, "tag": "G.Source"}],
        "product_column": [
            {"product_id": "p", "source_id": "1", "name": "c", "tags": ["G.Product"]}
        ],
    }
    with closing(examples.workbench()) as con:
        examples.fill(con, given, _map(tmp_path, MAP), examples.AS_OF, "test")
        rows = con.execute("select source, name, class_key, tier from sensitivity").fetchall()
    found = {(source, name): (key, tier) for source, name, key, tier in rows}
    assert found == {
        ("purview", "A.B_C"): ("EXACT", 2),
        ("purview", "a b c"): ("EXACT", 2),
        ("purview", "A.X"): ("FAMILY", 1),
        ("purview", "A.Q.Z"): ("FAMILY", 1),
        ("purview", "A.Defined"): ("FAMILY", 1),
        ("purview", "Q.C+"): ("PATTERN", 3),
        ("immuta", "T.One"): ("EXACT", 2),
        ("immuta", "T.Two"): ("EXACT", 2),
        ("immuta", "g.listed"): ("FAMILY", 1),
        ("immuta", "G.Source"): ("FAMILY", 1),
        ("immuta", "G.Product"): ("FAMILY", 1),
    }


def test_the_crosswalk_holds_full_tags_only(tmp_path: Path) -> None:
    """Equivalents across systems are named one by one, never by family."""
    assert _map(tmp_path, MAP).crosswalk() == [
        {"class_key": "EXACT", "tag": "T.One"},
        {"class_key": "EXACT", "tag": "T.Two"},
    ]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"A": {"tier": 4}}, "sensitivity.yaml:1: A: tier 4 is not one of 0, 1, 2, 3"),
        ({"A": {"tier": 1, "purvew": {}}}, "A: not a mapping with the keys tier, purview, immuta, protection"),
        ({"A": {"tier": 1, "purview": {"name": ["x"]}}}, "A: purview: name: not one of names, families, patterns"),
        (
            {
                "A": {"tier": 1, "purview": {"names": ["X.Y"]}},
                "B": {"tier": 2, "purview": {"names": ["x_y"]}},
            },
            "sensitivity.yaml:6: B: x_y is a name of A already",
        ),
        ({"A": {"tier": 1, "purview": {"names": "X.Y"}}}, "sensitivity.yaml:1: A: purview: names: not a list of names"),
        ({"A": {"tier": 1, "purview": ["X.Y"]}}, "A: purview: not a mapping with the keys names, families, patterns"),
        ({}, "rules/sensitivity.yaml: nothing says what is sensitive"),
    ],
)  # fmt: skip
def test_a_wrong_map_is_refused(tmp_path: Path, values: Any, problem: str) -> None:
    """A class that cannot be, and a name with two meanings, are named with their line."""
    with pytest.raises(ConfigError) as caught:
        _map(tmp_path, values)
    assert problem in str(caught.value)


FLAT = """class,tier,source,way,name,protection,author,approver
EXACT,2,purview,names,A.B_C,,Ann,Ben
EXACT,2,immuta,names,T.One,hash,Ann,Ben
"""


def _company(folder: Path, **files: str) -> packs.Packs:
    """Our packs and one whose `rules/` has these files, by suffix."""
    (folder / "company/rules").mkdir(parents=True)
    for suffix, text in files.items():
        (folder / f"company/rules/sensitivity.{suffix}").write_text(text)
    return packs.load([folder / "company"])


@pytest.mark.parametrize("suffix", ["csv", "yaml", "parquet"])
def test_a_map_of_rows_stands_in_place_of_ours(tmp_path: Path, suffix: str) -> None:
    """One row per class, source and name in any format: the whole map is replaced, and both digests and who approved it are on record."""
    rows = list(csv.DictReader(io.StringIO(FLAT)))
    found = _company(tmp_path, **{suffix: yaml.safe_dump(rows) if suffix == "yaml" else FLAT})
    file = tmp_path / f"company/rules/sensitivity.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist([{**row, "tier": 2} for row in rows]), file)
    with closing(examples.workbench()) as con:
        registers.write(con, registers.load(found), 1)
        told = con.execute(
            "select present, row_count, approvers, sha256, replaced_packs, replaced_sha256 from history.register "
            "where name = 'sensitivity'"
        ).fetchall()
        lines = con.execute("select name, class_key, tier, approver, line from history.sensitivity_entry order by name").fetchall()  # fmt: skip
    ours, mine = packs.load().file("rules/sensitivity.yaml"), hashlib.sha256(file.read_bytes())
    assert told == [(True, 2, ["Ben"], [mine.hexdigest()], ["builtin"], [ours.sha256])]
    first = {"csv": 2, "yaml": 1, "parquet": 1}[suffix]
    assert [row[:4] for row in lines] == [
        ("A.B_C", "EXACT", 2, "Ben"),
        ("T.One", "EXACT", 2, "Ben"),
    ]
    assert lines[0][4] == first
    assert sensitivity.load(found).crosswalk() == [{"class_key": "EXACT", "tag": "T.One"}]


def test_nobody_here_approved_the_map_that_is_shipped() -> None:
    """Ours is taken without an approver, and `register` and every row of it say that nobody approved it."""
    with closing(examples.workbench()) as con:
        registers.write(con, registers.load(packs.load()), 1)
        (told,) = con.execute("select present, row_count > 40, approvers from history.register where name = 'sensitivity'").fetchall()  # fmt: skip
        rows = con.execute("select distinct author, approver, file from history.sensitivity_entry")
        assert rows.fetchall() == [(None, None, "rules/sensitivity.yaml")]
    assert told == (True, True, [])
    lines = registers.standing(packs.load(), ["reviews"], "from approved_change")
    assert [line.partition(":")[0] for line in lines] == ["reviews", "changes"]
    assert all("in no pack; registers/" in line for line in lines)
    assert "nobody here approved it: as shipped" in registers.standing(packs.load(), [], "sensitive_source")[0]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"yaml": yaml.safe_dump(MAP)}, "rules/sensitivity.yaml: author and approver missing"),
        ({"csv": FLAT.replace("Ben", "Ann", 1)}, "rules/sensitivity.csv:2: approver: Ann approved a row of their own"),
        ({"csv": FLAT.replace("EXACT,2,imm", "EXACT,1,imm")}, "rules/sensitivity.csv:3: EXACT: tier 1, and 2 above"),
        ({"csv": FLAT.replace("EXACT,2,imm", "EXACT,4,imm")}, "rules/sensitivity.csv:3: tier: '4' is not one of 0, 1, 2, 3"),
        ({"csv": FLAT.replace("immuta", "azure")}, "rules/sensitivity.csv:3: source: 'azure' is not one of purview, immuta"),
        ({"csv": FLAT, "yaml": yaml.safe_dump(MAP)}, "rules/sensitivity.yaml and rules/sensitivity.csv say the same thing; keep one"),
    ],
)  # fmt: skip
def test_a_map_of_a_pack_is_signed_and_right(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    """What lowers a tier lowers every finding about it: without author and approver, or with a wrong row, no map counts."""
    with pytest.raises(ConfigError) as caught:
        groundwork.load(_company(tmp_path, **files))
    assert problem in str(caught.value)
