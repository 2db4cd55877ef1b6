"""What a model makes of codes from the prior: images, in rows."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from companion.drawing.images import STRIP_GAP, sheet, show_sheet, strip_size, to_images
from companion.figures.theme import WIDTH, new_figure
from vaelib.checks.limits import Count, checked


@checked
def draw_generated(means: Tensor, image_shape: Sequence[Count], *, columns: Count = 10) -> Figure:
    """All of the means `(n, n_pixels)` of p(x|z), between 0 and 1, as images.

    Raises:
        UserError: if they are no such images.
    """
    image = sheet(to_images(means, image_shape), columns=columns, gap=STRIP_GAP)
    figure = new_figure(*strip_size(image, columns, WIDTH))
    show_sheet(figure.add_subplot(), image)
    return figure
