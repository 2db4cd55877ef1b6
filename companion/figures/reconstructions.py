"""What is kept of a datapoint: images, and below them what the decoder makes of their codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from companion.drawing.images import STRIP_GAP, sheet, show_sheet, strip_size, to_images
from companion.figures.theme import WIDTH, new_figure
from vaelib.checks.limits import Count, checked
from vaelib.errors import UserError


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
    image = sheet(images, columns=len(x), gap=STRIP_GAP)
    figure = new_figure(*strip_size(image, len(x), WIDTH))
    axes = figure.add_subplot()
    show_sheet(axes, image)
    height = image_shape[0]
    axes.set_yticks([height / 2, height * 1.5 + STRIP_GAP], rows)
    return figure
