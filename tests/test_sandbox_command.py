"""`python -m pipeline.sandbox` serves and prints the truth."""

import json
import subprocess
import sys

import httpx
import pytest

from pipeline.sandbox import clock
from pipeline.sandbox.__main__ import main
from pipeline.sandbox.truth import oracle


def test_truth_prints_one_line_per_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """Each verdict is one line of JSON with rule, subject, status and reason."""
    night, before = "2026-11-21", "2026-11-20"
    assert main(["truth", "--assets", "60", "--as-of", night, "--before", before]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = oracle.expected(
        seed=1, assets=60, as_of=clock.parse_as_of(night), before=[clock.parse_as_of(before)]
    )
    assert lines == [one._asdict() for one in expected]


def test_serve_tells_its_address_and_credentials() -> None:
    """The first line of output is all that a client needs to sign in."""
    command = [sys.executable, "-m", "pipeline.sandbox", "serve", "--port", "0", "--assets", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            told = json.loads(process.stdout.readline())
            key = {"Authorization": told["immuta_api_key"]}
            assert httpx.get(told["url"] + "/dataSource", headers=key).status_code == 200
            assert httpx.get(told["url"] + "/health").json()["status"] == "ok"
        finally:
            process.terminate()
