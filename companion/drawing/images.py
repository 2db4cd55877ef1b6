"""Datapoints as images, and several images as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from torch import Tensor

from companion.drawing.inputs import Array, to_array
from vaelib.checks.limits import Count, Positive, Whole, checked
from vaelib.errors import UserError

# Pixels between the images of a strip, which are few and in rows.
STRIP_GAP = 2


@checked
def to_images(x: Tensor | npt.ArrayLike, image_shape: Sequence[Count]) -> Array:
    """Datapoints `(n, n_pixels)` as images `(n, height, width)`.

    Raises:
        UserError: if there is none, or the pixels do not make such an image.
    """
    flat = to_array(x)
    height, width = image_shape
    if flat.ndim != 2 or len(flat) == 0 or flat.shape[1] != height * width:
        raise UserError(
            f"data of shape {flat.shape} are not images of {height} × {width} pixels: "
            f"pass at least one row of {height * width} pixels"
        )
    return flat.reshape(-1, height, width)


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


@checked
def strip_size(image: Array, columns: Count, widest: Positive) -> tuple[float, float]:
    """Width and height in inches for a strip of so many images, none wider than 0.8 inches."""
    height, width = image.shape
    inches = min(widest, 0.8 * columns)
    return inches, inches * height / width


def show_sheet(axes: Axes, image: Array) -> None:
    """One image or a sheet of them, from 0, black, to 1, white, without an axis around it."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set(xticks=[], yticks=[])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
