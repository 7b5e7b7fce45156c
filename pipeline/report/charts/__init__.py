"""The charts of the reports, as the JSON that plotly.js draws.

A chart is written down as plotly.js documents it, without `plotly.graph_objects`: building and
validating figures there took a third of the time of a report. The tests validate every chart instead.
"""

from pipeline.report.charts.bars import concentration, stacked, waterfall
from pipeline.report.charts.columns import columns_over_time, histograms
from pipeline.report.charts.dots import dots, quantile, strips
from pipeline.report.charts.style import (
    BLIND,
    FAIL,
    FAINT,
    PAIRS,
    PASS,
    PASS_2,
    PASS_3,
    SEVERITY,
    WAIVED,
    Plot,
)

__all__ = [
    "BLIND",
    "FAIL",
    "FAINT",
    "PAIRS",
    "PASS",
    "PASS_2",
    "PASS_3",
    "SEVERITY",
    "WAIVED",
    "Plot",
    "columns_over_time",
    "concentration",
    "dots",
    "histograms",
    "quantile",
    "stacked",
    "strips",
    "waterfall",
]
