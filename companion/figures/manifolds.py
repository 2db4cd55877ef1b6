"""Figures 4 and 5, and other sheets of images: what a decoder makes of the latent space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from companion.figures.checks import Array, to_images
from companion.figures.theme import WIDTH, new_figure
from companion.studies.latent_space import manifold_grid
from companion.wording import significant
from vaelib.checks.limits import Count, Whole, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator

# Pixels between the images of a strip.
_GAP = 2
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
    _show(axes, sheet(images, columns=n), extent=(0, 1, 0, 1), aspect=height / width)
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
        _show(axes, sheet(to_images(draws, image_shape), columns=10))
        _frameless(axes)
        axes.set_title(f"{n_latent}-D latent space")
    return figure


@checked
def draw_samples_of_data(
    x: Tensor, image_shape: Sequence[Count], n: Count = 40, *, columns: Count = 20
) -> Figure:
    """The first n datapoints as images, in rows.

    Args:
        x: `(N, n_pixels)`, with intensities from 0, black, to 1, white.
        image_shape: height and width of an image in pixels.
        n: how many to show; all of x if it has fewer.

    Raises:
        UserError: if x holds no such images.
    """
    images = to_images(x[:n], image_shape)
    return _strip(images, columns=min(columns, len(images)))


@checked
def draw_reconstructions(
    x: Tensor,
    x_hat: Tensor,
    image_shape: Sequence[Count],
    *,
    rows: tuple[str, str] = ("data", "decoder"),
) -> Figure:
    """Datapoints above, and below each what the decoder makes of its code.

    Args:
        x, x_hat: `(M, n_pixels)` each; a dozen or two can be told apart.
        image_shape: height and width of an image in pixels.
        rows: the names of the upper and the lower row.

    Raises:
        UserError: if x and x_hat differ in shape, or hold no such images.
    """
    if x.shape != x_hat.shape:
        raise UserError(
            f"x has shape {tuple(x.shape)} and x_hat {tuple(x_hat.shape)}: "
            "pass one reconstruction for each datapoint"
        )
    images = np.concatenate([to_images(x, image_shape), to_images(x_hat, image_shape)])
    figure = _strip(images, columns=len(x))
    height = image_shape[0]
    figure.axes[0].set_yticks([height / 2, height * 1.5 + _GAP], rows)
    return figure


@checked
def sheet(images: Array, *, columns: Count, gap: Whole = 0) -> Array:
    """Images `(n, height, width)` set in rows into one, white where there is none."""
    n, height, width = images.shape
    rows = -(-n // columns)
    canvas = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap))
    for place, image in enumerate(images):
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas


def _strip(images: Array, *, columns: int) -> Figure:
    """Few images in rows, none wider than 0.8 inches."""
    image = sheet(images, columns=columns, gap=_GAP)
    height, width = image.shape
    inches = min(WIDTH, 0.8 * columns)
    figure = new_figure(inches, inches * height / width)
    axes = figure.add_subplot()
    _show(axes, image)
    _frameless(axes)
    return figure


def _show(
    axes: Axes,
    image: Array,
    *,
    extent: tuple[float, float, float, float] | None = None,
    aspect: float = 1.0,
) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, extent=extent, aspect=aspect)
    axes.grid(visible=False)


def _frameless(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
