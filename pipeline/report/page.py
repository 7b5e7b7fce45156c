"""What a report says, before it looks like anything: a page of sections, a section of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

import polars as pl

from pipeline.report.parts import Cell, Code, Figure, Heat, Link, Part, Severity, Text, Tone

__all__ = [
    "Bar",
    "Bars",
    "Block",
    "Card",
    "Cards",
    "Cell",
    "Chart",
    "Code",
    "Column",
    "Figure",
    "Figures",
    "Fold",
    "Front",
    "Grid",
    "GridColumn",
    "Heat",
    "Items",
    "Link",
    "Page",
    "Part",
    "Prose",
    "Section",
    "Severity",
    "Table",
    "Text",
    "Tone",
    "walk",
]


@dataclass(frozen=True)
class Prose:
    """A paragraph; a note is small, a limit is marked."""

    text: Text
    kind: Literal["text", "note", "limit"] = "text"


@dataclass(frozen=True)
class Items:
    """A list of sentences, numbered where their order matters."""

    items: tuple[Text, ...]
    numbered: bool = False
    title: str = ""


@dataclass(frozen=True)
class Figures:
    """Figures side by side; headline = the large ones of page one, ledger = label left, number right."""

    figures: tuple[Figure, ...]
    kind: Literal["headline", "row", "ledger"] = "row"
    title: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar on a common baseline; `start` and `length` are in the unit of `Bars.full`."""

    label: str
    figure: Figure
    start: float
    length: float
    tone: Literal["end", "pass", "fail", "plain"]
    loss: float = 0


@dataclass(frozen=True)
class Bars:
    """Bars that need no script: drawn on page one, printed as they are; the axis runs from `zero` to `full`."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    full: float
    zero: float = 0
    note: Text = ""

    def place(self, position: float) -> str:
        """Where `position` is on the axis, in percent."""
        return f"{100 * (position - self.zero) / (self.full - self.zero):.2f}"


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers stand right."""

    title: str
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table of at most a few hundred rows, whole in the HTML."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Text = ""
    empty: str = "Nothing to list."


@dataclass(frozen=True)
class Chart:
    """A Plotly figure (as JSON) for a question, and the same numbers as a table."""

    id: str
    title: str
    question: str
    plot: dict[str, Any]
    data: Table
    height: int = 320
    note: Text = ""


@dataclass(frozen=True)
class GridColumn:
    """A column of a grid; `choice` offers its values as a filter; a hidden one is searched and filtered only."""

    field: str
    title: str
    kind: Literal["text", "number", "severity", "code", "hidden"] = "text"
    choice: bool = False
    grow: int = 1
    width: int = 90


@dataclass(frozen=True)
class Grid:
    """A table of any size: searched, filtered and sorted in the browser, its first rows readable without script."""

    id: str
    caption: str
    columns: tuple[GridColumn, ...]
    frame: pl.DataFrame
    total: Figure
    first: int = 20
    height: int = 560
    detail: bool = False
    note: Text = ""
    empty: str = "Nothing to list."


@dataclass(frozen=True)
class Card:
    """A rule: why it matters, what to do, its parameters and this snapshot's counts; `relevant` to controls by framework."""

    rule_id: str
    title: str
    severity: str
    why: str
    fix: str
    confidence: str
    params: tuple[tuple[str, str], ...]
    counts: tuple[Figure, ...]
    sql: str
    origin: str
    error: str = ""
    relevant: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cards:
    """The rules in force."""

    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Fold:
    """Tables that a reader unfolds; the line that is always there says what is in them."""

    id: str
    title: str
    blocks: tuple[Table, ...]


Block = Prose | Items | Figures | Bars | Table | Chart | Grid | Cards | Fold


@dataclass(frozen=True)
class Section:
    """A numbered part of a page with a stable anchor; `short` is its name in the contents."""

    id: str
    title: str
    short: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Front:
    """Page one: result (top left), work (below it) and reliance (the right column)."""

    result: tuple[Block, ...]
    work: tuple[Block, ...]
    reliance: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole report."""

    sections: tuple[Section, ...]
    front: Front | None = None
    facts: tuple[tuple[str, str], ...] = field(default=())

    def figures(self) -> Iterator[Figure]:
        """Every figure in it, in reading order, repeats included."""
        yield from walk(self, Figure)

    def charts(self) -> Iterator[Chart]:
        """Every chart in it."""
        yield from walk(self, Chart)

    def grids(self) -> Iterator[Grid]:
        """Every grid in it."""
        yield from walk(self, Grid)


def walk(node: Any, kind: type) -> Iterator[Any]:
    """Everything of `kind` in `node`, in the order in which it is read."""
    if isinstance(node, kind):
        yield node
    elif isinstance(node, (tuple, list)):
        for part in node:
            yield from walk(part, kind)
    elif is_dataclass(node):
        names = sorted((f.name for f in fields(node)), key=lambda name: name != "front")
        for name in names:
            yield from walk(getattr(node, name), kind)
