"""From a finding back to the bytes, and the commands that show it."""

import gzip
import hashlib
import json
import shlex
import subprocess
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from judging import ask, blank, pack, seal
from typer.testing import CliRunner, Result

from pipeline import packs as builtin
from pipeline.cli import findings, rules
from pipeline.config import Config
from pipeline.errors import UsageError
from pipeline.judge import binding, examples, rule, walk
from pipeline.judge.judgement import judge
from pipeline.warehouse.home import Home

BODY = json.dumps({"value": [{"guid": "a0"}, {"guid": "a1", "na/me": "Orders \u202e"}]}).encode()


def _store(home: Home, body: bytes = BODY) -> dict[str, Any]:
    """Writes `body` as the second member of a part; the exchange row about it."""
    part = home.raw / "run-1" / "purview" / "search" / "part-0"
    part.parent.mkdir(parents=True)
    first, member = gzip.compress(b"{}", mtime=0), gzip.compress(body, mtime=0)
    part.write_bytes(first + member + first)
    return {
        "page_id": 7,
        "snapshot_number": 1,
        "run_id": "run-1",
        "endpoint": "purview.search",
        "method": "POST",
        "url": "https://purview.example/search",
        "request_body": '{"limit": 2}',
        "status": 200,
        "attempt": 1,
        "sha256": hashlib.sha256(body).hexdigest(),
        "size_bytes": len(body),
        "part": "purview/search/part-0",
        "part_offset": len(first),
        "part_length": len(member),
    }


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Home:
    """One snapshot with a page, an asset without contact that came from it, and an endpoint that failed."""
    made = blank(tmp_path / "data", template)
    asset = {"guid": "a1", "qualified_name": "q \x1b[31m", "page_id": 7, "item": "/value/1"}
    given = {
        "exchange": [_store(made)],
        "asset": [asset],
        "classification": [
            {"asset_guid": "a1", "type_name": "Stranger", "page_id": 7, "item": "/value/1"}
        ],
        "reconciliation": [
            {"endpoint": "purview.search", "tables": [], "verdict": "reconciled", "failed": 1}
        ],
    }
    seal(made, 1, given)
    endpoint = "select endpoint as subject_id, 'fail' as status, 'calls were given up' as reason from reconciliation"
    unmapped = (
        "select concat('purview:', type_name) as subject_id, 'fail' as status, 'unmapped' as reason "
        "from classification"
    )
    judged = pack(
        tmp_path / "pack",
        {
            "TST-001": {},
            "TST-002": {"sql": endpoint, "subject": "endpoint", "severity": "critical"},
            "TST-003": {"sql": unmapped, "subject": "classification_type", "severity": "low"},
        },
    )
    judge(made, judged)
    return made


def _run(app: typer.Typer, home: Home, *arguments: str) -> Result:
    state = SimpleNamespace(home=home, config=Config())
    return CliRunner().invoke(app, list(arguments), obj=state)


def _id(home: Home, rule_id: str) -> str:
    return str(ask(home, f"select id from finding where rule_id = '{rule_id}'")[0][0])


def test_a_finding_walks_back_to_the_item(home: Home) -> None:
    """From the start of an id to the row, its exchange, and the JSON item of a page whose digest is verified."""
    result = _run(findings.app, home, "show", _id(home, "TST-001")[:9], "--json")
    found = json.loads(result.stdout)
    assert found["verdict"]["status"] == "fail"
    assert [source["table"] for source in found["sources"]] == ["asset"]
    source = found["sources"][0]
    assert source["item"] == {"guid": "a1", "na/me": "Orders \u202e"}
    assert source["problem"] is None
    assert source["exchange"]["url"] == "https://purview.example/search"


def test_the_hint_reads_the_page_without_us(home: Home) -> None:
    """The shell commands shown give the digest of the exchange log."""
    result = _run(findings.app, home, "show", _id(home, "TST-001"), "--json")
    digest, item = json.loads(result.stdout)["sources"][0]["reread"].splitlines()
    shell = ["/bin/sh", "-c", digest]
    said = subprocess.run(shell, cwd=home.raw, capture_output=True, text=True, check=True)
    assert said.stdout.split()[0] == hashlib.sha256(BODY).hexdigest()
    assert item.endswith("""| jq '.["value"][1]'""")


