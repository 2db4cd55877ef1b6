"""Sections 2.2 and 4 drawn: Eq. 1 where every term can be computed, and its KL both ways."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.drawing.inputs import check_table, check_values
from companion.figures.theme import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    SKY,
    VERMILION,
    WIDTH,
    new_figure,
)
from vaelib.errors import UserError

VARIED = {
    "mean": r"mean of $q(z)$, $\mu$",
    "std": r"standard deviation of $q(z)$, $\sigma$",
}


def draw_decomposition(table: pd.DataFrame) -> Figure:
    """Eq. 1: the bound never passes log p(x), and the gap to it is the KL divergence.

    One panel for each parameter of q that was moved while the other was held.

    Args:
        table: columns mean, std (of q), log_evidence, bound, kl (nats), and varied ("mean" or
            "std"), which may be left out where one of the two is constant.

    Raises:
        UserError: for a table without these columns or rows, or if it cannot be told which
            parameter was varied.
    """
    check_table(table, ("mean", "std", "log_evidence", "bound", "kl"), figure="the decomposition")
    if "varied" not in table:
        moving = [name for name in VARIED if table[name].nunique() > 1]
        if len(moving) != 1:
            raise UserError(
                "mean and std both vary in the table for the decomposition: "
                "add a column varied that says which one moves"
            )
        table = table.assign(varied=moving[0])
    check_values(table, "varied", VARIED, figure="the decomposition")
    sweeps = [name for name in VARIED if name in set(table["varied"])]
    figure = new_figure(WIDTH if len(sweeps) > 1 else 4.5, 2.9)
    first: Axes | None = None
    for place, name in enumerate(sweeps, start=1):
        axes = figure.add_subplot(1, len(sweeps), place, sharey=first)
        sweep = table[table["varied"] == name].sort_values(name)
        evidence, bound = sweep["log_evidence"], sweep["bound"]
        axes.fill_between(
            sweep[name],
            bound,
            evidence,
            color=SKY,
            alpha=0.35,
            lw=0,
            label=r"$D_{KL}(q(z)\,\|\,p(z|x))$",
        )
        axes.plot(sweep[name], evidence, color=INK, label=r"$\log\,p(x)$")
        axes.plot(sweep[name], bound, color=BLUE, label=r"lower bound $\mathcal{L}$")
        best = sweep.nlargest(1, "bound")
        axes.plot(best[name], best["bound"], "o", color=BLUE, markersize=5, label="best bound")
        axes.set_xlabel(VARIED[name])
        axes.locator_params(axis="x", nbins=6)
        axes.margins(x=0, y=0.08)
        held = "std" if name == "mean" else "mean"
        if sweep[held].nunique() == 1:
            symbol = r"\sigma" if held == "std" else r"\mu"
            axes.set_title(f"${symbol} = {sweep[held].iloc[0]:.3g}$")
        axes.tick_params(labelleft=place == 1)
        if place == 1:
            axes.set_ylabel("nats")
        first = first or axes
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def draw_posterior_1d(table: pd.DataFrame) -> Figure:
    """Prior, likelihood, exact posterior and q of one datapoint, over a single latent z.

    Args:
        table: columns z, prior, likelihood, posterior, q. The likelihood is no density of z; it
            is drawn scaled to the height of the posterior.

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(table, ("z", "prior", "likelihood", "posterior", "q"), figure="the posterior")
    table = table.sort_values("z")
    scaled = table["likelihood"] / table["likelihood"].max() * table["posterior"].max()
    figure = new_figure(5.0, 3.0)
    axes = figure.add_subplot()
    axes.fill_between(table["z"], table["posterior"], color=SKY, alpha=0.35, lw=0)
    axes.plot(table["z"], table["prior"], color=GREY, ls="--", label="prior $p(z)$")
    axes.plot(table["z"], scaled, color=ORANGE, ls=":", label="likelihood $p(x|z)$, scaled")
    axes.plot(table["z"], table["posterior"], color=BLUE, label="exact posterior $p(z|x)$")
    axes.plot(table["z"], table["q"], color=VERMILION, ls="-.", label="Gaussian $q(z)$")
    seen = table["z"][(table["prior"] > 1e-3) | (table["posterior"] > 1e-3)]
    axes.set(xlabel="$z$", ylabel="density of $z$", xlim=(seen.min(), seen.max()))
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def draw_two_directions(table: pd.DataFrame) -> Figure:
    """Section 4: one posterior, and the Gaussian nearest to it in each direction of the KL.

    Args:
        table: columns z, posterior, aevb (least KL(q ‖ p)), wake_sleep (least KL(p ‖ q)), all
            densities of z.

    Raises:
        UserError: for a table without these columns or rows.
    """
    columns = ("z", "posterior", "aevb", "wake_sleep")
    check_table(table, columns, figure="the two directions")
    table = table.sort_values("z")
    figure = new_figure(5.0, 3.0)
    axes = figure.add_subplot()
    axes.fill_between(table["z"], table["posterior"], color=GREY, alpha=0.25, lw=0)
    axes.plot(table["z"], table["posterior"], color=INK, label="exact posterior $p(z|x)$")
    for name, line, divergence in (
        ("aevb", "-", r"AEVB: least $D_{KL}(q\,\|\,p)$"),
        ("wake_sleep", "-.", r"wake-sleep: least $D_{KL}(p\,\|\,q)$"),
    ):
        axes.plot(table["z"], table[name], color=PALETTE[name], ls=line, label=divergence)
    seen = table["z"][table[list(columns[1:])].max(axis=1) > 1e-3]
    axes.set(xlabel="$z$", ylabel="density of $z$", xlim=(seen.min(), seen.max()))
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside lower center", ncols=2)
    return figure
