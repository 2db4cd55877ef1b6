"""Figures 4 and 5: what a decoder makes of the latent space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure

from companion.drawing.images import sheet, show_sheet, to_images
from companion.experiments.manifold_grid import manifold_grid
from companion.figures.theme import WIDTH, new_figure
from companion.wording import significant
from vaelib.checks.limits import Count, Whole, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator

# Where Fig. 4 says what z is.
TICKS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)


@checked
def draw_figure4(
    model: VariationalAutoencoder, image_shape: Sequence[Count], n: Count = 20
) -> Figure:
    """Fig. 4: the manifold that a decoder with a two-dimensional latent space has learned.

    The unit square is cut into n × n equal cells, the centre of each goes through the inverse
    Gaussian CDF to a z, and the mean of p(x|z) is drawn in the cell: equal areas of the figure
    are equally probable under p(z).

    Args:
        model: with n_latent = 2.
        image_shape: height and width of an image in pixels.
        n: cells on a side.

    Raises:
        UserError: for another n_latent or image shape, or n below one.
    """
    if model.n_latent != 2:
        raise UserError(f"the model has n_latent {model.n_latent}: Fig. 4 needs one with 2")
    if n < 1:
        raise UserError(f"n is {n}: give at least 1 cell on a side")
    height, width = image_shape
    with torch.no_grad():
        images = to_images(model.decode(manifold_grid(n, like=model)).mean, image_shape)
    side = min(5.2, 6.4 * width / height)
    figure = new_figure(side, side * height / width)
    axes = figure.add_subplot()
    canvas, aspect = sheet(images, columns=n), height / width
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=1, extent=(0, 1, 0, 1), aspect=aspect)
    axes.grid(visible=False)
    at = torch.special.ndtr(torch.tensor(TICKS, dtype=torch.float64)).tolist()
    names = [significant(tick) for tick in TICKS]
    axes.set(xticks=at, yticks=at, xticklabels=names, yticklabels=names)
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    return figure


@checked
def draw_figure5(
    models: Mapping[int, VariationalAutoencoder], image_shape: Sequence[Count], seed: Whole = 0
) -> Figure:
    """Fig. 5: the means of p(x|z) for 100 draws of z from the prior, one panel for each model.

    Args:
        models: from n_latent to the model.
        image_shape: height and width of an image in pixels.
        seed: of the draws.

    Raises:
        UserError: if there is no model, or images have another shape.
    """
    if not models:
        raise UserError("there is no model to draw samples from: pass at least one")
    height, width = image_shape
    columns = min(len(models), 2)
    rows = -(-len(models) // columns)
    side = WIDTH / columns
    figure = new_figure(WIDTH, rows * side * height / width)
    for place, (n_latent, model) in enumerate(models.items(), start=1):
        draws = model.generate(100, generator=generator(seed, "figure5", n_latent))
        axes = figure.add_subplot(rows, columns, place)
        show_sheet(axes, sheet(to_images(draws, image_shape), columns=10))
        axes.set_title(f"{n_latent}-D latent space")
    return figure
