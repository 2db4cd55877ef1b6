"""One panel of learning curves, and the legend that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator

from companion.figures.theme import INK, LABELS, LINESTYLES, MARKERS, PALETTE
from vaelib.checks.limits import checked

X_LIMITS = (7e3, 8e8)
_DECADES = (1e4, 1e5, 1e6, 1e7, 1e8)
# A triangle that points out of the panel; the algorithms have other markers.
BELOW = "v"
# About as many markers in a curve, however long it is.
_MARKS = 12


class Range(NamedTuple):
    """The paper's y-axis, and how far down ours may go to show a run that has just begun."""

    low: float
    high: float
    lowest: float


def limits(curves: Sequence[pd.DataFrame], published: Range) -> tuple[float, float]:
    """A range of y that holds the paper's, and every given run from an eighth of its way on."""
    low, high = published.low, published.high
    margin = 0.03 * (high - low)
    for table in curves:
        if table.empty:
            continue
        runs = table.groupby(["algorithm", "n_latent", "n_train", "seed"])["training_samples"]
        late = table[table["training_samples"] >= runs.transform("max") / 8]
        if late["value"].min() < low:
            low = late["value"].min() - margin
        if table["value"].max() > high:
            high = table["value"].max() + margin
    return max(low, published.lowest), high


def draw_panel(
    axes: Axes,
    *,
    published: pd.DataFrame,
    reference: pd.DataFrame,
    ours: pd.DataFrame,
    y_limits: tuple[float, float],
) -> None:
    """The paper's curves in grey, the reference runs' in colour, ours with markers on top."""
    axes.set(xscale="log", xlim=X_LIMITS, ylim=y_limits)
    axes.xaxis.set_major_locator(FixedLocator(_DECADES))
    axes.minorticks_off()
    axes.yaxis.set_major_locator(MaxNLocator(5))
    for split, style in LINESTYLES.items():
        for algorithm in MARKERS:
            theirs, past, mine = (
                table[(table["algorithm"] == algorithm) & (table["split"] == split)]
                for table in (published, reference, ours)
            )
            axes.plot(
                theirs["training_samples"],
                theirs["value"],
                label=f"the paper's {LABELS[algorithm]}, {split}",
                color=PALETTE["paper"],
                ls=style,
                lw=0.8,
                marker=MARKERS[algorithm] if split == "test" else "",
                markersize=3.5,
                markerfacecolor="white",
                markeredgewidth=0.8,
                markevery=[-1] if len(theirs) else None,
                zorder=2,
            )
            _draw(axes, past, algorithm, split, marked=False)
            _draw(axes, mine, algorithm, split, marked=True)
    _mark_below(axes, ours[ours["split"] == "test"])


def _draw(axes: Axes, curve: pd.DataFrame, algorithm: str, split: str, *, marked: bool) -> None:
    """The first seed's curve, and a band from the lowest seed to the highest if there are several.

    Not the mean: where some seeds end before others, it would jump.
    """
    if curve.empty:
        return
    line = curve[curve["seed"] == curve["seed"].min()].set_index("training_samples")["value"]
    seeds = curve.groupby("training_samples")["value"].agg(["min", "max"])
    tested = split == "test"
    every = -(-len(line) // _MARKS)
    axes.plot(
        line.index,
        line,
        label=f"{LABELS[algorithm]}, {split}" + ("" if marked else ", reference run"),
        color=PALETTE[algorithm],
        ls=LINESTYLES[split],
        lw=1.5 if tested else 1.0,
        alpha=1.0 if marked else 0.6,
        marker=MARKERS[algorithm] if tested and marked else "",
        markersize=3.5,
        markeredgecolor="white",
        markeredgewidth=0.4,
        # Counted from the last point, which is always marked.
        markevery=((len(line) - 1) % every, every),
        zorder=4 + tested + 2 * marked,
    )
    if (seeds["max"] > seeds["min"]).any():
        axes.fill_between(
            seeds.index,
            seeds["min"],
            seeds["max"],
            color=PALETTE[algorithm],
            alpha=0.18,
            lw=0,
            zorder=3,
        )


def _mark_below(axes: Axes, tested: pd.DataFrame) -> None:
    """A triangle at the lower edge for each point that lies below it, a row for each algorithm."""
    means = tested.groupby(["algorithm", "training_samples"], as_index=False)["value"].mean()
    below = means[means["value"] < axes.get_ylim()[0]]
    present = [algorithm for algorithm in MARKERS if (below["algorithm"] == algorithm).any()]
    for row, algorithm in enumerate(present):
        samples = below.loc[below["algorithm"] == algorithm, "training_samples"]
        axes.plot(
            samples,
            [0.025 + 0.04 * row] * len(samples),
            transform=axes.get_xaxis_transform(),
            color=PALETTE[algorithm],
            ls="",
            marker=BELOW,
            markersize=3.5,
            markeredgewidth=0,
            zorder=8,
        )


@checked
def legend_handles(
    algorithms: Sequence[str], *, reference: bool, below: bool, stand_in: bool
) -> list[Line2D]:
    """What colours, markers and lines mean.

    Args:
        algorithms: those of the figure.
        reference: whether reference runs are drawn.
        below: whether a point lies below a panel.
        stand_in: whether our runs saw other data than the paper's.
    """
    handles = [
        Line2D([], [], color=PALETTE[name], marker=MARKERS[name], label=LABELS[name])
        for name in algorithms
    ]
    handles += [
        Line2D([], [], color=INK, ls=LINESTYLES["test"], label="test"),
        Line2D([], [], color=INK, ls=LINESTYLES["train"], lw=1.0, label="train"),
    ]
    if reference:
        handles.append(Line2D([], [], color=INK, alpha=0.6, label="reference run (no markers)"))
    handles.append(
        Line2D(
            [],
            [],
            color=PALETTE["paper"],
            lw=0.8,
            marker="o",
            markersize=3.5,
            markerfacecolor="white",
            markeredgewidth=0.8,
            label="the paper, on real data" if stand_in else "the paper (marker at end)",
        )
    )
    if below:
        handles.append(Line2D([], [], color=INK, ls="", marker=BELOW, label="test, below the axis"))
    return handles
