"""Weather over what rows say: nothing, unheard-of words, attacks, megabytes."""

from dataclasses import dataclass
from typing import Any

from pipeline.sandbox import draws
from pipeline.sandbox.weather.base import Weather
from pipeline.sandbox.weather.calls import LONE, Answer, Call, Proceed

OPTIONAL = {
    *(
        "description",
        "userDescription",
        "owner",
        "createTime",
        "updateTime",
        "createdBy",
        "updatedBy",
    ),
    *("displayName", "collectionId", "shortDescription", "longDescription", "info", "confidence"),
    *("label", "assetType", "classification", "term", "lastModifiedTS", "objectType"),
    *("sourceDetails", "endorsement", "abbreviation", "usage"),
}
FRIENDLY = {
    *("friendlyName", "displayName", "description", "userDescription", "nickName"),
    *("shortDescription", "longDescription"),
}
WORDS = {"status", "state", "scanLevelType", "runType", "endorsement"}
UNKNOWN_WORD = "PartlyCloudy"
HUGE_SHARE = 1 / 40
HOSTILE = (
    "bell \x07 and escape \x1b[31m ",
    "\u202egnp.exe ",
    "=cmd|' /C calc'!A0 ",
    "<script>alert(1)</script><!-- ",
    "\"quoted\" 'twice' `thrice` \\ {{7*7}} ",
    "nothing \x00 after ",
    f"half a pair {LONE} ",
    "long " * 800,
)


@dataclass(frozen=True)
class Field:
    """One value in a body: its name, the object it is in, and the names that lead there."""

    name: str
    value: Any
    row: dict[str, Any]
    path: tuple[str, ...]

    @property
    def where(self) -> tuple[str, str]:
        """What is the same for this field wherever its object is sent."""
        names = (name for name in ("id", "guid", "name") if name in self.row)
        return self.name, str(self.row.get(next(names, "")))


class Rewriting(Weather):
    """An answer with some of its values replaced."""

    async def answer(self, call: Call, proceed: Proceed) -> Answer:
        """The answer rewritten."""
        answer = await proceed(call)
        page = answer.page()
        if page is None:
            return answer
        return answer.saying(self._rewritten(page, ()))

    def _rewritten(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return [self._rewritten(one, path) for one in value]
        if not isinstance(value, dict):
            return value
        found = {}
        for name, inner in value.items():
            for kept in self.instead(Field(name, inner, value, path)):
                found[name] = self._rewritten(kept, (*path, name))
        return found

    def instead(self, field: Field) -> list[Any]:
        """What stands instead of a value: one thing, or nothing at all."""
        raise NotImplementedError


class Nulls(Rewriting):
    """One in {number} of the fields that may be missing is null or absent."""

    number = 3.0

    def instead(self, field: Field) -> list[Any]:
        """The value, null, or nothing."""
        if field.name not in OPTIONAL or field.value is None or not self.draws(field.where):
            return [field.value]
        self.hits += 1
        return [None] if draws.share(self.seed, "absent", field.where) < 0.5 else []


class UnknownWords(Rewriting):
    """One in {number} of the words of an enumeration is one that nobody documented."""

    number = 4.0

    def instead(self, field: Field) -> list[Any]:
        """The word, or another one."""
        word = field.name in WORDS and isinstance(field.value, str)
        if not word or not self.draws(field.where):
            return [field.value]
        self.hits += 1
        return [UNKNOWN_WORD]


class Hostile(Rewriting):
    """One in {number} of the names and texts attacks whoever shows it."""

    number = 4.0

    def instead(self, field: Field) -> list[Any]:
        """The text, or an attack before it."""
        own = field.name == "name" and field.path[-1:] == ("attributes",)
        friendly = (own or field.name in FRIENDLY) and isinstance(field.value, str)
        if not friendly or not self.draws(field.value):
            return [field.value]
        self.hits += 1
        return [draws.pick(HOSTILE, self.seed, field.value) + field.value]


class Huge(Rewriting):
    """Some entities have a description of {number} MB."""

    number = 2.0

    def instead(self, field: Field) -> list[Any]:
        """The value; of some entities, a long one."""
        _, guid = field.where
        own = field.name == "attributes" and field.path == ("entities",)
        if not own or draws.share(self.seed, "huge", guid) >= HUGE_SHARE:
            return [field.value]
        self.hits += 1
        text = "0123456789abcde " * int(self.number * 62_500)
        return [{**field.value, "userDescription": text}]


KINDS: dict[str, type[Weather]] = {
    "nulls": Nulls,
    "unknown-words": UnknownWords,
    "huge": Huge,
    "hostile": Hostile,
}
