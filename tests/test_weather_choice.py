"""Weathers are chosen by name, say what they do, and strike the same calls in every run."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from command import muster

from pipeline.sandbox.weather import forecast
from pipeline.sandbox.weather.calls import Answer, Call, Proceed

CALLS = [Call("GET", "/things", (("page", str(at)),), b"", 40, "Bearer a.b") for at in range(200)]


def struck(seed: int, name: str) -> list[bool]:
    """Which of the calls a weather does not simply let pass."""

    async def proceed(_: Call) -> Answer:
        return Answer(200, b"{}")

    async def answers() -> list[Answer]:
        (layer,) = forecast.chosen([name], seed, lambda: 0.0)
        return [await layer(call, proceed) for call in CALLS]

    return [answer != Answer(200, b"{}") for answer in asyncio.run(answers())]


@pytest.mark.parametrize("name", ["unavailable", "resets", "truncated", "html", "slow:8"])
def test_the_seed_says_whom_it_strikes(name: str) -> None:
    """Equal seeds strike equal calls, others other ones, and about as many as the number says."""
    assert struck(1, name) == struck(1, name)
    assert struck(1, name) != struck(2, name)
    assert 5 < sum(struck(1, name)) < 50


def test_a_second_try_is_let_pass() -> None:
    """What strikes the first try of a call leaves the next one alone."""
    (layer,) = forecast.chosen(["html:1"], 1, lambda: 0.0)

    async def proceed(_: Call) -> Answer:
        return Answer(200, b"{}")

    async def twice() -> list[bytes]:
        return [(await layer(CALLS[0], proceed)).body for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first.startswith(b"<!DOCTYPE html>")
    assert second == b"{}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("rain", "weather 'rain' is not one of throttle, throttle-date, "),
        ("slow,rain", "weather 'rain' is not one of"),
        ("slow:often", "weather slow: 'often' is no number above 0"),
        ("slow:-1", "no number above 0"),
        ("slow:nan", "no number above 0"),
    ],
)
def test_a_wrong_choice_is_a_usage_error(wrong: str, message: str) -> None:
    """It names what is valid, before anything is started."""
    with pytest.raises(forecast.WeatherError, match=message):
        forecast.chosen(wrong.split(","), 1, lambda: 0.0)


def test_every_weather_is_in_the_help(tmp_path: Path) -> None:
    """One line each, with its number and what it does."""
    told = muster("sandbox", "serve", "--help", folder=tmp_path).out
    for line in forecast.described():
        assert line.split()[0] in told
        assert line.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["sandbox", "serve", "--weather", "rain"], "forbidden-guids"),
        (["run", "--sandbox", "--weather", "rain"], "forbidden-guids"),
        (["run", "--weather", "html"], "add --sandbox"),
    ],
)
def test_the_commands_refuse_a_weather_that_is_none(
    tmp_path: Path, arguments: list[str], cure: str
) -> None:
    """`serve` and `run` name the valid ones; without the sandbox there is no weather."""
    assert cure in muster(*arguments, folder=tmp_path, code=2).err


@pytest.mark.parametrize("names", [["hostile:1", "moving:1"], ["moving:1", "hostile:1"]])
def test_weathers_come_together_in_any_order(names: list[str]) -> None:
    """What one of them writes another one reads: half of a surrogate pair is in the body, and the page is turned."""
    rows = [{"displayName": f"row {at}"} for at in range(40)]

    async def proceed(call: Call) -> Answer:
        start = int(call.param("offset") or 0)
        page = {"value": rows[start : start + 20], "count": len(rows)}
        return Answer(200, b"{}", {"content-type": "application/json"}).saying(page)

    async def answered() -> Answer:
        answer: Proceed = proceed
        for layer in reversed(forecast.chosen(names, 1, lambda: 0.0)):
            answer = partial(layer, proceed=answer)
        return await answer(Call("GET", "/things", (("offset", "10"),), b"", 20, "Bearer a.b"))

    found = asyncio.run(answered())
    assert b"\\ud83d" in found.body
    page = json.loads(found.body)
    assert page["count"] == 39
    assert len(page["value"]) == 20
