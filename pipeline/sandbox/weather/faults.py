"""Faults that tests switch on: what a path prefix does instead of answering properly."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from pipeline.sandbox.weather.calls import Answer, Call, Layer, Proceed

Kind = Literal["status", "malformed", "truncated", "dropped"]
INJECTED = b'{"error":{"code":"Injected","message":"an injected fault"}}'


@dataclass(slots=True)
class Fault:
    """One misbehaviour; it ends after `times` calls, or never where that is None."""

    kind: Kind
    status: int = 200
    times: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def takes_place(self) -> bool:
        """Whether the present call is hit; counts it."""
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


def answering(status: int, times: int | None = None) -> Fault:
    """An error status: for ever, or for the first calls."""
    return Fault("status", status, times)


def throttled(retry_after: str = "1", times: int = 1) -> Fault:
    """429 with a `Retry-After`, once unless told otherwise."""
    return Fault("status", 429, times, {"Retry-After": retry_after})


def malformed(times: int | None = None) -> Fault:
    """A complete body that is not JSON."""
    return Fault("malformed", times=times)


def truncated(times: int | None = None) -> Fault:
    """The first half of the body, then the end of the connection."""
    return Fault("truncated", times=times)


def dropped(times: int | None = None) -> Fault:
    """The end of the connection before the first byte of a body."""
    return Fault("dropped", times=times)


Faults = Mapping[str, Fault]


def layer(faults: Faults) -> Layer:
    """Misbehaves on the path prefixes given; the first that fits counts."""
    return partial(_misbehave, faults)


async def _misbehave(faults: Faults, call: Call, proceed: Proceed) -> Answer:
    for prefix, fault in faults.items():
        if call.path.startswith(prefix) and fault.takes_place():
            break
    else:
        return await proceed(call)
    if fault.kind == "status":
        return Answer(fault.status, INJECTED, {"content-type": "application/json", **fault.headers})
    answer = await proceed(call)
    if fault.kind == "malformed":
        return replace(answer, body=answer.body[:-1] + b",]")
    return replace(answer, delivery="cut" if fault.kind == "truncated" else "dropped")
