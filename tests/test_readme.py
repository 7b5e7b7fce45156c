"""What the README shows is what happens."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from command import muster

from pipeline.cli import app

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
VERBS = {one.name for one in (*app.registered_commands, *app.registered_groups)}
RULE_PATH = "my-pack/rules/ownership/report-without-owner.yaml"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def _commands() -> list[list[str]]:
    """Every `uv run muster ...` line, without its comment, as arguments."""
    lines = [line for block in _blocks("sh") for line in block.splitlines()]
    return [
        shlex.split(line, comments=True)[3:] for line in lines if line.startswith("uv run muster")
    ]


def test_every_command_of_the_readme_works(
    tmp_path: Path, night_in: Callable[[Path], Path]
) -> None:
    """The commands run in the order they are shown, on a small sandbox, with the rule that is shown.

    Each verb imports for itself when it comes for the first time, as in a shell. The results that come first are
    those of a command like the first one, on the first of the days that are shown.
    """
    commands, night = _commands(), ["run", "--sandbox", "--as-of", "2026-11-20"]
    assert commands[0] == night[:2]
    assert night in commands
    commands = [command for command in commands[1:] if command != night]
    night_in(tmp_path)
    (rule,) = _blocks("yaml")
    path = tmp_path / RULE_PATH
    assert RULE_PATH in README
    path.parent.mkdir(parents=True)
    path.write_text(rule, encoding="utf-8")
    ids = [row["id"] for row in muster("findings", "list", "--json", folder=tmp_path).rows]
    # a night is made by a process that imported for itself
    came = {"run"}
    for command in commands:
        if command in (["doctor"], ["run"]):
            continue  # they need a tenant
        weather = "--weather" in command
        small = ["--assets", "60"] if "--sandbox" in command else []
        shown = [ids[0] if word == "ID" else word for word in command]
        (verb, *_) = (word for word in command if word in VERBS)
        ended = muster(*shown, *small, folder=tmp_path, code=None, cold=verb not in came)
        came.add(verb)
        # In bad weather a run may honestly end as an incomplete collection.
        assert ended.code in ({0, 3} if weather else {0}), f"{shown}: {ended}"
    verdicts = "select count(*) as n from verdict where rule_id = 'ACME-001'"
    assert muster("sql", "--json", verdicts, folder=tmp_path).rows[0]["n"] > 0


def test_folders_and_exit_codes_of_the_readme_are_the_real_ones() -> None:
    """Every folder of the map exists, and the table of exit codes is that of the error tree."""
    from pipeline import errors

    root = Path(__file__).parents[1]
    for folder in re.findall(r"^\| `(\w+)/` \|", README, re.M):
        assert (root / folder).is_dir(), folder
    stated = {int(code) for code in re.findall(r"^\| (\d) \|", README, re.M)}
    raised = {
        thing.exit_code
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, errors.PassMusterError)
    }
    assert stated == raised | {0, 1}
