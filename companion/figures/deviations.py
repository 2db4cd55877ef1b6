"""How far each choice leads from the paper's curves: a dot for each, the default as a line."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from companion.drawing.inputs import check_table
from companion.figures.theme import INK, PALETTE, WIDTH, new_figure
from vaelib.errors import UserError

PANELS = {
    "mnist": ("MNIST\nAEVB", "aevb"),
    "wake_sleep": ("MNIST\nwake-sleep", "wake_sleep"),
    "mcem": ("MNIST\nMCEM", "mcem"),
    "frey_face": ("Frey Face\nAEVB", "aevb"),
}
_COLUMNS = ("matter", "choice", "base", "distance")
# A run that diverged is far off; the others would be one heap if the axis reached so far. Beyond
# so many times their median it is drawn as an arrow at the edge.
FAR = 5.0


def draw_distance_from_paper(table: pd.DataFrame) -> Figure:
    """The distance of every choice's curves from the paper's; an arrow for what is off the axis.

    Args:
        table: from `deviations.measured_deviations`; nats per datapoint.

    Raises:
        UserError: for a table without these columns, or without a row that can be drawn.
    """
    check_table(table, _COLUMNS, figure="The figure of deviations")
    drawn = table[table["distance"].notna()]
    if drawn.empty:
        raise UserError("no choice has a distance from the paper's curve: compute reference runs")
    names = drawn["choice"].where(
        drawn["matter"] == "Default", drawn["matter"] + ": " + drawn["choice"]
    )
    places = {name: place for place, name in enumerate(names.drop_duplicates())}
    bases = [base for base in PANELS if (drawn["base"] == base).any()]
    figure = new_figure(WIDTH, 0.9 + 0.21 * len(places))
    panels = figure.subplots(1, len(bases), sharey=True, squeeze=False)[0]
    for axes, base in zip(panels, bases, strict=True):
        title, algorithm = PANELS[base]
        rows = drawn[drawn["base"] == base]
        distance = rows["distance"].to_numpy()
        edge = 1.15 * distance[distance <= FAR * np.median(distance)].max()
        off = distance > edge
        y = np.array([places[name] for name in names[rows.index]])
        for default in distance[rows["matter"] == "Default"]:
            axes.axvline(default, color=INK, lw=0.8)
        style = {"color": PALETTE[algorithm], "linestyle": "", "clip_on": False}
        axes.plot(distance[~off], y[~off], marker="o", markersize=4, **style)
        if off.any():  # a line without points, not clipped, would be taken to lie far outside
            axes.plot(np.full(off.sum(), edge), y[off], marker=">", markersize=5, **style)
        axes.set_title(title, fontsize=8)
        axes.set(xlim=(0.0, edge), ylim=(len(places) - 0.5, -0.5))
    panels[0].set_yticks(list(places.values()), list(places), fontsize=7)
    figure.supxlabel("distance from the paper's curves (nats per datapoint)", fontsize=9)
    return figure
