"""Figures 2 and 3: the paper's learning curves behind, in grey, and ours over them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.drawing.inputs import check_table, check_values
from companion.experiments import paper_curves
from companion.experiments.paper_grid import FIGURE3_N_TRAIN, FREY_LATENT, MNIST_LATENT
from companion.figures.curve_panel import Range, draw_panel, legend_handles, limits
from companion.figures.theme import INK, LINESTYLES, MARKERS, WIDTH, new_figure
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
FIGURE2_RANGE = {"mnist": Range(-160, -95, -300), "frey_face": Range(0, 1600, -800)}
FIGURE3_RANGE = Range(-165, -105, -300)
_SAMPLES = "training samples evaluated"


def draw_figure2(table: pd.DataFrame, *, reference: pd.DataFrame | None = None) -> Figure:
    """Fig. 2: the lower bound while training, AEVB against wake-sleep, nine panels.

    A test value below a panel's axis is not hidden: a triangle at the edge marks it.

    Args:
        table: from `runs.curves`; columns training_samples, split, value (nats per datapoint),
            dataset, algorithm, n_latent, n_train. Of several seeds the first is drawn, with a band
            from the lowest to the highest.
        reference: runs that were carried further, in the same columns, drawn without points; there
            may be none.

    Raises:
        UserError: for a table without these columns or rows, or with a run that no panel shows.
    """
    ours = _checked(table, "Fig. 2", measure="lower_bound")
    earlier = _carried(reference, ours, "Fig. 2", "lower_bound")
    published = paper_curves.digitised("figure2")
    figure = new_figure(WIDTH, 7.0)
    grid = figure.add_gridspec(3, 12)
    rows = {
        "mnist": [grid[0, 0:4], grid[0, 4:8], grid[0, 8:12], grid[1, 0:4], grid[1, 4:8]],
        "frey_face": [grid[2, 3 * column : 3 * column + 3] for column in range(4)],
    }
    below = False
    for real, places in rows.items():
        latent = FIGURE2_LATENT[real]
        mine, past = (
            curves[curves["dataset"].map(REAL_DATASET) == real] for curves in (ours, earlier)
        )
        check_values(
            pd.concat([mine, past]), "n_latent", latent, figure=f"Fig. 2 for {DATASET_TITLES[real]}"
        )
        y_limits = limits([mine, past], FIGURE2_RANGE[real])
        below |= bool((mine["value"] < y_limits[0]).any())
        first: Axes | None = None
        for place, n_latent in zip(places, latent, strict=True):
            axes = figure.add_subplot(place, sharex=first, sharey=first)
            draw_panel(
                axes,
                published=published.query("dataset == @real and n_latent == @n_latent"),
                reference=past[past["n_latent"] == n_latent],
                ours=mine[mine["n_latent"] == n_latent],
                y_limits=y_limits,
            )
            axes.set_title(f"{_name(mine, real)}, $N_z = {n_latent}$")
            leftmost = place.colspan.start == 0
            axes.tick_params(labelleft=leftmost)
            if leftmost:
                axes.set_ylabel("lower bound $\\mathcal{L}$\n(nats per datapoint)")
            first = first or axes
    figure.supxlabel(_SAMPLES, fontsize=9, color=INK)
    corner = figure.add_subplot(grid[1, 8:12])
    corner.axis("off")
    corner.legend(
        handles=legend_handles(
            ("aevb", "wake_sleep"),
            reference=not earlier.empty,
            below=below,
            stand_in=_stand_in(ours),
        ),
        loc="center",
    )
    return figure


def draw_figure3(table: pd.DataFrame, *, reference: pd.DataFrame | None = None) -> Figure:
    """Fig. 3: the estimated marginal log-likelihood while training, three algorithms.

    Left N_train = 1000, right N_train = 50000. The paper's axis of samples is linear; this one is
    logarithmic, so that the first samples can be seen.

    Args:
        table: as for `draw_figure2`, with the measure "marginal_log_likelihood".
        reference: as for `draw_figure2`.

    Raises:
        UserError: for a table without these columns or rows, or not of MNIST.
    """
    measure = "marginal_log_likelihood"
    ours = _checked(table, "Fig. 3", measure)
    earlier = _carried(reference, ours, "Fig. 3", measure)
    check_values(ours, "dataset", ("mnist", "mnist_5k"), figure="Fig. 3")
    published = paper_curves.digitised("figure3")
    y_limits = limits([ours, earlier], FIGURE3_RANGE)
    below = bool((ours["value"] < y_limits[0]).any())
    figure = new_figure(WIDTH, 3.7)
    first: Axes | None = None
    for column, n_train in enumerate(FIGURE3_N_TRAIN):
        # A stand-in has fewer than 50000 points; any other size than 1000 is the right panel's.
        theirs, past, mine = (
            curves[(curves["n_train"] == FIGURE3_N_TRAIN[0]) == (column == 0)]
            for curves in (published, earlier, ours)
        )
        axes = figure.add_subplot(1, 2, column + 1, sharex=first, sharey=first)
        draw_panel(axes, published=theirs, reference=past, ours=mine, y_limits=y_limits)
        size = n_train if mine.empty else int(mine["n_train"].max())
        axes.set_title(f"{_name(mine, 'mnist')}, $N_\\mathrm{{train}} = {size}$")
        axes.set_xlabel(_SAMPLES)
        axes.tick_params(labelleft=column == 0)
        if column == 0:
            axes.set_ylabel("marginal log-likelihood\n(nats per datapoint)")
        first = first or axes
    figure.legend(
        handles=legend_handles(
            tuple(MARKERS),
            reference=not earlier.empty,
            below=below,
            stand_in=_stand_in(ours),
        ),
        loc="outside lower center",
        ncols=3,
    )
    return figure


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
    reference: pd.DataFrame | None, ours: pd.DataFrame, figure: str, measure: str
) -> pd.DataFrame:
    if reference is None or reference.empty:
        return ours[:0]
    return _checked(reference, figure, measure)


def _name(ours: pd.DataFrame, real: str) -> str:
    """The data set's name, as it is in the table: a stand-in goes under its own."""
    return DATASET_TITLES[ours["dataset"].iloc[0] if len(ours) else real]


def _stand_in(ours: pd.DataFrame) -> bool:
    return bool((ours["dataset"] != ours["dataset"].map(REAL_DATASET)).any())
