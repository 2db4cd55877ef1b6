"""What a data set looks like: its first images, in rows."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from companion.drawing.images import STRIP_GAP, sheet, show_sheet, strip_size, to_images
from companion.figures.theme import WIDTH, new_figure
from vaelib.checks.limits import Count, checked


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
    columns = min(columns, len(images))
    image = sheet(images, columns=columns, gap=STRIP_GAP)
    figure = new_figure(*strip_size(image, columns, WIDTH))
    show_sheet(figure.add_subplot(), image)
    return figure
