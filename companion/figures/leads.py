"""AEVB's lead in Figs 2 and 3, which the height of their own panels hides."""

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
from companion.experiments.leads import PANEL_KEYS, leads_of
from companion.experiments.paper_grid import FIGURE3_N_TRAIN
from companion.experiments.readings import Reading
from companion.figures.curve_panel import TEXT, draw_panel, legend_handles
from companion.figures.learning_curves import (
    DATASET_TITLES,
    FIGURE2_LATENT,
    NARROW,
    REAL_DATASET,
    of_figure3,
)
from companion.figures.theme import GREY, INK, LABELS, LINESTYLES, READING_STYLES, new_figure

_COLUMNS = (*PANEL_KEYS, "over", "seed", "training_samples", "lead")
_SAMPLES = "training samples evaluated, in millions"
_NAMES = {name: f"lead over {LABELS[name]}" for name in ("wake_sleep", "mcem")}
# Panels that share an axis. Our wake-sleep with 200 dimensions is so far behind that the others
# would be flat beside it.
_ALIKE = {"mnist": ((3, 5, 10, 20), (200,)), "frey_face": ((2, 5, 10, 20),)}


def draw_leads_of_figure2(
    table: pd.DataFrame, *, of_reading: Mapping[Reading, pd.DataFrame] | None = None
) -> Figure:
    """AEVB's lead over wake-sleep in the test bound of Fig. 2, and zero as a line; nine panels.

    The axis holds every lead from where the paper's curves begin; before that, leads of our own
    runs beyond it have a mark at the edge. Above a panel stands how many seeds the lead as written
    is known of, and a line where their number changes.

    Args:
        table: from `leads.leads_of`, the reader's runs. Of several seeds the lowest is drawn, with
            a band from the lowest lead to the highest for the reference runs.
        of_reading: the reference runs' leads in each reading, in the same columns.

    Raises:
        UserError: for a table without these columns or rows, with a lead that no panel shows, or a
            reading that there is not.
    """
    ours, tested = _given(table, of_reading, "Fig. 2's leads", ("wake_sleep",))
    ours = ours[ours["split"] == "test"]
    tested = {r: c[c["split"] == "test"] for r, c in tested.items()}
    published = _as_curves(leads_of(paper_curves.digitised("figure2"))).query("split == 'test'")
    figure = new_figure(NARROW, 9.6)
    grid = figure.add_gridspec(5, 2)
    edges = []
    place = 0
    for real, latent in FIGURE2_LATENT.items():
        theirs, mine = published[_of(published, real)], ours[_of(ours, real)]
        past = {r: c[_of(c, real)] for r, c in tested.items()}
        title = f"the leads in Fig. 2 for {DATASET_TITLES[real]}"
        check_values(pd.concat([mine, *past.values()]), "n_latent", latent, figure=title)
        for alike in _ALIKE[real]:
            shown = [c[c["n_latent"].isin(alike)] for c in (theirs, mine, *past.values())]
            y_limits = _limits(shown[0], shown[1:])
            edges.append(_beyond(shown[1], y_limits))
            for n_latent in alike:
                row, column = divmod(place, 2)
                axes = figure.add_subplot(grid[row, column])
                _draw(
                    axes,
                    theirs[theirs["n_latent"] == n_latent],
                    mine[mine["n_latent"] == n_latent],
                    {r: c[c["n_latent"] == n_latent] for r, c in past.items()},
                    y_limits,
                    f"{_name(mine, real)}, $N_z = {n_latent}$",
                )
                axes.tick_params(labelleft=column == 0)
                place += 1
        place += place % 2
    figure.supxlabel(_SAMPLES, fontsize=TEXT, color=INK)
    figure.supylabel("AEVB's lead in the test bound (nats per datapoint)", fontsize=TEXT)
    corner = figure.add_subplot(grid[2, 1])
    corner.axis("off")
    handles = _legend(("wake_sleep",), ours, tested, edges)
    corner.legend(handles=handles, loc="center", fontsize=TEXT, labelspacing=0.25)
    return figure


def draw_leads_of_figure3(
    table: pd.DataFrame, *, of_reading: Mapping[Reading, pd.DataFrame] | None = None
) -> Figure:
    """AEVB's lead over wake-sleep and Monte Carlo EM in the log-likelihood of Fig. 3.

    Left N_train = 1000, right N_train = 50000; above the training set, below the test set.

    Args:
        table: as for `draw_leads_of_figure2`.
        of_reading: as for `draw_leads_of_figure2`.

    Raises:
        UserError: for a table without these columns or rows, not of MNIST, or a reading that there
            is not.
    """
    ours, earlier = _given(table, of_reading, "Fig. 3's leads", tuple(_NAMES))
    check_values(ours, "dataset", ("mnist", "mnist_5k"), figure="Fig. 3's leads")
    published = _as_curves(leads_of(paper_curves.digitised("figure3")))
    y_limits = _limits(published, [ours, *earlier.values()])
    figure = new_figure(NARROW, 5.8)
    for row, (split, words) in enumerate((("train", "training set"), ("test", "test set"))):
        for column, n_train in enumerate(FIGURE3_N_TRAIN):
            theirs, mine, *past = (
                of_figure3(curves, n_train, split)
                for curves in (published, ours, *earlier.values())
            )
            axes = figure.add_subplot(2, 2, 2 * row + column + 1)
            size = n_train if mine.empty else int(mine["n_train"].max())
            title = f"{_name(mine, 'mnist')}, {size} points,\n{words}"
            _draw(axes, theirs, mine, dict(zip(earlier, past, strict=True)), y_limits, title)
            axes.tick_params(labelleft=column == 0)
    figure.supxlabel(_SAMPLES, fontsize=TEXT, color=INK)
    figure.supylabel("AEVB's lead in the log-likelihood\n(nats per datapoint)", fontsize=TEXT)
    handles = _legend(tuple(_NAMES), ours, earlier, [_beyond(ours, y_limits)])
    figure.legend(handles=handles, loc="outside upper center", fontsize=TEXT, ncols=2)
    return figure


