"""One panel of learning curves, and the legend that explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from companion.figures.theme import INK, LABELS, MARKERS, PALETTE, READING_STYLES
from vaelib.checks.limits import checked

X_LIMITS = (7e3, 8e8)
# Millions, written out: an exponent would be too small to read on a phone.
_DECADES = {1e4: "0.01", 1e5: "0.1", 1e6: "1", 1e7: "10", 1e8: "100"}
# What points out of the panel; a triangle that points up would be Monte Carlo EM's.
BELOW, ABOVE = "v", "$\\uparrow$"
# About as many markers in a curve, however long it is.
_MARKS = 6
# In points; a figure of 4.6 inches that fills a phone shows a point as about a pixel.
TEXT = 9
_WIDTHS = {"as run": 1.8, "as written": 1.4}


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
    of_reading: Mapping[str, pd.DataFrame],
    own: pd.DataFrame,
    y_limits: tuple[float, float],
    names: Mapping[str, str] = LABELS,
) -> None:
    """The paper's curves in grey, in each reading the reference runs' in colour, and own points.

    Args:
        axes: where.
        published: the paper's curves, of one split, as are all others.
        of_reading: curves of the reference runs by reading, "as written" and "as run".
        own: curves of the reader's runs, which are as written: markers alone, or with a line where
            there is no reference run to lie on.
        y_limits: from `limits`.
        names: what a curve of each algorithm is called; of those without a name none is drawn.
    """
    axes.set(xscale="log", xlim=X_LIMITS, ylim=y_limits)
    axes.xaxis.set_major_locator(FixedLocator(list(_DECADES)))
    axes.xaxis.set_major_formatter(FixedFormatter(list(_DECADES.values())))
    axes.minorticks_off()
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=TEXT)
    for algorithm in [algorithm for algorithm in MARKERS if algorithm in names]:
        name = names[algorithm]
        theirs = published[published["algorithm"] == algorithm]
        axes.plot(
            theirs["training_samples"],
            theirs["value"],
            label=f"the paper's {name}",
            color=PALETTE["paper"],
            lw=1.0,
            marker=MARKERS[algorithm],
            markersize=4,
            markerfacecolor="white",
            markeredgewidth=0.9,
            markevery=[-1] if len(theirs) else None,
            zorder=2,
        )
        for reading, curves in of_reading.items():
            reference = curves[curves["algorithm"] == algorithm]
            _draw_reference(axes, reference, algorithm, reading, name)
        mine = own[own["algorithm"] == algorithm]
        written = of_reading.get("as written", own[:0])
        covered = bool((written["algorithm"] == algorithm).any())
        _draw_own(axes, mine, algorithm, name, marked_only=covered)
    _mark_beyond(axes, own)


def _draw_reference(
    axes: Axes, curve: pd.DataFrame, algorithm: str, reading: str, name: str
) -> None:
    """The lowest seed's curve, and a band from the lowest to the highest if there are several.

    Not the mean: where some seeds end before others, it would jump.
    """
    if curve.empty:
        return
    line = _first_seed(curve)
    axes.plot(
        line["training_samples"],
        line["value"],
        label=f"{name}, {reading}",
        color=PALETTE[algorithm],
        ls=READING_STYLES[reading]["test"],
        lw=_WIDTHS[reading],
        zorder=5 if reading == "as run" else 4,
    )
    seeds = curve.groupby("training_samples")["value"].agg(["min", "max"])
    if (seeds["max"] > seeds["min"]).any():
        axes.fill_between(
            seeds.index, seeds["min"], seeds["max"], color=PALETTE[algorithm], alpha=0.18, lw=0
        )


def _draw_own(
    axes: Axes, curve: pd.DataFrame, algorithm: str, name: str, *, marked_only: bool
) -> None:
    if curve.empty:
        return
    line = _first_seed(curve)
    every = -(-len(line) // _MARKS)
    axes.plot(
        line["training_samples"],
        line["value"],
        label=f"{name}, this build",
        color=PALETTE[algorithm],
        ls="" if marked_only else READING_STYLES["as written"]["test"],
        lw=_WIDTHS["as written"],
        marker=MARKERS[algorithm],
        markersize=4,
        markeredgecolor="white",
        markeredgewidth=0.4,
        # Counted from the last point, which is always marked.
        markevery=((len(line) - 1) % every, every),
        zorder=7,
    )


def _first_seed(curve: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = curve[curve["seed"] == curve["seed"].min()]
    return found


def _mark_beyond(axes: Axes, own: pd.DataFrame) -> None:
    """A mark at the edge for each point that lies beyond it, a row for each algorithm."""
    means = own.groupby(["algorithm", "training_samples"], as_index=False)["value"].mean()
    low, high = axes.get_ylim()
    for beyond, marker, size, edge, inwards in (
        (means[means["value"] < low], BELOW, 3.5, 0.035, 0.06),
        (means[means["value"] > high], ABOVE, 8.0, 0.95, -0.1),
    ):
        present = [algorithm for algorithm in MARKERS if (beyond["algorithm"] == algorithm).any()]
        for row, algorithm in enumerate(present):
            samples = beyond.loc[beyond["algorithm"] == algorithm, "training_samples"]
            axes.plot(
                samples,
                [edge + inwards * row] * len(samples),
                transform=axes.get_xaxis_transform(),
                color=PALETTE[algorithm],
                ls="",
                marker=marker,
                markersize=size,
                markeredgewidth=0,
                zorder=8,
            )


@checked
def legend_handles(
    algorithms: Sequence[str],
    *,
    readings: Sequence[str],
    bands: bool,
    below: bool,
    stand_in: bool,
    above: bool = False,
    names: Mapping[str, str] = LABELS,
) -> list[Line2D | Patch]:
    """What colours, markers and lines mean.

    Args:
        algorithms: those of the figure; the mark of the first stands for all.
        readings: those of which there are reference runs.
        bands: whether one of them has several seeds.
        below: whether an own point lies below a panel.
        stand_in: whether our runs saw other data than the paper's.
        above: whether an own point lies above a panel.
        names: what a curve of each algorithm is called.
    """
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=PALETTE[name], lw=1.8, label=names[name]) for name in algorithms
    ]
    handles.append(
        Line2D(
            [],
            [],
            color=PALETTE["paper"],
            lw=1.0,
            marker=MARKERS[algorithms[0]],
            markersize=4,
            markerfacecolor="white",
            markeredgewidth=0.9,
            label="the paper, real data" if stand_in else "the paper",
        )
    )
    for reading in readings:
        style, width = READING_STYLES[reading]["test"], _WIDTHS[reading]
        handles.append(Line2D([], [], color=INK, ls=style, lw=width, label=reading))
    if bands:
        handles.append(Patch(color=INK, alpha=0.18, lw=0, label="range of seeds"))
    first = MARKERS[algorithms[0]]
    handles.append(Line2D([], [], color=INK, ls="", marker=first, markersize=4, label="this build"))
    if below:
        handles.append(Line2D([], [], color=INK, ls="", marker=BELOW, label="below the axis"))
    if above:
        handles.append(
            Line2D([], [], color=INK, ls="", marker=ABOVE, markersize=8, label="above the axis")
        )
    return handles
