"""A program that knows nothing of the sandbox reads and writes Immuta's surfaces there: fh-immuta-utils."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_fixture import DAY, GOVERN, get

from pipeline.sandbox import server, signin

pytestmark = pytest.mark.slow

CLIENT = Path(__file__).parent / "clients" / "fh-immuta-utils"
TAG = "Review.Quarterly"
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the client as its lock says, made in a temporary folder."""
    uv = shutil.which("uv")
    assert uv, "uv, which makes the client's environment, is not on the path"
    folder = tmp_path_factory.mktemp("client") / "venv"
    _run(
        [uv, "sync", "--locked", "--quiet", "--project", str(CLIENT)],
        UV_PROJECT_ENVIRONMENT=str(folder),
    )
    return folder / "bin" / "python"


def _run(command: list[str], **environment: str) -> str:
    """What a command printed that ended well."""
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        command,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with (
        server.running(assets=300, as_of=DAY) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def before(http: httpx.Client) -> list[dict[str, Any]]:
    """The data sources before the client wrote."""
    found: list[dict[str, Any]] = get(http, "/dataSource", GOVERN, size=5000)["hits"]
    return found


@pytest.fixture(scope="module")
def got(http: httpx.Client, before: list[dict[str, Any]], python: Path) -> dict[str, Any]:
    """What the client got on its walk."""
    assert before
    walk = str(CLIENT / "walk.py")
    printed = _run([str(python), walk, str(http.base_url).rstrip("/"), signin.IMMUTA_KEY])
    found: dict[str, Any] = json.loads(printed)
    return found


def test_the_client_lists_every_source(got: dict[str, Any], before: list[dict[str, Any]]) -> None:
    """Its first call is unsigned and answered 401; then it turns every page up to the last source."""
    assert got["ids"] == [one["id"] for one in before]
    assert got["user"]["id"]


def test_the_client_tags_a_column(http: httpx.Client, got: dict[str, Any]) -> None:
    """The dictionary it wrote reads as it was, but for the tag on one column and on the source."""
    was = got["dictionary"]
    now = get(http, f"/dictionary/{was['id']}", GOVERN)
    names = [one["name"] for one in now["metadata"]]
    assert names == [one["name"] for one in was["metadata"]]
    assert [one["dataType"] for one in now["metadata"]] == [
        one["dataType"] for one in was["metadata"]
    ]
    tagged = [one["name"] for one in now["metadata"] if TAG in [tag["name"] for tag in one["tags"]]]
    assert tagged == names[:1]
    detail = get(http, f"/dataSource/{was['id']}", GOVERN)
    assert TAG in [tag["name"] for tag in detail["tags"]]
    assert TAG in [tag["name"] for tag in get(http, "/tag", GOVERN)]


def test_the_client_creates_a_policy(http: httpx.Client, got: dict[str, Any]) -> None:
    """The policy it created is listed with the masking, the tag and the exception that it named."""
    (row,) = [one for one in get(http, "/policy/global", GOVERN) if one["id"] == got["policy"]]
    (rule,) = row["actions"][0]["rules"]
    assert (row["name"], row["type"], rule["type"]) == ("Mask what is reviewed", "data", "masking")
    assert [field["name"] for field in rule["config"]["fields"]] == [TAG]
    assert rule["exceptions"]["operator"] == "or"
    assert row["circumstances"][0]["columnTag"]["name"] == TAG


def test_the_client_registers_disables_and_removes(
    http: httpx.Client, got: dict[str, Any], before: list[dict[str, Any]]
) -> None:
    """A source registered twice is there once; one is disabled, one restored and one removed."""
    hits = {one["id"]: one for one in get(http, "/dataSource", GOVERN, size=5000)["hits"]}
    names = [one["name"] for one in hits.values()]
    assert names.count(got["made"]["name"]) == 1
    assert got["again"] is None
    assert hits[got["made"]["id"]]["remoteTable"] == "LOANS"
    assert hits[got["disabled"]]["deleted"] is True
    assert hits[got["restored"]]["deleted"] is False
    assert {one["id"]: one["deleted"] for one in before}[got["restored"]] is True
    assert got["gone"] not in hits
    assert hits.keys() == {one["id"] for one in before} - {got["gone"]} | {got["made"]["id"]}
