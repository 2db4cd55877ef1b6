"""How far from log p(x) its estimates are, by estimator, setting and dimension: Appendix D."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from companion.drawing.inputs import check_table
from companion.figures.theme import BLUE, GREY, INK, ORANGE, PURPLE, WIDTH, new_figure
from companion.wording import significant
from vaelib.checks.limits import Positive, checked

# In the order of the paper; others follow in that of the table.
LIKELIHOOD = {"lower bound": BLUE, "importance sampling": ORANGE, "Appendix D": PURPLE}
LINEAR = 0.1  # nats: between plus and minus this the axis of errors is linear
_PLAIN = FuncFormatter(lambda value, _: significant(value))
ERROR = r"error of $\log\,p(\mathbf{x})$ (nats)"


def draw_likelihood_estimators(table: pd.DataFrame) -> Figure:
    """Appendix D: the error of each estimate of log p(x) against its exact value.

    A point is a datapoint, the bar the median. The axis is linear between ±0.1 nat and logarithmic
    outside. Estimates that are no numbers are left out, and counted at the right.

    Args:
        table: from `likelihood.likelihood_estimators`; columns datapoint, estimator, error (nats),
            and n_latent, where there is a panel for each.

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(table, ("datapoint", "estimator", "error"), figure="the likelihood estimators")
    given = [str(name) for name in table["estimator"].unique()]
    names = [name for name in LIKELIHOOD if name in given]
    names += [name for name in given if name not in LIKELIHOOD]
    panels = [("", table)]
    if "n_latent" in table:
        panels = [(f"$N_z = {n!s}$", rows) for n, rows in table.groupby("n_latent")]
    figure = new_figure(WIDTH, 1.0 + 0.5 * len(names))
    first: Axes | None = None
    for place, (title, rows) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place, sharex=first, sharey=first)
        _draw_errors(axes, rows, names)
        axes.tick_params(axis="y", length=0, labelleft=place == 1)
        axes.set_title(title)
        first = first or axes
    figure.supxlabel(r"estimate of $\log\,p(\mathbf{x})$ less its exact value (nats)", fontsize=9)
    return figure


def _draw_errors(axes: Axes, table: pd.DataFrame, names: list[str]) -> None:
    jitter = np.random.default_rng(0)
    for place, name in enumerate(reversed(names)):
        errors = table.loc[table["estimator"] == name, "error"]
        finite = errors[np.isfinite(errors)]
        heights = place + jitter.uniform(-0.25, 0.25, len(finite))
        colour = LIKELIHOOD.get(name, GREY)
        axes.scatter(finite, heights, s=9, color=colour, alpha=0.55, lw=0, rasterized=True)
        if len(finite):
            middle = finite.median()
            axes.plot([middle, middle], [place - 0.38, place + 0.38], color=INK, lw=1.8)
        if len(finite) < len(errors):
            axes.annotate(
                f"{len(errors) - len(finite)} not finite",
                (1, place + 0.4),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
                fontsize=7.5,
            )
    axes.axvline(0, color=GREY, lw=1)
    axes.set_xscale("symlog", linthresh=LINEAR)
    axes.margins(x=0.06)
    axes.xaxis.set_major_formatter(_PLAIN)
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(visible=False, axis="y")


def draw_likelihood_settings(table: pd.DataFrame) -> Figure:
    """Appendix D: the error by what one pays, k draws of the encoder, L of the posterior, or steps.

    A box holds the middle half of the estimates, its whiskers reach from 5 % to 95 %, the dots are
    the others, and the diamond is the mean: the bias. Estimates that are no numbers are left out.

    Args:
        table: from `likelihood.likelihood_estimators`; columns estimator, n_samples, n_leapfrog,
            density, start and error (nats).

    Raises:
        UserError: for a table without these columns or rows.
    """
    columns = ("estimator", "n_samples", "n_leapfrog", "density", "start", "error")
    check_table(table, columns, figure="the likelihood's settings")
    weighted = table[table["estimator"] == "importance sampling"]
    fitted = table[
        (table["estimator"] == "Appendix D")
        & (table["density"] == "gaussian")
        & (table["start"] == "prior")
    ]
    panels = [
        ("importance sampling", "draws $k$", "n_samples", weighted),
        ("Appendix D", "draws $L$", "n_samples", fitted[fitted["n_leapfrog"] == 4]),
        ("Appendix D", "leapfrog steps", "n_leapfrog", fitted[fitted["n_samples"] == 50]),
    ]
    figure = new_figure(WIDTH, 3.1)
    first: Axes | None = None
    for place, (estimator, label, column, rows) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, 3, place, sharey=first)
        _draw_boxes(axes, rows, column, LIKELIHOOD[estimator])
        axes.set(xlabel=label, title=estimator)
        axes.tick_params(axis="y", labelleft=place == 1)
        first = first or axes
    assert first is not None
    first.set_ylabel(ERROR)
    return figure


@checked
def draw_likelihood_by_dimension(table: pd.DataFrame, *, tolerance: Positive) -> Figure:
    """Claim C9: the error of Appendix D's estimator by N_z, with a panel for each L.

    Boxes as in `draw_likelihood_settings`; the page is tinted within the tolerance.

    Args:
        table: from `likelihood_by_dimension.likelihood_by_dimension`; columns n_latent, n_samples,
            error (nats).
        tolerance: in nats.

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(table, ("n_latent", "n_samples", "error"), figure="the likelihood by dimension")
    panels = list(table.groupby("n_samples"))
    figure = new_figure(WIDTH, 3.1)
    first: Axes | None = None
    for place, (n_samples, rows) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place, sharey=first)
        axes.axhspan(-tolerance, tolerance, color=BLUE, alpha=0.07, lw=0)
        _draw_boxes(axes, rows, "n_latent", PURPLE)
        axes.set(xlabel="latent dimensions $N_z$", title=f"$L = {n_samples}$")
        axes.tick_params(axis="y", labelleft=place == 1)
        first = first or axes
    assert first is not None
    first.set_ylabel(ERROR)
    return figure


def _draw_boxes(axes: Axes, table: pd.DataFrame, column: str, colour: str) -> None:
    finite = table[np.isfinite(table["error"])]
    groups = {int(value): rows["error"].to_numpy() for value, rows in finite.groupby(column)}
    axes.axhline(0, color=GREY, lw=1)
    if groups:
        box = axes.boxplot(
            list(groups.values()),
            positions=range(len(groups)),
            whis=(5, 95),
            widths=0.6,
            patch_artist=True,
            showmeans=True,
            flierprops={"marker": ".", "markersize": 3, "markeredgecolor": colour, "alpha": 0.6},
            meanprops={"marker": "D", "markersize": 4.5, "mfc": "white", "mec": INK},
            medianprops={"color": INK, "linewidth": 1.2},
            manage_ticks=False,
        )
        for patch in box["boxes"]:
            patch.set(facecolor=colour, edgecolor=INK, linewidth=0.8)
    axes.set_xticks(range(len(groups)), [str(value) for value in groups])
    axes.set_xlim(-0.6, max(1, len(groups)) - 0.4)
    axes.set_yscale("symlog", linthresh=LINEAR)
    axes.yaxis.set_major_formatter(_PLAIN)
    axes.grid(visible=False, axis="x")