def test_keys_of_a_page_cannot_become_commands() -> None:
    """Whatever a page calls its keys, the hint's jq program is one word of the shell, and each key one JSON string."""
    keys = ["it's $(touch x)", 'a"] | env', "²", "7"]
    page = {"run_id": "run'1", "part": "p", "part_offset": 0, "part_length": 1}
    item = {"item": "".join(f"/{key}" for key in keys)}
    said = walk.hint(walk.Source("asset", item, page, None, None))
    assert said is not None
    words = shlex.split(said.splitlines()[1])
    assert words[3] == "run'1/p"
    assert words[-2:] == [
        "jq",
        f".[{json.dumps(keys[0])}][{json.dumps(keys[1])}][{json.dumps(keys[2])}][7]",
    ]


def test_the_walk_is_readable_and_cannot_steer_a_terminal(home: Home) -> None:
    """The text names method, URL, body sent, digest and item; control characters of data are replaced."""
    text = _run(findings.app, home, "show", _id(home, "TST-001")).stdout
    for said in (
        "POST https://purview.example/search",
        '{"limit": 2}',
        "item at /value/1",
        "tail -c +",
    ):
        assert said in text
    assert hashlib.sha256(BODY).hexdigest() in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_an_altered_page_is_said(home: Home) -> None:
    """A page that is not what was received is not shown as if it were."""
    part = home.raw / "run-1" / "purview" / "search" / "part-0"
    member = gzip.compress(BODY.replace(b"Orders", b"Clean!"), mtime=0)
    offset, length = ask(home, "select part_offset, part_length from exchange")[0]
    raw = part.read_bytes()
    part.write_bytes(raw[:offset] + member.ljust(length, b"\0") + raw[offset + length :])
    text = _run(findings.app, home, "show", _id(home, "TST-001")).stdout
    assert "PAGE NOT READ BACK" in text
    assert "Clean!" not in text


def test_a_finding_about_an_endpoint_lists_its_exchanges(home: Home) -> None:
    """What an endpoint finding rests on is every exchange of the endpoint."""
    found = json.loads(_run(findings.app, home, "show", _id(home, "TST-002"), "--json").stdout)
    assert [exchange["page_id"] for exchange in found["exchanges"]] == [7]


def test_a_finding_about_a_class_shows_one_example(home: Home) -> None:
    """A class has no row of its own: one assignment stands for it."""
    found = json.loads(_run(findings.app, home, "show", _id(home, "TST-003"), "--json").stdout)
    assert [(s["table"], s["row"]["type_name"]) for s in found["sources"]] == [
        ("classification", "Stranger")
    ]
    assert found["sources"][0]["item"]["guid"] == "a1"


def test_the_list_is_ordered_and_filtered(home: Home) -> None:
    """Worst first; severity and rule narrow it, and a resolved finding is shown on request."""
    seal(home, 2, {"reconciliation": [{"endpoint": "purview.search", "tables": [], "failed": 1}]})
    judge(home, pack(home.root.parent / "pack", {}))

    def listed(*arguments: str) -> list[str]:
        lines = _run(findings.app, home, "list", "--json", *arguments).stdout.splitlines()
        return [json.loads(line)["rule_id"] for line in lines]

    assert listed() == ["TST-002"]
    assert listed("--status", "resolved") == ["TST-001", "TST-003"]
    assert listed("--at", "day-1") == ["TST-002", "TST-001", "TST-003"]
    assert listed("--at", "day-1", "--severity", "low") == ["TST-003"]
    assert listed("--at", "day-1", "--rule", "tst-001") == ["TST-001"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["show", "zz"], "no finding 'zz'"),
        (["show", ""], "starts several ids"),
        (
            ["list", "--status", "gone"],
            "--status: 'gone' is not one of new, open, resolved, reopened",
        ),
        (["list", "--severity", "hgih"], "is not one of critical, high"),
        (["list", "--at", "1999-01-01"], "no snapshot then"),
    ],
)
def test_a_wrong_argument_is_explained(home: Home, arguments: list[str], problem: str) -> None:
    """Messages say what there is instead."""
    result = _run(findings.app, home, *arguments)
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_rules_are_listed_with_their_origin(home: Home) -> None:
    """Every shipped rule is there, with pack, digest and effective parameters."""
    lines = _run(rules.app, home, "list", "--json").stdout.splitlines()
    found = {row["id"]: row for row in map(json.loads, lines)}
    assert len(found) >= 17
    assert found["OWN-001"]["pack"] == "builtin"
    assert found["OWN-001"]["params"]["min_owners"] == 1


