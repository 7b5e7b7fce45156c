"""The sandbox declares its own Immuta with deliberate differences: drift finds these and no others."""

import json
from pathlib import Path
from typing import Any

import pytest
from command import Ended, muster

from pipeline.config import PURVIEW_PLANES

pytestmark = pytest.mark.slow

ESTATE = ("--assets", "200", "--as-of", "2026-11-21")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drift-sandbox")


@pytest.fixture(scope="module")
def planted(folder: Path) -> list[dict[str, Any]]:
    return muster("sandbox", "declared", "files", *ESTATE, "--json", folder=folder).rows


@pytest.fixture(scope="module")
def drift(folder: Path, planted: list[dict[str, Any]]) -> Ended:
    assert planted
    # what is declared is Immuta's: of Purview no more is read than must be
    planes = [plane for plane in PURVIEW_PLANES if plane != "datamap"]
    (folder / "muster.toml").write_text(f"[purview]\nskip = {json.dumps(planes)}\n", "utf-8")
    muster("collect", "--sandbox", *ESTATE, folder=folder)
    return muster("drift", "--declared", "files", "--json", folder=folder)


def _told(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return row["verdict"], row["kind"], row["key"], row["path"]


def test_drift_is_exactly_what_was_planted(drift: Ended, planted: list[dict[str, Any]]) -> None:
    """Two translations that know nothing of each other agree on the whole estate, but for the differences that were made."""
    found = [row for row in drift.rows if row["verdict"] in ("missing", "unexpected", "different")]
    assert sorted(map(_told, found)) == sorted(map(_told, planted))
    assert {(row["kind"], row["verdict"]) for row in planted} >= {
        (kind, "unexpected") for kind in ("policy", "project", "data")
    } | {(kind, "different") for kind in ("policy", "project", "purpose", "data")}


def test_nothing_is_hidden_and_most_is_the_same(drift: Ended) -> None:
    """An estate that was read whole leaves no hole, and every kind has objects that are as declared."""
    assert not [row for row in drift.rows if row["hole"]]
    same = {row["kind"] for row in drift.rows if row["verdict"] == "same"}
    assert same == {"policy", "project", "purpose", "data"}


def test_the_commands_say_it_to_people(folder: Path, drift: Ended) -> None:
    """Both tables name the differences, `--fail-on drift` ends with 1, and a folder in use is left alone."""
    assert drift.rows
    ended = muster("drift", "--declared", "files", "--fail-on", "drift", folder=folder, code=1)
    assert "mask-passport-numbers" in ended.out
    assert "objects differ from what is declared" in ended.err
    refused = muster("sandbox", "declared", "files", *ESTATE, folder=folder, code=2)
    assert "not an empty folder" in refused.err
