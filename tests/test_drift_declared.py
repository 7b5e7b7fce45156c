"""Declarations: every form that teams keep payloads in is read, and everything else is refused with file and line."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drift import data_source, declared, document, policy, project, purpose
from pipeline.drift.document import DocumentError
from pipeline.drift.facts import Declared
from pipeline.drift.shape import At, PayloadError
from pipeline.errors import UsageError

SAMPLES = Path(__file__).parent / "declared"
# a text such as 0E0 or 08 is written without quotes by YAML 1.1, and is a number in YAML 1.2
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).filter(
    lambda text: not document._DECIMAL.fullmatch(text)
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)

KEYS = {key for module in declared.KINDS.values() for key in module._KEYS.keys} | {"kind"}

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes a file of a folder of declarations; the folder comes back."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / "declared" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path / "declared"

    return write


def _documents(path: Path, text: str) -> list[Any]:
    path.write_text(text, encoding="utf-8")
    return [document.plain(node) for node in document.read(path, "file")]


def _refusal(folder: Path) -> str:
    """What is said of a folder that is wrong, without the way to it."""
    with pytest.raises(UsageError) as refused:
        declared.read(folder)
    return str(refused.value).replace(f"{folder}/", "")


@given(value=st.dictionaries(TEXT, VALUES, max_size=4))
def test_json_is_read_as_the_standard_library_reads_it(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    """Any JSON object comes back as it was written, however it is laid out."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    for text in (json.dumps(value), json.dumps(value, indent="\t", ensure_ascii=False)):
        assert _documents(path, text) == [value]


@given(value=st.dictionaries(TEXT, VALUES, max_size=4))
def test_yaml_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    """Any plain YAML, in block or flow style and in several documents, comes back as it was written."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    for flow in (True, False):
        text = yaml.safe_dump_all(
            [value, {"second": 1}], allow_unicode=True, default_flow_style=flow
        )
        assert "&id" not in text
        assert _documents(path, text) == [value, {"second": 1}]


@given(text=st.text(max_size=80) | st.text("{}[]:,\"'\\&*!|>-# \n\tab0", max_size=60))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever a file holds, it is read or refused with its name; a JSON file is read only where it is JSON."""
    folder = tmp_path_factory.getbasetemp()
    for suffix in (".yaml", ".json"):
        path = folder / f"hostile{suffix}"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            nodes = document.read(path, "file")
        except DocumentError as error:
            assert str(error).startswith("file:")  # noqa: PT017
        else:
            found = [document.plain(node) for node in nodes]
            if suffix == ".json" and found:
                assert found == [json.loads(text.removeprefix("\ufeff"))]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x 1\nb: 2\n", "file:1: anchors and aliases (&, *) are not read: write the value out"),
        ("a: 1\nb: *x\n", "file:2: anchors and aliases"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "file:2: tags are not read: "),
        ("a: !!str 5\n", "file:1: tags are not read: tag:yaml.org,2002:str"),
        ("a: !x 5\n", "file:1: tags are not read: !x"),
        ("a: 1\nb: 2\na: 3\n", "file:3: a: given twice, first in line 1"),
        ("a:\n  b: 1\n  b: 1\n", "file:3: b: given twice, first in line 2"),
        ("? [1]\n: 2\n", "file:1: a key must be text"),
        ("[" * 100, "file:1: nested more than 60 deep"),
        ("a: [1\n", "file:2: not valid YAML: "),
        ("a: 1e999\n", "file:1: a number that is too large"),
    ],
)
def test_hostile_yaml_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    """Anchors, tags, repeated keys and endless nesting are refused: a declaration is plain data."""
    with pytest.raises(DocumentError) as refused:
        _documents(tmp_path / "hostile.yaml", text)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,\n "a": 2}', "file:2: a: given twice, first in line 1"),
        ('{"a": 1,}', "file:1: not valid JSON: unexpected '}'"),
        ('{"a" 1}', "file:1: not valid JSON: unexpected '1'"),
        ('{"a": 1}\n{}', "file:2: not valid JSON: unexpected '{'"),
        ('{"a": NaN}', "file:1: not valid JSON: NaN is not JSON"),
        ('{"a": [1\n', "file:2: not valid JSON: it ends too early"),
        ('{"a": "\\ud800"}', "file:1: half of a surrogate pair is no text"),
        ("a: 1", "file:1: not valid JSON: "),
        ("[" * 100, "file:1: nested more than 60 deep"),
    ],
)
def test_json_that_is_none_is_refused_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    """What the standard library would let pass, or read in part, is refused too."""
    with pytest.raises(DocumentError) as refused:
        _documents(tmp_path / "wrong.json", text)
    assert str(refused.value).startswith(problem)


