"""Charts of bars: stacked on one baseline, steps between two levels, shares with their running sum."""

from collections.abc import Sequence
from typing import Any

from pipeline.report.charts.style import (
    BLIND,
    FAIL,
    INK,
    MUTED,
    PAPER,
    PASS,
    WAIVED,
    Plot,
    framed,
    measured,
    named,
)

Series = tuple[str, Sequence[float], str, str]
"""Name, values, colour and pattern of the stripes (`outline`: only its edge is drawn)."""

_INSIDE = {PASS: PAPER, FAIL: "#000000", WAIVED: "#000000"}
"""Text on a bar: what contrasts with it in both themes (black has no pair)."""

_PERCENT = {
    "range": [0, 108],
    "tickvals": [0, 25, 50, 75, 100],
    "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
}


def stacked(
    labels: Sequence[Any],
    series: Sequence[Series],
    *,
    horizontal: bool = False,
    share: bool = False,
    unit: str = "",
    totals: Sequence[str] = (),
) -> Plot:
    """Bars on one baseline; with `share`, each bar fills 100 % and `totals` stand at the ends."""
    sums = [sum(values[i] for _, values, _, _ in series) or 1 for i in range(len(labels))]
    traces = []
    for name, values, colour, pattern in series:
        lengths = (
            [100 * v / s for v, s in zip(values, sums, strict=True)] if share else list(values)
        )
        trace = {
            "type": "bar",
            "name": name,
            "x": lengths if horizontal else list(labels),
            "y": list(labels) if horizontal else lengths,
            "orientation": "h" if horizontal else "v",
            "customdata": list(values),
            "marker": _marker(colour, pattern),
            "textposition": "inside",
            "insidetextanchor": "middle",
            "insidetextfont": {"color": _INSIDE.get(colour, INK)},
            "textangle": 0,
            "constraintext": "inside",
            "hovertemplate": "%{customdata:,} " + name.lower() + "<extra></extra>",
        }
        if share:
            trace["text"] = [f"{v:,.0f}" if v else "" for v in values]
        traces.append(trace)
    numbers, names = measured(unit, **(_PERCENT if share else {})), named()
    layout: Plot = {"barmode": "stack", "bargap": 0.28}
    layout["xaxis"], layout["yaxis"] = (numbers, names) if horizontal else (names, numbers)
    if share:
        layout["uniformtext"] = {"minsize": 10, "mode": "hide"}
    if totals:
        end = {"x": 101, "xanchor": "left", "showarrow": False, "font": {"color": MUTED}}
        layout["annotations"] = [
            {**end, "y": label, "text": total} for label, total in zip(labels, totals, strict=True)
        ]
    return framed(traces, **layout)


def _marker(colour: str, pattern: str) -> Plot:
    outlined = pattern == "outline"
    return {
        "color": PAPER if outlined else colour,
        "line": {"color": colour if outlined else PAPER, "width": 1},
        "pattern": {
            "shape": "" if outlined else pattern,
            "fillmode": "overlay",
            "fgcolor": PAPER,
            "fgopacity": 1,
            "size": 6,
        },
    }


def waterfall(labels: Sequence[str], values: Sequence[int], kinds: Sequence[str]) -> Plot:
    """Steps between two ends; a kind is end, worse, better or scope.

    The axis shows the range of the steps, not zero: so the ends are levels, not bars.
    """
    colours = {"worse": FAIL, "better": PASS, "scope": BLIND}
    level, starts, levels = 0, [], []
    for value, kind in zip(values, kinds, strict=True):
        after = value if kind == "end" else level + value
        starts.append(after if kind == "end" else min(level, after))
        level = after
        levels.append(level)
    low, high = min(starts), max(levels)
    room = max((high - low) * 0.25, 1)
    bottom = max(low - room, 0)
    steps = {
        "type": "bar",
        "x": list(labels),
        "y": [0 if kind == "end" else abs(v) for v, kind in zip(values, kinds, strict=True)],
        "base": starts,
        "marker": {"color": [colours.get(kind, INK) for kind in kinds]},
        "text": ["" if k == "end" else _step(v) for v, k in zip(values, kinds, strict=True)],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    ends = [i for i, kind in enumerate(kinds) if kind == "end"]
    place = {
        "type": "scatter",
        "x": [labels[i] for i in ends],
        "y": [values[i] for i in ends],
        "hoverinfo": "skip",
    }
    line = {"symbol": "line-ew", "size": 64, "line": {"width": 4, "color": INK}}
    numbers = [f"{values[i]:,}<br> " for i in ends]
    return framed(
        [
            steps,
            {**place, "mode": "markers", "marker": line},
            {**place, "mode": "text", "text": numbers, "textposition": "top center"},
        ],
        bargap=0.5,
        showlegend=False,
        xaxis=named(),
        yaxis=measured(
            f"open exceptions (axis starts at {bottom:,.0f})", range=[bottom, high + room]
        ),
    )


def _step(value: int) -> str:
    return f"{value:+,}".replace("-", "\N{MINUS SIGN}") if value else "±0"


def concentration(labels: Sequence[str], counts: Sequence[int], total: int) -> Plot:
    """Sorted bars and their running sum, both as a share of `total` on one axis."""
    shares = [100 * count / total for count in counts]
    running = [sum(shares[: i + 1]) for i in range(len(shares))]
    bars = {
        "type": "bar",
        "x": list(labels),
        "y": shares,
        "name": "objects of this owner",
        "marker": {"color": PASS},
        "text": [f"{count:,}" for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": list(counts),
        "hovertemplate": "%{x}: %{customdata:,} objects<extra></extra>",
    }
    line = {
        "type": "scatter",
        "x": list(labels),
        "y": running,
        "mode": "lines+markers",
        "name": "running share",
        "line": {"color": INK, "width": 1.5},
        "marker": {"size": 5, "color": INK},
        "hovertemplate": "%{y:.1f} %<extra></extra>",
    }
    top = next(edge for edge in (20, 40, 60, 80, 101) if edge >= max(running, default=0))
    ticks = [top * part // 4 for part in range(5)]
    numbers = measured(
        "share of owned objects",
        range=[0, top * 1.06],
        tickvals=ticks,
        ticktext=[f"{tick} %" for tick in ticks],
    )
    return framed([bars, line], xaxis=named(tickangle=-45), yaxis=numbers)
