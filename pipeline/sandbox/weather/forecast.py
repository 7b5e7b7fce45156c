"""Weather: what real services do on bad days, by name and on request.

A weather is chosen as `NAME` or `NAME:NUMBER`; its number says how bad it is. Whom it hits depends on
the seed, on the call, and on how often the call was made: two runs see the same.
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox.answers import json_answer
from pipeline.sandbox.weather import lists, outages, trimmed, values
from pipeline.sandbox.weather.base import Clock, Weather

REPORT = "/weather"
KINDS: dict[str, type[Weather]] = {
    **outages.KINDS,
    **lists.KINDS,
    **values.KINDS,
    **trimmed.KINDS,
}
"""Every weather by name; the docstring of its class says what it does."""


class WeatherError(ValueError):
    """A weather that does not exist, or a number that is none."""


def described() -> list[str]:
    """One line for every weather: its name with its number, and what it does."""
    return [
        f"{name}:{kind.number:g}  {(kind.__doc__ or '').format(number=f'{kind.number:g}')}"
        for name, kind in KINDS.items()
    ]


def chosen(names: Iterable[str], seed: int, clock: Clock) -> list[Weather]:
    """The weathers named, in order.

    Raises:
        WeatherError: one of them does not exist.
    """
    found = []
    for given in names:
        name, _, text = given.strip().partition(":")
        if name not in KINDS:
            raise WeatherError(f"weather {name!r} is not one of {', '.join(KINDS)}")
        found.append(KINDS[name](seed, _number(name, text), clock))
    return found


async def report(request: Request) -> Response:
    """How often each weather has struck."""
    weathers: list[Weather] = request.app.state.weathers
    names = {kind: name for name, kind in KINDS.items()}
    return json_answer({names[type(one)]: one.hits for one in weathers})


def _number(name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise WeatherError(f"weather {name}: {text!r} is no number above 0")
    return number
