"""Charts of columns: over instants, and over the same bins in several panels."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from pipeline.report.charts.style import (
    FAIL,
    INK,
    LINE,
    MUTED,
    PAPER,
    Plot,
    above,
    framed,
    measured,
    named,
    upright,
)

_DAY_S = 86_400.0
_HALF_DAY = timedelta(hours=12)
_GUTTER = 0.05


def columns_over_time(
    times: Sequence[datetime],
    series: Sequence[tuple[str, Sequence[float], str]],
    marks: Sequence[datetime],
    gaps: Sequence[datetime],
) -> Plot:
    """Stacked columns at instants; vertical ticks where the rule set changed, and where a night is missing."""
    stamps = [_stamp(time) for time in times]
    apart = [(b - a).total_seconds() for a, b in pairwise(times)]
    width_ms = min([*apart, _DAY_S]) * 0.7 * 1000
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": stamps,
            "y": list(values),
            "width": [width_ms] * len(stamps),
            "marker": {"color": colour, "line": {"color": PAPER, "width": 1}},
            "hovertemplate": "%{x}: %{y:,} " + name + "<extra></extra>",
        }
        for name, values, colour in series
    ]
    marked = [(_stamp(time), "rules changed, or how many were evaluated") for time in marks]
    marked += [(_stamp(time), "incomplete") for time in gaps]
    line, small = {"color": MUTED, "width": 1, "dash": "dot"}, {"size": 10, "color": MUTED}
    extra: Plot = {
        "shapes": [upright(stamp, line) for stamp, _ in marked],
        "annotations": [above(stamp, text, small, bgcolor=PAPER) for stamp, text in marked],
    }
    calendar = named(
        type="date", tickformat="%d %b\n%Y", tickfont={"color": MUTED, "size": 12}, linecolor=LINE
    )
    if 0 < len(stamps) < 8:
        calendar["tickvals"] = stamps
        # a week at least: two nights do not make two walls
        last = max(times[-1] + _HALF_DAY, times[0] - _HALF_DAY + timedelta(days=7))
        calendar["range"] = [_stamp(times[0] - _HALF_DAY), _stamp(last)]
    return framed(
        traces,
        barmode="stack",
        xaxis=calendar,
        yaxis=measured("open exceptions"),
        **(extra if marked else {}),
    )


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def histograms(
    panels: Sequence[tuple[str, Sequence[int], str, str]],
    bins: Sequence[str],
    lines: Sequence[float],
) -> Plot:
    """Small multiples over the same bins; a panel is (title, counts, colour, caption), `lines` their targets in bins."""
    target = {"color": FAIL, "width": 1.5, "dash": "dash"}
    width = (1 - _GUTTER * (len(panels) - 1)) / len(panels)
    traces, titles, shapes, axes = [], [], [], {}
    for place, ((title, counts, colour, caption), line) in enumerate(
        zip(panels, lines, strict=True)
    ):
        panel = "" if place == 0 else str(place + 1)
        left = place * (width + _GUTTER)
        traces.append(_panel(title, bins, counts, colour, panel))
        titles.append(_title(title, caption, left + width / 2))
        shapes.append(upright(line, target, panel))
        axes[f"xaxis{panel}"] = named(
            anchor=f"y{panel}",
            domain=[left, left + width],
            tickangle=-45,
            tickfont={"color": MUTED, "size": 10},
        )
        axes[f"yaxis{panel}"] = measured(
            anchor=f"x{panel}",
            domain=[0, 1],
            range=[0, max([*counts, 1]) * 1.18],
            showticklabels=False,
            showgrid=False,
        )
    layout = {"showlegend": False, "bargap": 0.15, "annotations": titles, "shapes": shapes}
    return framed(traces, top=48, **layout, **axes)


def _panel(title: str, bins: Sequence[str], counts: Sequence[int], colour: str, panel: str) -> Plot:
    return {
        "type": "bar",
        "x": list(bins),
        "y": list(counts),
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "marker": {"color": colour},
        "name": title,
        "text": [f"{count:,}" if count else "" for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _title(title: str, caption: str, centre: float) -> Plot:
    text = f"{title}<br><span style='font-size:11px'>{caption}</span>"
    place = {"xref": "paper", "xanchor": "center"}
    return above(centre, text, {"size": 12, "color": INK}, **place)
