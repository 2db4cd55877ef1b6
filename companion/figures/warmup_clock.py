"""The paper's printed averages beside our own, by training samples: the clock of the warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.drawing.inputs import check_table
from companion.figures.theme import INK, LABELS, PALETTE, WIDTH, new_figure

_PRINTS = ("algorithm", "first", "second", "value", "slope")
_AVERAGES = ("algorithm", "minibatch_size", "seed", "training_samples", "average")
_PUBLISHED = ("algorithm", "training_samples", "value")
UNTIL = 1.5e6
STYLES = ("-", (0, (1.0, 1.0)), "-.", "--")


def draw_warmup_clock(
    prints: pd.DataFrame, averages: pd.DataFrame, published: pd.DataFrame
) -> Figure:
    """Where a printed curve begins, and where our running average is as high: a panel each.

    Args:
        prints: rows of `warmup_clock.first_prints`, one for each algorithm.
        averages: columns algorithm, minibatch_size, seed, training_samples, average (nats per
            datapoint).
        published: the paper's training curves of these panels, from `paper_curves.digitised`.

    Raises:
        UserError: for a table without these columns, or without rows.
    """
    check_table(prints, _PRINTS, figure="The clock's prints")
    check_table(averages, _AVERAGES, figure="The clock's averages")
    check_table(published, _PUBLISHED, figure="The clock's curves")
    figure = new_figure(WIDTH, 3.0)
    panels = figure.subplots(1, len(prints), sharey=True, squeeze=False)[0]
    for axes, (_, row) in zip(panels, prints.iterrows(), strict=True):
        algorithm = str(row["algorithm"])
        _draw_ours(axes, averages[averages["algorithm"] == algorithm], PALETTE[algorithm])
        theirs = published[published["algorithm"] == algorithm]
        theirs = theirs[theirs["training_samples"] <= UNTIL]
        colour = PALETTE["paper"]
        axes.plot(theirs["training_samples"], theirs["value"], ".", color=colour, label="the paper")
        corners = np.array([row["first"], row["second"]])
        line = row["value"] + row["slope"] * np.log10(corners / row["first"])
        axes.plot(corners, line, "-", color=colour, lw=1.0)
        axes.plot(corners, line, "o", color=INK, mfc="white", markersize=6, label="prints")
        axes.set_xscale("log")
        axes.set(title=LABELS[algorithm], xlim=(1e4, UNTIL), xlabel="training samples evaluated")
    panels[0].set_ylabel("bound of the minibatches,\naveraged (nats per datapoint)")
    panels[0].legend(loc="lower right")
    return figure


def _draw_ours(axes: Axes, averages: pd.DataFrame, colour: str) -> None:
    by_size = reversed(list(averages.groupby("minibatch_size")))
    for style, (size, of_size) in zip(STYLES, by_size, strict=False):
        label = f"ours, $M = {size}$"
        for _, one in of_size.groupby("seed"):
            axes.plot(
                one["training_samples"], one["average"], ls=style, color=colour, lw=1.0, label=label
            )
            label = "_again"