def _draw(
    axes: Axes,
    published: pd.DataFrame,
    own: pd.DataFrame,
    of_reading: Mapping[str, pd.DataFrame],
    y_limits: tuple[float, float],
    title: str,
) -> None:
    draw_panel(
        axes, published=published, of_reading=of_reading, own=own, y_limits=y_limits, names=_NAMES
    )
    axes.axhline(0.0, color=INK, lw=0.8, zorder=3)
    written = of_reading.get("as written", own[:0])
    _count_seeds(axes, written)
    axes.set_title(title, fontsize=TEXT + 1, pad=5 if written.empty else TEXT + 7)


def _count_seeds(axes: Axes, curves: pd.DataFrame) -> None:
    """Above the panel the number of seeds, from each place where it changes to the next."""
    by_place = curves.groupby(["algorithm", "training_samples"])["seed"].nunique()
    counts = by_place.groupby("training_samples").max().sort_index()
    stretches = counts.groupby((counts != counts.shift()).cumsum())
    begin = counts.index.min()
    for number, (_, stretch) in enumerate(stretches):
        if number:
            axes.axvline(begin, color=GREY, lw=0.6, ls=(0, (1.0, 1.0)), zorder=1)
        end, n = stretch.index.max(), stretch.iloc[0]
        axes.annotate(
            f"{n} seed" if n == 1 else f"{n} seeds",
            ((begin * end) ** 0.5, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=TEXT,
            color=INK,
        )
        begin = end


def _limits(published: pd.DataFrame, ours: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """A range that holds zero, the paper's leads, and ours from where the paper's begin."""
    begin = published["training_samples"].min()
    late = [table.loc[table["training_samples"] >= begin, "value"] for table in ours]
    values = pd.concat([published["value"], *(table for table in late if len(table))])
    low, high = min(0.0, values.min()), max(0.0, values.max())
    # So far below zero that what is behind is seen to be.
    return low - 0.15 * (high - low), high + 0.05 * (high - low)


def _beyond(own: pd.DataFrame, y_limits: tuple[float, float]) -> tuple[bool, bool]:
    below, above = own["value"] < y_limits[0], own["value"] > y_limits[1]
    return bool(below.any()), bool(above.any())


def _legend(
    over: Sequence[str],
    own: pd.DataFrame,
    of_reading: Mapping[Reading, pd.DataFrame],
    edges: Sequence[tuple[bool, bool]],
) -> list[Line2D | Patch]:
    return legend_handles(
        over,
        readings=list(of_reading),
        bands=any(curves["seed"].nunique() > 1 for curves in of_reading.values()),
        below=any(below for below, _ in edges),
        above=any(above for _, above in edges),
        stand_in=bool((own["dataset"] != own["dataset"].map(REAL_DATASET)).any()),
        names=_NAMES,
    )


def _given(
    table: pd.DataFrame,
    of_reading: Mapping[Reading, pd.DataFrame] | None,
    figure: str,
    over: Sequence[str],
) -> tuple[pd.DataFrame, dict[Reading, pd.DataFrame]]:
    """The leads as curves, and those of each reading of which there are any.

    Raises:
        UserError: if the figure cannot show all of it.
    """
    given = of_reading or {}
    check_values(pd.DataFrame({"reading": list(given)}), "reading", READING_STYLES, figure=figure)
    there = {
        reading: given[reading]
        for reading in get_args(Reading)[::-1]
        if reading in given and not given[reading].empty
    }
    for leads in (table, *there.values()):
        check_table(leads, _COLUMNS, figure=figure)
        check_values(leads, "dataset", REAL_DATASET, figure=figure)
        check_values(leads, "over", over, figure=figure)
        check_values(leads, "split", LINESTYLES, figure=figure)
    return _as_curves(table), {reading: _as_curves(leads) for reading, leads in there.items()}


def _as_curves(leads: pd.DataFrame) -> pd.DataFrame:
    """Drawn like the curves of the algorithm that is led over, whose colour and mark they have."""
    curves = leads.rename(columns={"over": "algorithm", "lead": "value"})
    # An empty table has columns of objects.
    typed = curves.astype({"seed": int, "value": float, "training_samples": float})
    return typed.sort_values("training_samples", kind="stable", ignore_index=True)


def _of(curves: pd.DataFrame, real: str) -> pd.Series[bool]:
    return curves["dataset"].map(REAL_DATASET) == real


def _name(ours: pd.DataFrame, real: str) -> str:
    """The data set's name, as it is in the table: a stand-in goes under its own."""
    return DATASET_TITLES[ours["dataset"].iloc[0] if len(ours) else real]
