"""Appendix E drawn: a path of HMC, how its stepsize is found, what a draw costs, and its ranks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from scipy import stats
from torch import Tensor

from companion.drawing.inputs import check_table, to_array
from companion.figures.theme import BLUE, GREEN, GREY, INK, ORANGE, VERMILION, WIDTH, new_figure
from vaelib.checks.limits import Count, OpenUnit, checked
from vaelib.errors import UserError

# In order: what is told apart by more than its colour, because it has an order too.
_STYLES = ((GREY, "v"), (ORANGE, "s"), (GREEN, "o"), (BLUE, "^"), (VERMILION, "D"), (INK, "P"))


def draw_hmc_trajectory(
    log_density: Callable[[Tensor], Tensor], trajectory: Tensor, samples: Tensor | None = None
) -> Figure:
    """Hamiltonian Monte Carlo in two dimensions: its steps over the contours of the density.

    Args:
        log_density: `(..., 2)` to `(...)`, up to a constant; contours are drawn where it lies
            ½, 2 and 4½ nats below its highest value, as one, two and three standard deviations
            of a Gaussian do.
        trajectory: positions in order, `(steps, 2)`, or several such paths `(paths, steps, 2)`.
        samples: `(..., 2)`, drawn as small points behind.

    Raises:
        UserError: if positions are not two-dimensional.
    """
    paths = to_array(trajectory)
    paths = paths[None] if paths.ndim == 2 else paths
    cloud = np.empty((0, 2)) if samples is None else to_array(samples)
    if paths.ndim != 3 or paths.shape[-1] != 2 or paths.size == 0 or cloud.shape[-1] != 2:
        raise UserError(
            f"positions of shape {paths.shape} cannot be drawn in a plane: pass (steps, 2)"
        )
    points = np.concatenate([paths.reshape(-1, 2), cloud.reshape(-1, 2)])
    low, high = points.min(0), points.max(0)
    margin = 0.15 * (high - low).max() + 1e-6
    first, second = (
        torch.linspace(a - margin, b + margin, 100, dtype=torch.float64)
        for a, b in zip(low, high, strict=True)
    )
    grid = torch.stack(torch.meshgrid(first, second, indexing="xy"), -1).to(trajectory)
    with torch.no_grad():
        height = to_array(log_density(grid))
    figure = new_figure(5.0, 3.8)
    axes = figure.add_subplot()
    levels = height.max() - np.array([4.5, 2.0, 0.5])
    over = [*levels, height.max() + 1e-9]
    axes.contourf(
        first.numpy(), second.numpy(), height, over, colors=("#E3EEF7", "#C3DAEE", "#9CC3E2")
    )
    axes.contour(
        first.numpy(), second.numpy(), height, levels, colors=GREY, linewidths=0.8, linestyles="-"
    )
    axes.plot(
        *cloud.reshape(-1, 2).T,
        ".",
        color=INK,
        markersize=2.5,
        alpha=0.4,
        label="samples" if len(cloud) else "",
    )
    for place, path in enumerate(paths):
        axes.plot(
            *path.T,
            "o-",
            color=VERMILION,
            lw=1.1,
            markersize=3.5,
            markeredgecolor="white",
            markeredgewidth=0.4,
            label="" if place else "path",
        )
        axes.plot(
            *path[0],
            "s",
            color=INK,
            markerfacecolor="white",
            markersize=5,
            label="" if place else "start",
        )
    axes.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    axes.grid(visible=False)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def draw_sampling_efficiency(table: pd.DataFrame) -> Figure:
    """Appendix E: effective draws for each gradient, by acceptance and by leapfrog steps.

    Args:
        table: columns n_leapfrog, acceptance, ess_per_gradient; at most six values of n_leapfrog.

    Raises:
        UserError: for a table without these columns or rows, or more values.
    """
    check_table(table, ("n_leapfrog", "acceptance", "ess_per_gradient"), figure="efficiency")
    values = sorted(table["n_leapfrog"].unique())
    if len(values) > len(_STYLES):
        raise UserError(f"{len(values)} values of n_leapfrog: pass at most {len(_STYLES)}")
    figure = new_figure(5.0, 3.2)
    axes = figure.add_subplot()
    for steps, (colour, marker) in zip(values, _STYLES, strict=False):
        mine = table[table["n_leapfrog"] == steps].sort_values("acceptance")
        axes.plot(
            *(mine["acceptance"], mine["ess_per_gradient"]),
            color=colour,
            marker=marker,
            label=f"{steps}",
        )
    axes.set(xlabel="acceptance after tuning", ylim=(0, None))
    axes.set_ylabel("effective draws for each gradient")
    axes.legend(title="leapfrog steps", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@checked
def draw_leapfrog_and_tuner(
    error: pd.DataFrame, path: pd.DataFrame, *, target: OpenUnit = 0.9
) -> Figure:
    """Appendix E: the leapfrog's error by its stepsize, and the tuner's path to the target.

    Args:
        error: columns stepsize and error (nats), for paths of one length.
        path: columns first, transition, stepsize, acceptance.
        target: of the acceptance, drawn as a level.

    Raises:
        UserError: for tables without these columns or rows.
    """
    check_table(error, ("stepsize", "error"), figure="the leapfrog's error")
    check_table(path, ("first", "transition", "stepsize", "acceptance"), figure="the tuner")
    figure = new_figure(WIDTH, 2.8)
    left, middle, right = figure.subplots(1, 3)
    left.loglog(error["stepsize"], error["error"], "o-", color=GREEN, label=r"$|\Delta H|$")
    smallest = error.nsmallest(1, "stepsize").iloc[0]
    square = smallest["error"] * (error["stepsize"] / smallest["stepsize"]) ** 2
    left.loglog(error["stepsize"], square, "--", color=INK, lw=1, label="slope 2")
    left.set(xlabel="stepsize (latent units)", ylabel="error of the energy (nats)")
    left.xaxis.set_minor_formatter(NullFormatter())
    left.legend()
    firsts = sorted(path["first"].unique())
    for first, (colour, _) in zip(firsts, _STYLES, strict=False):
        mine = path[path["first"] == first]
        middle.semilogy(mine["transition"], mine["stepsize"], color=colour, lw=1.2)
        right.plot(mine["transition"], mine["acceptance"], color=colour, lw=1.2)
    right.axhline(target, color=INK, ls="--", lw=1)
    middle.set(xlabel="transition", ylabel="stepsize (latent units)")
    right.set(xlabel="transition", ylabel="acceptance", ylim=(-0.03, 1.03))
    return figure


@checked
def draw_rank_histogram(ranks: Tensor, n_draws: Count) -> Figure:
    """Simulation-based calibration: ranks of the truth among posterior draws, a panel a dimension.

    The band holds 99 % of the bars of a uniform distribution.

    Args:
        ranks: `(n_datasets, d)`, from 0 to n_draws.
        n_draws: posterior draws for each data set.

    Raises:
        UserError: if ranks are of another shape, or not between 0 and n_draws.
    """
    counted = to_array(ranks)
    if counted.ndim != 2 or not counted.size or counted.min() < 0 or counted.max() > n_draws:
        raise UserError(
            f"ranks of shape {counted.shape} are no ranks among {n_draws} draws: "
            "pass (n_datasets, d), from 0 to n_draws"
        )
    n, d = counted.shape
    low, high = stats.binom(n, 1 / (n_draws + 1)).ppf([0.005, 0.995])
    figure = new_figure(WIDTH, 2.4)
    panels = figure.subplots(1, d, squeeze=False, sharey=True)[0]
    for place, axes in enumerate(panels):
        heights = np.bincount(counted[:, place].astype(int), minlength=n_draws + 1)
        axes.axhspan(low, high, color=GREY, alpha=0.25, lw=0)
        axes.axhline(n / (n_draws + 1), color=INK, ls="--", lw=1)
        axes.bar(range(n_draws + 1), heights, color=GREEN, width=0.85)
        axes.set(xlabel=f"rank of the true $z_{place + 1}$", ylim=(0, 1.25 * high))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("data sets")
    return figure
