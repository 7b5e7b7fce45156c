"""Charts of dots: one a row on a capped axis, or many a row on a logarithmic one."""

import math
from collections.abc import Sequence

from pipeline.report.charts.style import (
    FAIL,
    INK,
    MUTED,
    PAPER,
    PASS,
    Plot,
    above,
    framed,
    measured,
    named,
    upright,
)

_SHORTEST_H = 0.1
_HOURS = {0.1: "6 min", 1: "1 h", 8: "8 h", 24: "1 d", 120: "5 d", 720: "30 d", 2160: "90 d"}


def dots(
    labels: Sequence[str],
    values: Sequence[float],
    hollow: Sequence[bool],
    notes: Sequence[str],
    *,
    limit: float,
    cap: float,
    unit: str,
) -> Plot:
    """A dot a row on a capped axis, hollow where marked, with the limit as a line and the number beyond the cap."""
    edges = [FAIL if value > limit else PASS for value in values]
    trace = {
        "type": "scatter",
        "x": [min(value, cap) for value in values],
        "y": list(labels),
        "mode": "markers+text",
        "text": [f" {value:,.0f}" if value > cap else "" for value in values],
        "textposition": "middle left",
        "customdata": list(notes),
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
        "marker": {
            "size": 10,
            "color": [PAPER if h else edge for h, edge in zip(hollow, edges, strict=True)],
            "line": {"width": 2, "color": edges},
        },
    }
    return framed(
        [trace],
        shapes=[upright(limit, {"color": INK, "width": 1, "dash": "dash"})],
        annotations=[above(limit, f"limit {limit:,.0f}", {"size": 11, "color": MUTED})],
        xaxis=measured(unit, range=[-cap * 0.02, cap * 1.03]),
        yaxis=named(showgrid=True),
    )


def strips(groups: Sequence[tuple[str, Sequence[float], Sequence[float]]], unit: str) -> Plot:
    """Decisions as dots on a logarithmic axis per group, what is still open as hollow dots; median and P90 as ticks."""
    decided = {"size": 7, "color": PASS, "opacity": 0.45}
    pending = {"size": 8, "color": PAPER, "line": {"color": FAIL, "width": 1.5}}
    ticks = {"size": 14, "color": INK, "line": {"width": 2, "color": INK}}
    traces: list[Plot] = []
    for name, done, waiting in groups:
        traces += [
            _strip(name, done, decided, hovertemplate="%{x:,.1f} h<extra></extra>"),
            _strip(name, waiting, pending, hovertemplate="pending for %{x:,.0f} h<extra></extra>"),
        ]
        for share, symbol in ((0.5, "line-ns"), (0.9, "diamond-tall")):
            value = quantile(done, share)
            if value is not None:
                traces.append(_strip(name, [value], {**ticks, "symbol": symbol}, hoverinfo="skip"))
    hours = measured(unit, type="log", tickvals=list(_HOURS), ticktext=list(_HOURS.values()))
    return framed(traces, xaxis=hours, yaxis=named(autorange="reversed", showgrid=True))


def _strip(name: str, hours: Sequence[float], marker: Plot, **extra: str) -> Plot:
    return {
        "type": "scatter",
        "x": [max(value, _SHORTEST_H) for value in hours],
        "y": [name] * len(hours),
        "mode": "markers",
        "showlegend": False,
        "marker": marker,
        **extra,
    }


def quantile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile; None of nothing."""
    if not values:
        return None
    return sorted(values)[math.ceil(len(values) * share) - 1]
