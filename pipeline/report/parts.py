"""What stands in a sentence or a cell: figures, names, links, marks."""

from dataclasses import dataclass
from typing import Literal

from pipeline.report import words

Tone = Literal["", "pass", "warn", "fail"]


@dataclass(frozen=True)
class Figure:
    """A number with its name: the only way a number that matters gets into a report.

    `num` None means that it could not be evaluated, for the reason in `cause`. `tables` are the
    public tables it rests on: when one of them lacks rows, the figure loses its colour and gets a dagger.
    """

    kpi: str
    label: str
    num: int | float | None
    den: int | None = None
    not_evaluated: int = 0
    waived: int = 0
    unit: str = ""
    cause: str = ""
    change: int | float | None = None
    tone: Tone = ""
    source: str = ""
    note: str = ""
    tables: frozenset[str] = frozenset()
    joined: str = "of"
    signed: bool = False

    @property
    def counted(self) -> str:
        """The count: `12 of 340`, `12`, `14 days`, or why there is none."""
        if self.num is None:
            return f"not evaluated: {self.cause}"
        number = words.signed(self.num) if self.signed else words.count(self.num)
        shown = f"{number} {self.unit}" if self.unit else number
        return shown if self.den is None else f"{shown} {self.joined} {words.count(self.den)}"

    @property
    def rate(self) -> str:
        """The rate that goes in brackets after the count; empty where none may be printed."""
        if self.num is None or self.den is None:
            return ""
        return words.rate(int(self.num), self.den, self.not_evaluated)

    @property
    def coloured(self) -> bool:
        """Whether its tone may be shown: enough of the population was evaluated."""
        if self.den is None:
            return True
        return self.den >= words.FULL_COVERAGE * (self.den + self.not_evaluated)


@dataclass(frozen=True)
class Code:
    """A name as a system has it."""

    text: str


@dataclass(frozen=True)
class Link:
    """A jump inside the file; `filters` narrows the table it leads to."""

    text: str
    anchor: str
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Severity:
    """The letter of a severity."""

    name: str


Part = str | Figure | Code | Link | Severity
Text = str | tuple[Part, ...]


@dataclass(frozen=True)
class Heat:
    """A cell whose background has one of five steps; step 0 = nothing failed, None = no population."""

    figure: Figure | None
    step: int = 0
    hatched: bool = False


Cell = Text | Part | Heat | None
