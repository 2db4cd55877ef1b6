"""One datapoint on its way through the model: encoded, drawn from the posterior, decoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from torch import Tensor

from companion.drawing.images import STRIP_GAP, sheet, to_images
from companion.drawing.inputs import to_array
from companion.figures.theme import DIGIT_COLOURS, VERMILION, WIDTH, new_figure
from vaelib.checks.limits import Count, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder

_SAMPLES = 6


@checked
def draw_coding(
    model: VariationalAutoencoder,
    x: Tensor,
    epsilon: Tensor,
    map_of: tuple[Tensor, Tensor],
    image_shape: Sequence[Count],
) -> Figure:
    """A datapoint, its posterior q(z|x) on the plane of codes, and samples of it, decoded.

    The posterior is drawn as its ellipses of one and two standard deviations.

    Args:
        model: with n_latent = 2.
        x: one datapoint, `(n_pixels,)`.
        epsilon: standard normal noise, `(L, 2)`; the first six samples are decoded.
        map_of: other datapoints `(N, n_pixels)` and their labels `(N,)`, to show where they lie.
        image_shape: height and width of an image in pixels.

    Raises:
        UserError: for another n_latent, or images of another shape.
    """
    if model.n_latent != 2:
        raise UserError(f"the model has n_latent {model.n_latent}: this figure needs one with 2")
    others, labels = map_of
    with torch.no_grad():
        q = model.encode(x).base_dist
        codes = to_array(model.encode(others).mean)
        decoded = to_images(model.decode(q.mean + q.stddev * epsilon[:_SAMPLES]).mean, image_shape)
    figure = new_figure(WIDTH, 2.6)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.35, 1))
    left.imshow(to_images(x.unsqueeze(0), image_shape)[0], cmap="gray", vmin=0, vmax=1)
    left.set_title(r"$\mathbf{x}$")
    shades = [DIGIT_COLOURS[label] for label in to_array(labels).astype(int)]
    middle.scatter(*codes.T, c=shades, s=3, lw=0, alpha=0.5, rasterized=True)
    for deviations in (2, 1):
        width, height = 2 * deviations * to_array(q.stddev)
        first, second = to_array(q.mean)
        place = (float(first), float(second))
        middle.add_patch(Ellipse(place, width, height, color=VERMILION, alpha=0.35, lw=0))
        middle.add_patch(Ellipse(place, width, height, edgecolor=VERMILION, fill=False, lw=1.2))
    middle.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal", title=r"$q_\phi(z|\mathbf{x})$")
    # Not out to the last stray code.
    (left_end, bottom), (right_end, top) = np.quantile(codes, (0.001, 0.999), axis=0)
    middle.set(xlim=(left_end - 0.3, right_end + 0.3), ylim=(bottom - 0.3, top + 0.3))
    right.imshow(sheet(decoded, columns=2, gap=STRIP_GAP), cmap="gray", vmin=0, vmax=1)
    right.set_title(r"$p_\theta(\mathbf{x}|z^{(l)})$")
    for axes in (left, right):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.grid(visible=False)
    return figure
