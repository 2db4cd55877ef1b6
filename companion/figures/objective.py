"""What M, L and the KL term do to learning: section 2.3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter
from torch import Tensor

from companion.drawing.images import sheet, to_images
from companion.drawing.inputs import check_table, to_array
from companion.figures.theme import (
    BLUE,
    DIGIT_COLOURS,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH,
    new_figure,
)
from vaelib.checks.limits import Count, Whole, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator

# A colour and a marker for each setting, in the order of the table.
SHADES = (BLUE, ORANGE, VERMILION, GREEN, PURPLE, SKY, INK)
_MARKS = ("o", "s", "^", "D", "v", "P", "X")


def draw_decodings_against_images(curves: pd.DataFrame) -> Figure:
    """Claim C3: the test bound against the passes through the decoder, for choices of M and L.

    Left, more draws for each of 100 images; right, a step's 100 decodings spent in several ways,
    and two that make smaller steps. A line is the mean over seeds, a band their range.

    Args:
        curves: from `objective.decoding_curves`; columns minibatch_size, n_samples, seed, split,
            decodings, value (nats per datapoint).

    Raises:
        UserError: for a table without these columns or rows.
    """
    columns = ("minibatch_size", "n_samples", "seed", "split", "decodings", "value")
    check_table(curves, columns, figure="M and L")
    test = curves[curves["split"] == "test"]
    figure = new_figure(WIDTH, 3.5)
    left, right = figure.subplots(1, 2, sharey=True)
    large = test["minibatch_size"].max()
    settings = test.groupby(["minibatch_size", "n_samples"], sort=False)
    lines = {}
    for place, (_, rows) in enumerate(settings):
        m, n = int(rows["minibatch_size"].iloc[0]), int(rows["n_samples"].iloc[0])
        # Left are the steps of as many images, right those that cost no more than the first.
        for axes, shown in ((left, m == large), (right, m * n <= large)):
            if shown:
                lines[f"$M = {m}$, $L = {n}$"] = _line(axes, rows, place % len(SHADES))
    for axes, title in ((left, "more draws for each image"), (right, "fewer images a step")):
        axes.set(xscale="log", title=title, xlabel="decoded samples (datapoints × $L$)")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
    left.set_ylabel("test bound (nats per datapoint)")
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=4)
    return figure


def _line(axes: Axes, rows: pd.DataFrame, place: int) -> Line2D:
    by = rows.groupby("decodings")["value"]
    mean, low, high = by.mean(), by.min(), by.max()
    axes.fill_between(mean.index, low, high, color=SHADES[place], alpha=0.2, lw=0)
    (line,) = axes.plot(mean.index, mean, color=SHADES[place], marker=_MARKS[place])
    return line


@checked
def draw_without_the_kl(
    models: Mapping[str, VariationalAutoencoder],
    x: Tensor,
    labels: Tensor,
    image_shape: Sequence[Count],
    *,
    seed: Whole = 0,
) -> Figure:
    """Claim C10: for each model its plane of codes, and below it images drawn from the prior.

    The circle has the radius 2 and holds 86 % of the prior.

    Args:
        models: from a title to a model with n_latent = 2.
        x: images `(M, n_pixels)` to encode, with their labels `(M,)` from 0 to 9.
        image_shape: height and width of an image in pixels.
        seed: of the draws from the prior.

    Raises:
        UserError: for a model with another n_latent.
    """
    figure = new_figure(WIDTH, 4.5)
    grid = figure.add_gridspec(2, len(models), height_ratios=(3, 1.25))
    for place, (title, model) in enumerate(models.items()):
        if model.n_latent != 2:
            raise UserError(f"the model has n_latent {model.n_latent}: a plane of codes needs 2")
        with torch.no_grad():
            codes = to_array(model.encode(x).mean)
        plane = figure.add_subplot(grid[0, place])
        colours = [DIGIT_COLOURS[label] for label in labels.tolist()]
        plane.scatter(codes[:, 0], codes[:, 1], c=colours, s=5, lw=0, alpha=0.7, rasterized=True)
        plane.add_patch(Circle((0, 0), 2, fill=False, color=INK, lw=1.2))
        plane.set(title=title, xlabel="mean of $z_1$", ylabel="mean of $z_2$", aspect="equal")
        plane.margins(0.06)
        plane.set_anchor("C")
        images = model.generate(20, generator=generator(seed, "prior", title))
        below = figure.add_subplot(grid[1, place])
        picture = sheet(to_images(images, image_shape), columns=10, gap=1)
        below.imshow(picture, cmap="gray", vmin=0, vmax=1)
        below.grid(visible=False)
        below.set(xticks=[], yticks=[], xlabel="decoded draws from the prior")
        below.spines[:].set_visible(False)
    return figure
