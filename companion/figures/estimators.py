"""How noisy, and how right, the estimators of sections 2.2 and 2.3 are."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from companion.drawing.inputs import check_table, check_values
from companion.figures.theme import (
    BLUE,
    ESTIMATOR_COLOURS,
    ESTIMATOR_MARKERS,
    GREY,
    INK,
    WIDTH,
    new_figure,
)
from companion.wording import number
from vaelib.errors import UserError


def draw_gradient_variance(table: pd.DataFrame) -> Figure:
    """Claim C1: the variance of each component of the bound's gradient, by estimator.

    A box holds the middle half of the components, its whiskers reach from 5 % to 95 %. The number
    beside it is the median over components of the ratio to the variance under estimator B.
    Components without any variance, such as those of an idle unit, are left out.

    Args:
        table: from `gradients.gradient_variance`; columns estimator, parameter, variance (nats²,
            a parameter being a pure number), and component where a parameter has several.

    Raises:
        UserError: for a table without these columns or rows, with another estimator, or with
            several rows for one component.
    """
    what = "the gradient's variance"
    check_table(table, ("estimator", "parameter", "variance"), figure=what)
    check_values(table, "estimator", ESTIMATOR_COLOURS, figure=what)
    key = ["parameter", *(["component"] if "component" in table else [])]
    variances = _by_estimator(table, key, figure=what)
    shown = [name for name in ESTIMATOR_COLOURS if name in variances]
    check_table(variances[(variances > 0).all(axis=1)], shown, figure=what)
    variances = variances[(variances > 0).all(axis=1)]
    figure = new_figure(WIDTH, 0.8 + 0.42 * len(shown))
    axes = figure.add_subplot()
    for place, name in enumerate(reversed(shown)):
        box = axes.boxplot(
            variances[name],
            positions=[place],
            orientation="horizontal",
            whis=(5, 95),
            showfliers=False,
            widths=0.55,
            patch_artist=True,
            medianprops={"color": INK, "linewidth": 1.2},
            manage_ticks=False,
        )
        box["boxes"][0].set(facecolor=ESTIMATOR_COLOURS[name], edgecolor=INK, linewidth=0.8)
        if "estimator B" in shown:
            ratio = (variances[name] / variances["estimator B"]).median()
            _beside(axes, place, _times(ratio))
    if "estimator B" in shown:
        _beside(axes, len(shown) - 0.35, "relative to B", fontsize=8)
    axes.set(xscale="log", ylim=(-0.6, len(shown) - 0.4))
    axes.set_xlabel("variance of one component of the gradient (nats²)")
    axes.set_yticks(range(len(shown)), list(reversed(shown)))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    return figure


def draw_gradient_variance_in_training(table: pd.DataFrame) -> Figure:
    """Claim C1 during training: the gradient's variance against training samples, by estimator.

    A panel for each layer of the encoder; a line is the median over its components, the band holds
    the middle half of them. The axis is linear up to the second point, so that it can begin at 0.

    Args:
        table: from `gradients.gradient_variance_in_training`; columns training_samples, estimator,
            parameter, variance (nats²).

    Raises:
        UserError: for a table without these columns or rows, with another estimator, or with fewer
            than two counts of training samples.
    """
    what = "the variance in training"
    check_table(table, ("training_samples", "estimator", "parameter", "variance"), figure=what)
    check_values(table, "estimator", ESTIMATOR_COLOURS, figure=what)
    counts = sorted(table["training_samples"].unique())
    if len(counts) < 2:
        raise UserError(f"{what} has only one count of training samples: pass at least two")
    layer = table["parameter"].str.partition(".")[0]
    names = list(layer.unique())
    figure = new_figure(WIDTH, 3.6)
    panels = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        rows = table[(layer == name) & (table["variance"] > 0)]
        for estimator in [e for e in ESTIMATOR_COLOURS if e in set(rows["estimator"])]:
            group = rows[rows["estimator"] == estimator].groupby("training_samples")["variance"]
            low, middle, high = (group.quantile(q) for q in (0.25, 0.5, 0.75))
            colour = ESTIMATOR_COLOURS[estimator]
            axes.fill_between(low.index, low, high, color=colour, alpha=0.2, lw=0)
            marker = ESTIMATOR_MARKERS[estimator]
            axes.plot(middle, marker=marker, color=colour, label=estimator)
        axes.set_title(f"layer of the {name.replace('_', ' ')}")
        axes.set_xscale("symlog", linthresh=counts[1], linscale=0.4)
        axes.set_xticks(counts, [number(count) for count in counts])
        axes.set(yscale="log", xlim=(-0.06 * counts[1], 1.3 * counts[-1]))
        axes.set_xlabel("training samples evaluated")
    panels[0].set_ylabel("variance of one component\nof the gradient (nats²)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _by_estimator(table: pd.DataFrame, key: list[str], *, figure: str) -> pd.DataFrame:
    """Variances with a row for each key and a column for each estimator; incomplete rows go."""
    if table.duplicated([*key, "estimator"]).any():
        raise UserError(
            f"the table for {figure} has several rows of one estimator with the same "
            f"{' and '.join(key)}: pass one row each"
        )
    return table.pivot(index=key, columns="estimator", values="variance").dropna()


def _beside(axes: Axes, height: float, text: str, *, fontsize: float | None = None) -> None:
    axes.annotate(
        text, (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=fontsize
    )


def _times(ratio: float) -> str:
    """A factor to two figures, large ones as a power of ten."""
    if ratio < 1000:
        return f"× {ratio:.2g}" if ratio < 100 else f"× {ratio:.0f}"
    mantissa, exponent = f"{ratio:.1e}".split("e")
    return rf"× {mantissa} × $10^{{{int(exponent)}}}$"


def draw_estimator_variance(table: pd.DataFrame) -> Figure:
    """Claim C2: the variance over the noise of estimators A and B of each datapoint's bound.

    Below the diagonal, where the page is tinted, B varies less than A.

    Args:
        table: from `bounds.estimator_variance`; columns datapoint, estimator ("A" or "B"),
            variance (nats²).

    Raises:
        UserError: for a table without these columns or rows, or without both estimators.
    """
    what = "the estimators' variance"
    check_table(table, ("datapoint", "estimator", "variance"), figure=what)
    check_values(table, "estimator", ("A", "B"), figure=what)
    variances = _by_estimator(table, ["datapoint"], figure=what)
    check_table(variances, ("A", "B"), figure=what)
    figure = new_figure(4.0, 3.8)
    axes = figure.add_subplot()
    low, high = variances.min().min() / 1.5, variances.max().max() * 1.5
    axes.plot([low, high], [low, high], color=GREY, lw=1)
    axes.fill_between([low, high], [low, high], low, color=BLUE, alpha=0.07, lw=0)
    axes.scatter(
        variances["A"], variances["B"], s=14, color=BLUE, edgecolor="white", lw=0.3, alpha=0.8
    )
    share = (variances["B"] < variances["A"]).mean()
    axes.set_title(f"B varies less at {share:.0%} of the datapoints")
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.set(xlabel="variance of estimator A (nats²)", ylabel="variance of estimator B (nats²)")
    # Of a decade or two the powers of ten alone are too few, and labels between them run together.
    subs = (1.0, 2.0, 5.0) if high < 300 * low else (1.0,)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    return figure