def test_a_rule_is_shown_with_its_parameters_and_sql(home: Home) -> None:
    """The crosswalk that a rule uses is visible, as are its blockers."""
    text = _run(rules.app, home, "show", "xsy-003").stdout
    assert "blocked by XSY-001" in text
    assert '"tag": "Discovered.Entity.Electronic Mail Address"' in text
    assert "min_link_confidence = 0.9" in text
    assert "from immuta_column_tag" in text
    assert "registers  reviews" in _run(rules.app, home, "show", "MEM-003").stdout


@pytest.mark.parametrize("rule_id", ["OWN-001", "CLS-004", "SCN-002"])
def test_the_statement_that_is_shown_is_the_one_that_judges(home: Home, rule_id: str) -> None:
    """With every parameter in its place it runs as it stands, and gives the verdicts that are stored."""
    judge(home, builtin.load())
    text = _run(rules.app, home, "show", rule_id).stdout.partition("\nexecuted\n")[2]
    verdicts = f"select subject_id, status, severity, reason, subject_name, evidence from verdict where rule_id = '{rule_id}'"
    assert ask(home, f"from ({text}) order by all") == ask(home, f"{verdicts} order by all")
    assert "$" not in text


def test_a_parameter_is_no_parameter_in_a_text_or_a_comment(tmp_path: Path) -> None:
    """What is shown changes nothing but parameters; words with quotes, lists, truth and mappings are written as SQL has them."""
    sql = (
        "select guid as subject_id, '$word' as status, $word as reason, $flag as flag, $list as list, -- $word\n"
        "$map as map, $most as most from asset"
    )
    values = {"word": "it's", "flag": True, "list": ["a", 1], "map": {"k": "'"}, "most": 2.5}
    stated = rule.load(pack(tmp_path, {"TST-001": {"sql": sql, "params": values}}))["TST-001"]
    with closing(examples.workbench()) as con:
        text = binding.executed(con, stated, values)
    assert (
        """'$word' as status, 'it''s' as reason, true as flag, ['a', 1] as list, -- $word""" in text
    )
    assert """'{"k": "\'\'"}' as map, 2.5 as most""" in text


def test_examples_run_from_the_command_line(home: Home) -> None:
    """`rules test ID` says which examples hold."""
    result = _run(rules.app, home, "test", "EVD-002", "--json")
    assert result.exit_code == 0
    assert {json.loads(line)["outcome"] for line in result.stdout.splitlines()} == {"holds"}


def test_a_broken_example_is_an_error(home: Home, tmp_path: Path) -> None:
    """`rules test` fails when an example of any pack does not hold, and shows the difference."""
    wrong = {"examples": [{"given": {"asset": [{"guid": "a1"}]}, "expect": {"a1": "pass"}}]}
    pack(tmp_path / "mine", {"TST-001": wrong})
    state = SimpleNamespace(home=home, config=Config(packs=[tmp_path / "mine"]))
    result = CliRunner().invoke(rules.app, ["test", "TST-001"], obj=state)
    assert isinstance(result.exception, UsageError)
    assert "expected pass, found fail" in " ".join(result.stdout.split())
