"""What all charts share: colours, axes, frame. Colours are those of the light theme; each has a dark pair."""

from collections.abc import Sequence
from typing import Any

PAPER, INK, MUTED, LINE = "#fdfcf9", "#1b1f24", "#565d66", "#dcd8cf"
PASS, WAIVED, FAIL, BLIND = "#0072b2", "#e69f00", "#d55e00", "#9a9fa6"
PASS_2, PASS_3 = "#5b9fc9", "#a9cce3"
SEVERITY = {"critical": "#20252b", "high": "#5d656e", "medium": "#9ba2aa", "low": "#d3d7db"}

PAIRS = {
    PAPER: "#14171b",
    INK: "#e8e4dc",
    MUTED: "#a7adb5",
    LINE: "#33383f",
    PASS: "#56b4e9",
    WAIVED: "#e7a61a",
    FAIL: "#ee7733",
    BLIND: "#7c828a",
    PASS_2: "#3f87b3",
    PASS_3: "#2b5c7b",
    SEVERITY["critical"]: "#f4f0e8",
    SEVERITY["high"]: "#b4bac1",
    SEVERITY["medium"]: "#7b828b",
    SEVERITY["low"]: "#4a5058",
}
"""Light colour to dark colour; both ends contrast with their paper."""

FAINT = {
    PASS: ("#5d656e", "#b4bac1"),
    PASS_2: ("#8a9199", "#8a9199"),
    PASS_3: ("#b9bec4", "#5d656e"),
    WAIVED: ("#9ba2aa", "#969da5"),
    FAIL: ("#c9cdd2", "#7b828b"),
}
"""What the colours that mean something become in a chart that rests on incomplete tables: greys, (light, dark)."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"

Plot = dict[str, Any]


def measured(unit: str = "", **extra: Any) -> Plot:
    """An axis of numbers; `unit` is its title."""
    title = {"title": {"text": unit, "font": {"color": MUTED, "size": 11}}} if unit else {}
    axis = {"gridcolor": LINE, "zeroline": False, "tickfont": {"color": MUTED, "size": 11}}
    axis["tickformat"] = ",~f"
    return {**axis, **title, "automargin": True, "fixedrange": True, **extra}


def named(**extra: Any) -> Plot:
    """An axis of names, which may look like numbers or dates: it must not read them."""
    axis = {"type": "category", "showgrid": False, "gridcolor": LINE, "zeroline": False}
    look = {"linecolor": LINE, "tickfont": {"color": INK, "size": 12}}
    return {**axis, **look, "automargin": True, "fixedrange": True, **extra}


def upright(at: Any, line: Plot, panel: str = "") -> Plot:
    """A line across the whole height of a panel (`2` is the second) at `at`."""
    shape = {"type": "line", "x0": at, "x1": at, "xref": f"x{panel}"}
    return {**shape, "y0": 0, "y1": 1, "yref": f"y{panel} domain", "line": line}


def above(at: Any, text: str, font: Plot, **extra: Any) -> Plot:
    """A text over the plot at `at` of the horizontal axis."""
    place = {"x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}
    return {**place, "text": text, "font": font, **extra}


def framed(data: Sequence[Plot], *, top: int = 28, **layout: Any) -> Plot:
    """The chart of these traces, in the look of the page."""
    look = {
        "template": {},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": INK},
        "margin": {"l": 8, "r": 16, "t": top, "b": 8},
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": LINE, "font": {"color": INK}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "xanchor": "left",
            "yanchor": "bottom",
            "traceorder": "normal",
            "font": {"color": INK},
        },
        "separators": ".,",
        "hovermode": "closest",
    }
    return {"data": list(data), "layout": {**layout, **look}}
