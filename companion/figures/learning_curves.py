"""Figures 2 and 3: the paper's learning curves in grey, and ours over them in two readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from companion.drawing.inputs import check_table, check_values
from companion.experiments import paper_curves
from companion.experiments.paper_grid import FIGURE3_N_TRAIN, FREY_LATENT, MNIST_LATENT
from companion.experiments.readings import Reading
from companion.figures.curve_panel import TEXT, Range, draw_panel, legend_handles, limits
from companion.figures.theme import INK, LINESTYLES, MARKERS, READING_STYLES, new_figure
from vaelib.checks.limits import Count, checked
from vaelib.errors import UserError

_COLUMNS = ("training_samples", "split", "value", "dataset", "algorithm", "n_latent", "n_train")
# The paper's data set for which each data set, itself or standing in, is used.
REAL_DATASET = {
    "mnist": "mnist",
    "mnist_5k": "mnist",
    "frey_face": "frey_face",
    "cartoon_face": "frey_face",
}
DATASET_TITLES = {
    "mnist": "MNIST",
    "mnist_5k": "MNIST-5k",
    "frey_face": "Frey Face",
    "cartoon_face": "Cartoon Face",
}
FIGURE2_LATENT = {"mnist": MNIST_LATENT, "frey_face": FREY_LATENT}
FIGURE2_RANGE = {"mnist": Range(-160, -95, -200), "frey_face": Range(400, 1600, 0)}
FIGURE3_RANGE = Range(-165, -105, -200)
_SAMPLES = "training samples evaluated, in millions"
NARROW = 4.6  # inches: on a phone it is shown as wide as it is


def draw_figure2(
    table: pd.DataFrame, *, of_reading: Mapping[Reading, pd.DataFrame] | None = None
) -> Figure:
    """Fig. 2: the lower bound on test data while training, AEVB against wake-sleep, nine panels.

    A value of `table` below a panel's axis is not hidden: a triangle at the edge marks it. The
    figure is narrow, so that its text can be read on a phone.

    Args:
        table: from `runs.curves`, the reader's runs; columns training_samples, split, value (nats
            per datapoint), dataset, algorithm, n_latent, n_train. Of several seeds the lowest is
            drawn, with a band from the lowest value to the highest for the reference runs.
        of_reading: the reference runs in each reading, in the same columns; there may be none.

    Raises:
        UserError: for a table without these columns or rows, with a run that no panel shows, or a
            reading that there is not.
    """
    ours = _checked(table, "Fig. 2", measure="lower_bound").query("split == 'test'")
    earlier = _carried(of_reading, ours, "Fig. 2", "lower_bound")
    tested = {reading: curves.query("split == 'test'") for reading, curves in earlier.items()}
    published = paper_curves.digitised("figure2").query("split == 'test'")
    figure = new_figure(NARROW, 9.0)
    grid = figure.add_gridspec(5, 2)
    below = False
    place = 0
    for real, latent in FIGURE2_LATENT.items():
        mine, past = ours[_of(ours, real)], {r: c[_of(c, real)] for r, c in tested.items()}
        shown = [mine, *past.values()]
        title = f"Fig. 2 for {DATASET_TITLES[real]}"
        check_values(pd.concat(shown), "n_latent", latent, figure=title)
        y_limits = limits(shown, FIGURE2_RANGE[real])
        below |= bool((mine["value"] < y_limits[0]).any())
        first: Axes | None = None
        for n_latent in latent:
            row, column = divmod(place, 2)
            axes = figure.add_subplot(grid[row, column], sharex=first, sharey=first)
            draw_panel(
                axes,
                published=published.query("dataset == @real and n_latent == @n_latent"),
                of_reading={r: c[c["n_latent"] == n_latent] for r, c in past.items()},
                own=mine[mine["n_latent"] == n_latent],
                y_limits=y_limits,
            )
            axes.set_title(f"{_name(mine, real)}, $N_z = {n_latent}$", fontsize=TEXT + 1)
            axes.tick_params(labelleft=column == 0)
            first = first or axes
            place += 1
        place += place % 2
    figure.supxlabel(_SAMPLES, fontsize=TEXT, color=INK)
    figure.supylabel("lower bound $\\mathcal{L}$ (nats per datapoint), test set", fontsize=TEXT)
    corner = figure.add_subplot(grid[2, 1])
    corner.axis("off")
    handles = _legend(("aevb", "wake_sleep"), tested, below=below, stand_in=_stand_in(ours))
    corner.legend(handles=handles, loc="center", fontsize=TEXT, labelspacing=0.25)
    return figure


def draw_figure3(
    table: pd.DataFrame, *, of_reading: Mapping[Reading, pd.DataFrame] | None = None
) -> Figure:
    """Fig. 3: the estimated marginal log-likelihood while training, three algorithms.

    Left N_train = 1000, right N_train = 50000; above the training set, below the test set. The
    paper's axis of samples is linear; this one is logarithmic, so that the first can be seen.

    Args:
        table: as for `draw_figure2`, with the measure "marginal_log_likelihood".
        of_reading: as for `draw_figure2`.

    Raises:
        UserError: for a table without these columns or rows, not of MNIST, or a reading that there
            is not.
    """
    measure = "marginal_log_likelihood"
    ours = _checked(table, "Fig. 3", measure)
    earlier = _carried(of_reading, ours, "Fig. 3", measure)
    check_values(ours, "dataset", ("mnist", "mnist_5k"), figure="Fig. 3")
    published = paper_curves.digitised("figure3")
    y_limits = limits([ours, *earlier.values()], FIGURE3_RANGE)
    figure = new_figure(NARROW, 5.4)
    first: Axes | None = None
    for row, (split, words) in enumerate((("train", "training set"), ("test", "test set"))):
        for column, n_train in enumerate(FIGURE3_N_TRAIN):
            theirs, mine, *past = (
                of_figure3(curves, n_train, split)
                for curves in (published, ours, *earlier.values())
            )
            axes = figure.add_subplot(2, 2, 2 * row + column + 1, sharex=first, sharey=first)
            draw_panel(
                axes,
                published=theirs,
                of_reading=dict(zip(earlier, past, strict=True)),
                own=mine,
                y_limits=y_limits,
            )
            size = n_train if mine.empty else int(mine["n_train"].max())
            axes.set_title(f"{_name(mine, 'mnist')}, {size} points,\n{words}", fontsize=TEXT + 1)
            axes.tick_params(labelleft=column == 0)
            first = first or axes
    figure.supxlabel(_SAMPLES, fontsize=TEXT, color=INK)
    figure.supylabel("marginal log-likelihood (nats per datapoint)", fontsize=TEXT)
    below = bool((ours["value"] < y_limits[0]).any())
    figure.legend(
        handles=_legend(tuple(MARKERS), earlier, below=below, stand_in=_stand_in(ours)),
        loc="outside upper center",
        fontsize=TEXT,
        ncols=3,
    )
    return figure


def _legend(
    algorithms: Sequence[str],
    of_reading: Mapping[Reading, pd.DataFrame],
    *,
    below: bool,
    stand_in: bool,
) -> list[Line2D | Patch]:
    return legend_handles(
        algorithms,
        readings=list(of_reading),
        bands=any(curves["seed"].nunique() > 1 for curves in of_reading.values()),
        below=below,
        stand_in=stand_in,
    )


def _of(curves: pd.DataFrame, real: str) -> pd.Series[bool]:
    return curves["dataset"].map(REAL_DATASET) == real


@checked
def of_figure3(curves: pd.DataFrame, n_train: Count, split: str) -> pd.DataFrame:
    """The curves of one panel of Fig. 3.

    A stand-in has fewer than 50000 points: any other size than 1000 is the right panel's.
    """
    small = FIGURE3_N_TRAIN[0]
    on_its_side = (curves["n_train"] == small) == (n_train == small)
    return curves[on_its_side & (curves["split"] == split)]


def _checked(table: pd.DataFrame, figure: str, measure: str) -> pd.DataFrame:
    """The table, with a seed and in a fixed order.

    Raises:
        UserError: if the figure cannot show all of it.
    """
    check_table(table, _COLUMNS, figure=figure)
    check_values(table, "dataset", REAL_DATASET, figure=figure)
    check_values(table, "algorithm", MARKERS, figure=figure)
    check_values(table, "split", LINESTYLES, figure=figure)
    if "measure" in table and set(table["measure"]) != {measure}:
        raise UserError(
            f"{figure} shows the {measure}, but the table holds "
            f"{', '.join(sorted(set(table['measure'])))}: pass the runs of that figure"
        )
    seed = table.get("seed", 0)
    return table.assign(seed=seed).sort_values("training_samples", kind="stable")


def _carried(
    of_reading: Mapping[Reading, pd.DataFrame] | None,
    ours: pd.DataFrame,
    figure: str,
    measure: str,
) -> dict[Reading, pd.DataFrame]:
    """The reference runs of each reading of which there are any, in the order of the legend."""
    given = of_reading or {}
    check_values(pd.DataFrame({"reading": list(given)}), "reading", READING_STYLES, figure=figure)
    return {
        reading: _checked(given[reading], figure, measure)
        for reading in get_args(Reading)[::-1]
        if reading in given and not given[reading].empty
    }


def _name(ours: pd.DataFrame, real: str) -> str:
    """The data set's name, as it is in the table: a stand-in goes under its own."""
    return DATASET_TITLES[ours["dataset"].iloc[0] if len(ours) else real]


def _stand_in(ours: pd.DataFrame) -> bool:
    return bool((ours["dataset"] != ours["dataset"].map(REAL_DATASET)).any())