def test_words_of_older_yaml_are_text(tmp_path: Path) -> None:
    """`no`, `on`, a day and a sexagesimal number are text, as they are in JSON and to Immuta."""
    text = "- no\n- on\n- 2026-01-01\n- 1:30\n- 0x1F\n- true\n- 7\n- 1.5\n- ~\n- '7'\n"
    (found,) = _documents(tmp_path / "words.yaml", text)
    assert found == ["no", "on", "2026-01-01", "1:30", "0x1F", True, 7, 1.5, None, "7"]


def test_every_documented_key_is_taken() -> None:
    """The sample files hold every key of the four payloads, in both spellings where there are two."""
    found = {(one.kind, one.key): one for one in declared.read(SAMPLES)}
    assert {kind for kind, _ in found} == {"policy", "project", "purpose", "data"}
    data = found["data", "fin-ledger"].payload
    assert data.keys() == data_source._KEYS.keys.keys()
    assert {"keyName", "content", "userFilename"} == data["connection"]["userFiles"][1].keys()
    risk = found["project", "q1-risk"].payload
    assert risk.keys() | {"description"} == project._KEYS.keys.keys()
    assert (risk["allowMaskedJoins"], found["project", "q2-risk"].payload["allowMaskedJoins"]) == (
        True,
        False,
    )
    said = set().union(*(one.payload for (kind, _), one in found.items() if kind == "policy"))
    assert said | {"template"} == policy._KEYS.keys.keys()
    assert ("purpose", "Risk Reporting.Quarterly.Europe") in found


@pytest.mark.parametrize(
    ("module", "known"),
    [
        (policy, ["policyKey", "name", "type", "actions", "ownerRestrictions", "circumstances",
                  "circumstanceOperator", "staged", "certification"]),
        (project, ["projectKey", "name", "description", "documentation", "allowedMaskedJoins",
                   "purposes", "datasources", "subscriptionPolicy", "workspace", "equalization", "tags"]),
        (purpose, ["name", "description", "acknowledgement", "subpurposes"]),
        (data_source, ["connectionKey", "connection", "nameTemplate", "options", "owners", "sources"]),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_named_with_the_nearest_key(module: Any, known: list[str]) -> None:
    """Every documented key, mistyped, is refused with its own name as the nearest one."""
    for key in known:
        node = document.Node({key + "x": document.Entry(7, document.Node("text", 7))}, 6)
        with pytest.raises(PayloadError) as refused:
            module.shape(node, At("file"), {})
        assert str(refused.value).startswith(
            f"file:7: {key}x: no such key; the nearest is {key}; valid are "
        )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("policyKey: a\nname: A\ntype: data\nactions:\n- rules:\n  - type: Masking\n    exceptoins: {}\n",
         "a.yaml:7: actions[0].rules[0].exceptoins: no such key; the nearest is exceptions; "),
        ("policyKey: a\nname: A\ntype: data\nactions:\n- rules:\n  - type: Masking\n    config: {predikate: x}\n",
         "a.yaml:7: actions[0].rules[0].config.predikate: no such key; the nearest is predicate; "),
        ("policyKey: a\nname: A\ntype: data\nactions: {type: manual}\n",
         "a.yaml:4: actions: must be a list of actions with rules in a data policy"),
        ("policyKey: a\nname: A\ntype: subscription\nactions: []\n",
         "a.yaml:4: actions: must be one mapping with a type in a subscription policy"),
        ("policyKey: a\nname: A\ntype: row\nactions: []\n",
         "a.yaml:3: type: 'row' is not one of subscription, data"),
        ("policyKey: a\nname: 7\ntype: data\nactions: []\n",
         "a.yaml:2: name: must be text, not the number 7; put it in quotes"),
        ("policyKey: a\nstaged: 'no'\nname: A\ntype: data\nactions: []\n",
         "a.yaml:2: staged: must be true or false, not 'no'"),
        ("policyKey: a\nname: A\n", "a.yaml:1: type is missing"),
        ("projectKey: a\nname: A\nallowMaskedJoins: true\nallowedMaskedJoins: true\n",
         "a.yaml:4: allowedMaskedJoins: says the same as allowMaskedJoins: give one of them"),
        ("projectKey: a\nname: A\ntags: Finance\n", "a.yaml:3: tags: must be a list, not 'Finance'"),
        ("projectKey: a\nname: A\ntags:\n-\n", "a.yaml:4: tags[0]: an item of a list must say something"),
        ("- text\n", "a.yaml:1: a payload must be a mapping of keys"),
        ("name: A\ndescription: d\n", "a.yaml:1: nothing tells the kind of this payload: "),
        ("\npolicyKey: a\nprojectKey: b\n",
         "a.yaml:2: the kind of this payload is ambiguous: key policyKey says policy; key projectKey says project"),
        ("kind: polly\nname: A\n", "a.yaml:1: kind: 'polly' is not one of policy, project, purpose, data"),
        ("kind: project\nname: A\nacknowledgement: x\n",
         "a.yaml:1: the kind of this payload is ambiguous: keys of a purpose says purpose; kind: project says project"),
        ("projectKey: a\nname: A\n---\nprojectKey: a\nname: A\n",
         "a.yaml:4: project 'a' is declared twice, first in "),
    ],
)  # fmt: skip
def test_a_wrong_payload_is_refused_with_file_line_and_key(
    write: Write, text: str, problem: str
) -> None:
    """A message names the file, the line, the key and what would be right."""
    assert _refusal(write("a.yaml", text)).startswith(problem)


