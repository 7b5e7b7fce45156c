"""The registers that the sandbox's people keep are a pack that loads, the same on the same day, with wrong rows that are known."""

import csv
from pathlib import Path

import pytest
import yaml
from command import muster

from pipeline import packs
from pipeline.judge import registers as loading
from pipeline.sandbox import clock, registers

DAY = "2026-11-21"


@pytest.fixture(scope="module", params=[60, 400])
def assets(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, assets: int) -> Path:
    return tmp_path_factory.mktemp("kept") / "by-people"


@pytest.fixture(scope="module")
def wrong(folder: Path, assets: int) -> list[tuple[str, str, str, str]]:
    return registers.write(folder, seed=1, assets=assets, as_of=clock.parse_as_of(DAY))


def _ids(folder: Path) -> dict[str, list[str]]:
    with (folder / "registers/reviews.csv").open(encoding="utf-8", newline="") as file:
        reviews = [row["id"] for row in csv.DictReader(file)]
    waivers = yaml.safe_load((folder / "waivers.yaml").read_text("utf-8"))
    return {"reviews": reviews, "waivers": [row["id"] for row in waivers]}


def test_the_pack_loads(folder: Path, wrong: list[tuple[str, str, str, str]]) -> None:
    """Every row has what a register asks of it: what is wrong in them only a rule can find."""
    assert wrong
    found = loading.load(packs.load([folder]))
    shipped = loading.load(packs.load()).keys()
    assert found.keys() - shipped == {"reviews", "breakers", "transfers", "waivers"}
    assert all(found[name].rows for name in found.keys() - shipped)


def test_wrong_rows_are_there_once(folder: Path, wrong: list[tuple[str, str, str, str]]) -> None:
    """Every verdict that is foretold is about one row, and most rows are in order."""
    ids = _ids(folder)
    for rule, subject, status, _ in wrong:
        assert ids["waivers" if rule == "EVD-004" else "reviews"].count(subject) == 1
        assert status in ("fail", "not_evaluated")
    assert {rule for rule, *_ in wrong} == {"EVD-004", "MEM-004", "MEM-005"}
    assert len(wrong) < sum(map(len, ids.values()))


def test_the_same_day_has_the_same_registers(
    folder: Path, wrong: list[tuple[str, str, str, str]], assets: int, tmp_path: Path
) -> None:
    """Seed, size and day decide every byte; another day has others."""
    again = registers.write(tmp_path / "a", seed=1, assets=assets, as_of=clock.parse_as_of(DAY))
    assert again == wrong
    registers.write(tmp_path / "b", seed=1, assets=assets, as_of=clock.parse_as_of("2026-11-22"))
    for name in (
        "registers/reviews.csv",
        "registers/breakers.csv",
        "registers/transfers.csv",
        "waivers.yaml",
    ):
        text = (folder / name).read_bytes()
        assert (tmp_path / "a" / name).read_bytes() == text
        assert (tmp_path / "b" / name).read_bytes() != text


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that holds something is refused."""
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    ended = muster("sandbox", "registers", ".", "--assets", "60", folder=tmp_path, code=2)
    assert "not an empty folder" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
