"""How far each choice leads from the paper's curve: a dot for each, the default as a line."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from vaelib.errors import UserError
from vaelib.figures.checks import check_table
from vaelib.figures.theme import INK, PALETTE, WIDTH, new_figure

PANELS = {
    "mnist": ("AEVB, MNIST", "aevb"),
    "frey_face": ("AEVB, Frey Face", "aevb"),
    "wake_sleep": ("wake-sleep, MNIST", "wake_sleep"),
}
COLUMNS = ("matter", "choice", "base", "distance")


def distance_from_paper(table: pd.DataFrame) -> Figure:
    """The distance of every choice's test curve from the paper's.

    Args:
        table: from `studies.measured_deviations`; nats per datapoint.

    Raises:
        UserError: for a table without these columns, or without a row that can be drawn.
    """
    check_table(table, COLUMNS, figure="The figure of deviations")
    drawn = table[table["distance"].notna() & table["base"].isin(PANELS)]
    if drawn.empty:
        raise UserError("no choice has a distance from the paper's curve: compute reference runs")
    figure = new_figure(WIDTH, 3.6)
    bases = [base for base in PANELS if (drawn["base"] == base).any()]
    for column, base in enumerate(bases):
        title, algorithm = PANELS[base]
        rows = drawn[drawn["base"] == base].iloc[::-1]
        axes = figure.add_subplot(1, len(bases), column + 1)
        default = rows.loc[rows["matter"] == "Default", "distance"]
        if len(default):
            axes.axvline(default.iloc[0], color=INK, lw=0.8)
        labels = [
            f"{matter}: {choice}" if matter != "Default" else f"{choice}"
            for matter, choice in zip(rows["matter"], rows["choice"], strict=True)
        ]
        axes.plot(rows["distance"], range(len(rows)), "o", color=PALETTE[algorithm], markersize=4)
        axes.set_yticks(range(len(rows)), labels, fontsize=6)
        axes.set(title=title, xlabel="distance from the\npaper's curve (nats)")
        axes.set_xlim(left=0.0)
    return figure