def test_the_folder_tells_the_kind(write: Write) -> None:
    """A purpose without telling keys is one in a folder called purposes, and a project there is an error."""
    folder = write("immuta/purposes/eu/a.yaml", "name: A\n")
    assert [(one.kind, one.key) for one in declared.read(folder)] == [("purpose", "A")]
    write("immuta/purposes/eu/b.yaml", "projectKey: b\nname: B\n")
    assert _refusal(folder) == (
        "immuta/purposes/eu/b.yaml:1: the kind of this payload is ambiguous: "
        "folder purposes/ says purpose; key projectKey says project"
    )


def test_the_type_of_a_policy_is_not_its_kind(write: Write) -> None:
    """A data policy has `type: data` and is a policy all the same."""
    folder = write("a.yaml", "policyKey: a\nname: A\ntype: data\nactions: []\n")
    assert [(one.kind, one.payload["type"]) for one in declared.read(folder)] == [
        ("policy", "data")
    ]


def test_what_is_no_declaration_is_left_alone(write: Write) -> None:
    """Hidden folders, other files and documents without content are passed over; a folder without any is an error."""
    folder = write(".git/config.yaml", "nonsense: [\n")
    write("README.md", "# text")
    write("empty.yaml", "# nothing yet\n---\n")
    assert "nothing declared in files" in _refusal(folder)
    assert "no such folder" in _refusal(folder / "other")


def test_undocumented_keys_pass_only_where_the_documentation_is_open(write: Write) -> None:
    """More kinds of masking exist than were published: their keys are kept, not refused."""
    text = (
        "policyKey: a\nname: A\ntype: data\nactions:\n- rules:\n  - type: Masking\n    config:\n"
        "      conditionalPredicate: x = 1\n      maskingConfig: {type: Rounding, bucketSize: 5}\n"
    )
    (found,) = declared.read(write("a.yaml", text))
    config = found.payload["actions"][0]["rules"][0]["config"]
    assert config["maskingConfig"]["bucketSize"] == 5
    assert config["conditionalPredicate"] == "x = 1"


def test_a_path_knows_its_line() -> None:
    """The line of a path, or of the nearest thing around it that the file has."""
    found = {one.key: one for one in declared.read(SAMPLES)}
    assert _lines(found["mask-pii"], "staged", "actions[0].rules[0].config.maskingConfig.type") == [
        5,
        20,
    ]
    assert _lines(found["mask-pii"], "actions[0].rules[0].inclusions", "nowhere") == [13, 2]
    assert _lines(found["Risk Reporting.Quarterly.Europe"], "description") == [10]


def _lines(one: Declared, *paths: str) -> list[int]:
    return [one.line_of(path) for path in paths]


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    """A number that has no exact decimal form comes back as the nearest one."""
    (found,) = _documents(tmp_path / "n.yaml", "a: 0.1\nb: -7\nc: 1.5e3\n")
    assert found == {"a": 0.1, "b": -7, "c": 1500.0}
    assert math.isfinite(found["a"])


@given(value=st.dictionaries(st.sampled_from(sorted(KEYS)), VALUES, max_size=5))
def test_no_payload_breaks_the_checks(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    """Whatever stands under the keys of a payload, it is taken or refused with its file and line."""
    folder = tmp_path_factory.getbasetemp() / "payloads"
    folder.mkdir(exist_ok=True)
    (folder / "any.json").write_text(json.dumps(value), encoding="utf-8")
    try:
        found = declared.read(folder)
    except UsageError as error:
        assert str(error).startswith(str(folder))  # noqa: PT017
    else:
        assert all(one.key for one in found)


def test_a_wrong_secret_is_not_repeated(write: Write) -> None:
    """The message about a password that is no text names the place, not the password."""
    text = "connectionKey: a\nconnection:\n  handler: Snowflake\n  password: 8211977\n"
    assert _refusal(write("a.yaml", text)) == (
        "a.yaml:4: connection.password: must be text, not a number or flag; put it in quotes"
    )
