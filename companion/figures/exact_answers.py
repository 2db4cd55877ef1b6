"""The linear-Gaussian model drawn: what is estimated or learned against what is known exactly."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.drawing.inputs import check_table, check_values
from companion.figures.theme import BLUE, GREY, INK, LABELS, MARKERS, PALETTE, WIDTH, new_figure


def draw_gap_and_kl(table: pd.DataFrame) -> Figure:
    """Eq. 1 with many wrong encoders: the gap of the bound against the KL to the exact posterior.

    Args:
        table: from `linear_gaussian.gap_and_kl`; columns gap and kl (nats per datapoint, positive).

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(table, ("gap", "kl"), figure="the gap of the bound")
    figure = new_figure(4.0, 3.7)
    axes = figure.add_subplot()
    ends = (table["kl"].min() / 3, table["kl"].max() * 3)
    axes.plot(ends, ends, color=GREY, lw=1)
    axes.plot(table["kl"], table["gap"], "o", color=BLUE, markeredgecolor="white", mew=0.4)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
    axes.set_xlabel(r"$D_{KL}(q_\phi(z|x)\,\|\,p_\theta(z|x))$ (nats per datapoint)")
    axes.set_ylabel(r"$\log\,p_\theta(x) - \mathcal{L}$ (nats per datapoint)")
    return figure


def draw_convergence(table: pd.DataFrame, *, halfway: Mapping[str, float] | None = None) -> Figure:
    """Each algorithm's distance from the exact maximum of the likelihood, a line for each start.

    The points are the medians over the starts.

    Args:
        table: from `linear_gaussian.linear_gaussian_fits`; columns algorithm ("aevb",
            "wake_sleep" or "mcem"), start, training_samples, gap (nats per datapoint, positive).
        halfway: by algorithm, the gap of its resting place (`linear_gaussian.halfway`), a dashed
            line.

    Raises:
        UserError: for a table without these columns or rows, or with another algorithm.
    """
    what = "the convergence to the exact maximum"
    check_table(table, ("algorithm", "start", "training_samples", "gap"), figure=what)
    check_values(table, "algorithm", MARKERS, figure=what)
    shown = [name for name in MARKERS if name in set(table["algorithm"])]
    figure = new_figure(WIDTH, 2.8)
    first: Axes | None = None
    for place, name in enumerate(shown, start=1):
        axes = figure.add_subplot(1, len(shown), place, sharex=first, sharey=first)
        rows = table[table["algorithm"] == name]
        for _, start in rows.groupby("start"):
            axes.plot(
                start["training_samples"], start["gap"], color=PALETTE[name], lw=0.7, alpha=0.45
            )
        median = rows.groupby("training_samples")["gap"].median()
        axes.plot(median, color=INK, lw=0, marker=MARKERS[name], markersize=3)
        if halfway and name in halfway:
            axes.axhline(halfway[name], color=INK, lw=0.8, ls=(0, (4, 2)))
        axes.set(xscale="log", yscale="log", title=LABELS[name])
        axes.tick_params(labelleft=place == 1)
        first = first or axes
    figure.supxlabel("training samples evaluated, by one start", fontsize=9)
    figure.axes[0].set_ylabel(r"below the largest $\log\,p_\theta(x)$" "\n(nats per datapoint)")
    return figure
