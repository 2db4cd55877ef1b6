"""What the rule for the stepsize sees against what comes of it."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from companion.drawing.inputs import check_table
from companion.figures.theme import GREY, INK, PALETTE, VERMILION, WIDTH, new_figure
from companion.wording import significant

_COLUMNS = ("label", "algorithm", "seed", "samples", "seen", "reached")
LINEAR_WITHIN = 1.0  # nats: between plus and minus this the axes are linear
_MARKERS = "os^Dv"


def draw_stepsize_rule(table: pd.DataFrame) -> Figure:
    """A line for each run, from its first number of samples to its last, where the marker is.

    Where the page is tinted the rule takes the stepsize that is behind then.

    Args:
        table: from `stepsize_rule.rule_and_outcome`; leads in nats per datapoint.

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(table, _COLUMNS, figure="The stepsize rule")
    figure = new_figure(WIDTH, 4.0)
    axes = figure.subplots()
    for (label, algorithm), of_label in table.groupby(["label", "algorithm"], sort=False):
        colour = PALETTE[str(algorithm)]
        marker = _MARKERS[list(table["label"].unique()).index(label) % len(_MARKERS)]
        for _, run in of_label.groupby("seed"):
            run = run.sort_values("samples")
            axes.plot(run["seen"], run["reached"], color=colour, lw=1.0)
            axes.plot(run["seen"].iloc[-1:], run["reached"].iloc[-1:], marker, color=colour)
        axes.plot([], [], marker, color=colour, label=label)
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.axvline(0.0, color=INK, lw=0.8)
    axes.set_xscale("symlog", linthresh=LINEAR_WITHIN)
    axes.set_yscale("symlog", linthresh=LINEAR_WITHIN)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: significant(value)))
    axes.margins(0.08)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    left, low = min(left, -LINEAR_WITHIN), min(low, -LINEAR_WITHIN)
    right, high = max(right, LINEAR_WITHIN), max(high, LINEAR_WITHIN)
    for x, y in (((left, 0.0), (0.0, high)), ((0.0, right), (low, 0.0))):
        axes.fill_between(x, *y, color=VERMILION, alpha=0.08, lw=0)
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.annotate(
        "the rule takes 0.01", (0.01, 0.98), xycoords="axes fraction", va="top", color=GREY
    )
    axes.annotate(
        "the rule takes 0.02", (0.99, 0.02), xycoords="axes fraction", ha="right", color=GREY
    )
    axes.set_xlabel("lead of 0.02 over 0.01 in updates 200 to 250 (nats per datapoint)")
    axes.set_ylabel("its lead later\n(nats per datapoint)")
    figure.legend(loc="outside upper center", ncols=3)
    return figure
