"""Plotly figures as JSON. Colours are those of the light theme; the page swaps each for its pair in the dark."""

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

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

_INSIDE = {PASS: PAPER, FAIL: "#000000", WAIVED: "#000000"}
"""Text on a bar: what contrasts with it in both themes (black has no pair)."""

_PERCENT = ["0 %", "25 %", "50 %", "75 %", "100 %"]

Plot = dict[str, Any]


def stacked(
    labels: Sequence[Any],
    series: Sequence[tuple[str, Sequence[float], str, str]],
    *,
    horizontal: bool = False,
    share: bool = False,
    unit: str = "",
    totals: Sequence[str] = (),
) -> Plot:
    """Bars on one baseline; a series is (name, values, colour, pattern). With `share`, each bar fills 100 %."""
    figure = go.Figure()
    sums = [sum(values[i] for _, values, _, _ in series) or 1 for i in range(len(labels))]
    for name, values, colour, pattern in series:
        lengths = (
            [100 * v / s for v, s in zip(values, sums, strict=True)] if share else list(values)
        )
        outlined = pattern == "outline"
        figure.add_bar(
            name=name,
            x=lengths if horizontal else list(labels),
            y=list(labels) if horizontal else lengths,
            orientation="h" if horizontal else "v",
            customdata=list(values),
            marker={
                "color": PAPER if outlined else colour,
                "line": {"color": colour if outlined else PAPER, "width": 1},
                "pattern": {
                    "shape": "" if outlined else pattern,
                    "fillmode": "overlay",
                    "fgcolor": PAPER,
                    "fgopacity": 1,
                    "size": 6,
                },
            },
            text=[f"{v:,.0f}" if v else "" for v in values] if share else None,
            textposition="inside",
            insidetextanchor="middle",
            insidetextfont={"color": _INSIDE.get(colour, INK)},
            textangle=0,
            constraintext="inside",
            hovertemplate="%{customdata:,} " + name.lower() + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.28)
    _axes(figure, unit, horizontal)
    if share:
        figure.update_xaxes(range=[0, 108], tickvals=[0, 25, 50, 75, 100], ticktext=_PERCENT)
        for label, total in zip(labels, totals, strict=True):
            figure.add_annotation(
                x=101, y=label, text=total, showarrow=False, xanchor="left", font={"color": MUTED}
            )
    return _done(figure)


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
    texts = [
        f"{v:,}" if k == "end" else f"{v:+,}".replace("-", "\N{MINUS SIGN}") if v else "±0"
        for v, k in zip(values, kinds, strict=True)
    ]
    figure = go.Figure(
        go.Bar(
            x=list(labels),
            y=[0 if kind == "end" else abs(v) for v, kind in zip(values, kinds, strict=True)],
            base=starts,
            marker={"color": [colours.get(kind, INK) for kind in kinds]},
            text=["" if kind == "end" else text for text, kind in zip(texts, kinds, strict=True)],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    ends = [i for i, kind in enumerate(kinds) if kind == "end"]
    figure.add_scatter(
        x=[labels[i] for i in ends],
        y=[values[i] for i in ends],
        mode="markers",
        marker={"symbol": "line-ew", "size": 64, "line": {"width": 4, "color": INK}},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[labels[i] for i in ends],
        y=[values[i] for i in ends],
        mode="text",
        text=[texts[i] for i in ends],
        textposition="top center",
        hoverinfo="skip",
    )
    figure.update_layout(bargap=0.5, showlegend=False)
    _axes(figure, f"open exceptions (axis starts at {max(low - room, 0):,.0f})", horizontal=False)
    figure.update_yaxes(range=[max(low - room, 0), high + room])
    return _done(figure)


def columns_over_time(
    times: Sequence[datetime],
    series: Sequence[tuple[str, Sequence[float], str]],
    marks: Sequence[datetime],
    gaps: Sequence[datetime],
) -> Plot:
    """Stacked columns at instants; vertical ticks where the rule set changed, and where a night is missing."""
    figure = go.Figure()
    stamps = [f"{time:%Y-%m-%d %H:%M}" for time in times]
    apart = [(b - a).total_seconds() for a, b in pairwise(times)]
    width = min([*apart, 86400.0]) * 0.7 * 1000
    for name, values, colour in series:
        figure.add_bar(
            name=name,
            x=stamps,
            y=list(values),
            width=[width] * len(stamps),
            marker={"color": colour, "line": {"color": PAPER, "width": 1}},
            hovertemplate="%{x}: %{y:,} " + name + "<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    _axes(figure, "open exceptions", horizontal=False)
    edge = {"color": PAPER}
    figure.update_xaxes(
        type="date", tickformat="%d %b\n%Y", tickfont={"color": MUTED}, linecolor=LINE
    )
    if len(stamps) < 8:
        figure.update_xaxes(tickvals=stamps)
    for times_marked, text in ((marks, "rules changed"), (gaps, "incomplete")):
        for time in times_marked:
            figure.add_vline(
                x=f"{time:%Y-%m-%d %H:%M}", line={"color": MUTED, "width": 1, "dash": "dot"}
            )
            figure.add_annotation(
                x=f"{time:%Y-%m-%d %H:%M}",
                y=1,
                yref="paper",
                text=text,
                showarrow=False,
                yanchor="bottom",
                font={"size": 10, "color": MUTED},
                bgcolor=edge["color"],
            )
    return _done(figure)


def histograms(
    panels: Sequence[tuple[str, Sequence[int], str, str]],
    bins: Sequence[str],
    lines: Sequence[float],
) -> Plot:
    """Small multiples over the same bins; a panel is (title, counts, colour, caption), `lines` their targets in bins."""
    figure = make_subplots(
        rows=1,
        cols=len(panels),
        shared_yaxes=False,
        horizontal_spacing=0.05,
        subplot_titles=[
            f"{title}<br><span style='font-size:11px'>{caption}</span>"
            for title, _, _, caption in panels
        ],
    )
    for number, ((title, counts, colour, _), line) in enumerate(zip(panels, lines, strict=True), 1):
        figure.add_bar(
            x=list(bins),
            y=list(counts),
            marker={"color": colour},
            row=1,
            col=number,
            name=title,
            text=[f"{c:,}" if c else "" for c in counts],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
        figure.add_vline(
            x=line, line={"color": FAIL, "width": 1.5, "dash": "dash"}, row=1, col=number
        )
        figure.update_yaxes(range=[0, max([*counts, 1]) * 1.18], row=1, col=number)
    figure.update_layout(showlegend=False, bargap=0.15)
    _axes(figure, "", horizontal=False)
    figure.update_xaxes(tickangle=-45, tickfont={"size": 10, "color": MUTED})
    figure.update_yaxes(showticklabels=False, showgrid=False)
    figure.update_annotations(font={"size": 12, "color": INK})
    return _done(figure, top=48)


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
    figure = go.Figure(
        go.Scatter(
            x=[min(value, cap) for value in values],
            y=list(labels),
            mode="markers+text",
            text=[f" {value:,.0f}" if value > cap else "" for value in values],
            textposition="middle left",
            customdata=list(notes),
            hovertemplate="%{y}: %{customdata}<extra></extra>",
            marker={
                "size": 10,
                "color": [
                    PAPER if empty else (FAIL if value > limit else PASS)
                    for value, empty in zip(values, hollow, strict=True)
                ],
                "line": {"width": 2, "color": [FAIL if v > limit else PASS for v in values]},
            },
        )
    )
    figure.add_vline(x=limit, line={"color": INK, "width": 1, "dash": "dash"})
    figure.add_annotation(
        x=limit,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"limit {limit:,.0f}",
        showarrow=False,
        font={"size": 11, "color": MUTED},
    )
    _axes(figure, unit, horizontal=True)
    figure.update_xaxes(range=[-cap * 0.02, cap * 1.03])
    figure.update_yaxes(showgrid=True)
    return _done(figure)


def strips(groups: Sequence[tuple[str, Sequence[float], Sequence[float]]], unit: str) -> Plot:
    """Decisions as dots on a logarithmic axis per group, what is still open as hollow dots; median and P90 as ticks."""
    figure = go.Figure()
    for name, done, waiting in groups:
        figure.add_scatter(
            x=[max(v, 0.1) for v in done],
            y=[name] * len(done),
            mode="markers",
            showlegend=False,
            marker={"size": 7, "color": PASS, "opacity": 0.45},
            hovertemplate="%{x:,.1f} h<extra></extra>",
        )
        figure.add_scatter(
            x=[max(v, 0.1) for v in waiting],
            y=[name] * len(waiting),
            mode="markers",
            showlegend=False,
            marker={"size": 8, "color": PAPER, "line": {"color": FAIL, "width": 1.5}},
            hovertemplate="pending for %{x:,.0f} h<extra></extra>",
        )
        for value, symbol in (
            (quantile(done, 0.5), "line-ns"),
            (quantile(done, 0.9), "diamond-tall"),
        ):
            if value is not None:
                figure.add_scatter(
                    x=[max(value, 0.1)],
                    y=[name],
                    mode="markers",
                    showlegend=False,
                    hoverinfo="skip",
                    marker={
                        "size": 14,
                        "symbol": symbol,
                        "color": INK,
                        "line": {"width": 2, "color": INK},
                    },
                )
    _axes(figure, unit, horizontal=True)
    figure.update_xaxes(
        type="log",
        tickvals=[0.1, 1, 8, 24, 120, 720, 2160],
        ticktext=["6 min", "1 h", "8 h", "1 d", "5 d", "30 d", "90 d"],
    )
    figure.update_yaxes(autorange="reversed", showgrid=True)
    return _done(figure)


def concentration(labels: Sequence[str], counts: Sequence[int], total: int) -> Plot:
    """Sorted bars and their running sum, both as a share of `total` on one axis."""
    shares = [100 * count / total for count in counts]
    running = [sum(shares[: i + 1]) for i in range(len(shares))]
    figure = go.Figure(
        go.Bar(
            x=list(labels),
            y=shares,
            name="objects of this owner",
            marker={"color": PASS},
            text=[f"{count:,}" for count in counts],
            textposition="outside",
            cliponaxis=False,
            customdata=list(counts),
            hovertemplate="%{x}: %{customdata:,} objects<extra></extra>",
        )
    )
    figure.add_scatter(
        x=list(labels),
        y=running,
        mode="lines+markers",
        name="running share",
        line={"color": INK, "width": 1.5},
        marker={"size": 5, "color": INK},
        hovertemplate="%{y:.1f} %<extra></extra>",
    )
    _axes(figure, "share of owned objects", horizontal=False)
    top = next(edge for edge in (20, 40, 60, 80, 101) if edge >= max(running, default=0))
    figure.update_yaxes(
        range=[0, top * 1.06],
        tickvals=[top * part // 4 for part in range(5)],
        ticktext=[f"{top * part // 4} %" for part in range(5)],
    )
    figure.update_xaxes(tickangle=-45)
    return _done(figure)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile; None of nothing."""
    if not values:
        return None
    return sorted(values)[math.ceil(len(values) * share) - 1]


def _axes(figure: Any, unit: str, horizontal: bool) -> None:
    grid = {"gridcolor": LINE, "zeroline": False, "tickfont": {"color": MUTED, "size": 11}}
    # names may look like numbers or dates: the axis must not read them
    bare = {
        "type": "category", "showgrid": False, "zeroline": False, "linecolor": LINE,
        "tickfont": {"color": INK, "size": 12},
    }  # fmt: skip
    title = {"title": {"text": unit, "font": {"color": MUTED, "size": 11}}} if unit else {}
    figure.update_xaxes(
        **({**grid, **title} if horizontal else bare), automargin=True, fixedrange=True
    )
    figure.update_yaxes(
        **(bare if horizontal else {**grid, **title}), automargin=True, fixedrange=True
    )


def _done(figure: Any, top: int = 28) -> Plot:
    figure.update_layout(
        template=go.layout.Template(),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 12, "color": INK},
        margin={"l": 8, "r": 16, "t": top, "b": 8},
        hoverlabel={"bgcolor": PAPER, "bordercolor": LINE, "font": {"color": INK}},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "xanchor": "left",
            "yanchor": "bottom",
            "traceorder": "normal",
            "font": {"color": INK},
        },
        separators=".,",
        hovermode="closest",
    )
    plot: Plot = figure.to_plotly_json()
    plot["layout"]["template"] = {}
    return plot
