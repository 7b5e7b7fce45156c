"""What every weather is: a layer that strikes some calls, the same ones in every run."""

from collections.abc import Callable

from pipeline.sandbox import draws
from pipeline.sandbox.weather.calls import Answer, Call, Proceed

Clock = Callable[[], float]


class Weather:
    """One weather over all calls but those that sign in; `number` is its default."""

    number = 10.0

    def __init__(self, seed: int, number: float | None, clock: Clock) -> None:
        self.seed, self.clock = seed, clock
        self.number = type(self).number if number is None else number
        self._times: dict[str, int] = {}
        self.hits = 0

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Answers one call."""
        if call.signs_in or call.path == "/weather":
            return await proceed(call)
        return await self.answer(call, proceed)

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """What the weather makes of a call."""
        raise NotImplementedError

    def strikes(self, call: Call) -> bool:
        """Whether this is the first time of a call that was drawn: one in `number`."""
        times = self._times[call.name] = self._times.get(call.name, 0) + 1
        struck = times == 1 and self.draws(call.name)
        self.hits += struck
        return struck

    def draws(self, *key: object) -> bool:
        """Whether `key` is the one in `number`."""
        return draws.share(self.seed, type(self).__name__, *key) < 1 / self.number
