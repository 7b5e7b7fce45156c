"""Packs: which file wins, and what is known about the ones that lost."""

import hashlib
from pathlib import Path

import pytest

from pipeline import packs
from pipeline.errors import ConfigError


def _pack(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_built_in_pack_comes_first() -> None:
    """Without packs of one's own, the rules of this distribution are there."""
    found = packs.load()
    assert [pack.name for pack in found.packs] == ["builtin"]
    assert found.file("rules/sensitivity.yaml").label == "rules/sensitivity.yaml"
    assert len(found.files("rules", ".yaml")) > 10


def test_a_later_pack_wins_and_the_loser_is_remembered(tmp_path: Path) -> None:
    """The same relative path replaces, and the digests of winner and losers are kept in order."""
    one = _pack(tmp_path / "one", {"rules/removed.yaml": "[A]", "rules/own/new.yaml": "x"})
    two = _pack(tmp_path / "two", {"rules/removed.yaml": "[B]"})
    found = packs.load([one, two])
    file = found.file("rules/removed.yaml")
    assert file.pack == "two"
    assert file.label == str(two / "rules/removed.yaml")
    assert file.sha256 == hashlib.sha256(b"[B]").hexdigest()
    assert [(other.pack, other.path.read_text()) for other in file.overridden][1] == ("one", "[A]")
    assert file.overridden[1].sha256 == hashlib.sha256(b"[A]").hexdigest()
    assert [other.pack for other in file.overridden] == ["builtin", "one"]
    listed = {other.relative: other for other in found.files("rules", ".yaml")}
    assert listed["rules/removed.yaml"] == file
    assert listed["rules/own/new.yaml"].overridden == ()


def test_hidden_and_private_files_are_no_content(tmp_path: Path) -> None:
    """Editor droppings, caches and files marked private are not listed."""
    mine = _pack(
        tmp_path / "mine",
        {"rules/a/b.yaml": "", "rules/.a/c.yaml": "", "rules/a/_d.yaml": "", "rules/a/e.yaml~": ""},
    )
    found = [file.relative for file in packs.load([mine]).files("rules", ".yaml")]
    assert "rules/a/b.yaml" in found
    assert not {"rules/.a/c.yaml", "rules/a/_d.yaml", "rules/a/e.yaml~"} & set(found)


def test_a_folder_without_content_is_no_pack(tmp_path: Path) -> None:
    """The message says what makes a folder a pack."""
    with pytest.raises(ConfigError, match="at least one of rules, reports, templates"):
        packs.load([tmp_path])


def test_two_packs_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    """Evidence names packs, so names must differ."""
    one = _pack(tmp_path / "a" / "mine", {"rules/x.yaml": ""})
    two = _pack(tmp_path / "b" / "mine", {"rules/x.yaml": ""})
    with pytest.raises(ConfigError, match="named 'mine' is loaded already"):
        packs.load([one, two])


def test_a_file_nowhere_is_said(tmp_path: Path) -> None:
    """A missing file names the places that were searched."""
    mine = _pack(tmp_path / "mine", {"rules/x.yaml": ""})
    with pytest.raises(ConfigError) as caught:
        packs.load([mine]).file("rules/nowhere.yaml")
    assert str(mine) in str(caught.value)


def test_a_file_may_win_in_another_format(tmp_path: Path) -> None:
    """A later pack's file takes the place of ours whatever its format; a pack that says a thing twice is refused."""
    mine = _pack(tmp_path / "mine", {"rules/hosts.csv": "a"})
    file = packs.load([mine]).in_any_format("rules/hosts", (".yaml", ".csv"))
    assert file is not None
    assert file.relative == "rules/hosts.csv"
    assert [(other.pack, other.path.name) for other in file.overridden] == [
        ("builtin", "hosts.yaml")
    ]
    assert packs.load().in_any_format("rules/nowhere", (".yaml", ".csv")) is None
    _pack(mine, {"rules/hosts.yaml": "b"})
    with pytest.raises(ConfigError, match=r"rules/hosts\.yaml and rules/hosts\.csv say the same"):
        packs.load([mine]).in_any_format("rules/hosts", (".yaml", ".csv"))
