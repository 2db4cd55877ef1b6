"""Where datapoints are encoded, in a latent space of two dimensions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor

from companion.drawing.inputs import Array, to_array
from companion.figures.theme import DIGIT_COLOURS, GROUND, INK, new_figure
from vaelib.checks.limits import NotNegative, checked
from vaelib.errors import UserError

# What a label's name takes up, as a share of the longer axis.
NAME = 0.05


@checked
def apart(places: Array, least: NotNegative) -> Array:
    """Places `(n, 2)`, those nearer than `least` to each other moved apart."""
    moved = places.copy()
    for _ in range(100):
        for one, other in combinations(range(len(moved)), 2):
            between = moved[other] - moved[one]
            distance = float(np.hypot(*between))
            if distance < least:
                away = between / distance if distance else np.array([1.0, 0.0])
                moved[one] -= 0.5 * (least - distance) * away
                moved[other] += 0.5 * (least - distance) * away
    return moved


def draw_latent_codes(codes: Tensor, labels: Tensor) -> Figure:
    """Posterior means of datapoints in a two-dimensional latent space, coloured by label.

    Each label's name stands at the median of its points, because no ten colours are told apart
    by everyone; names that would cover each other stand side by side.

    Args:
        codes: the means of q(z|x), `(N, 2)`.
        labels: `(N,)`, integers from 0 to 9.

    Raises:
        UserError: for other shapes or labels.
    """
    points, classes = to_array(codes), to_array(labels).astype(int)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise UserError(f"codes have shape {points.shape}: pass (N, 2), with N at least 1")
    if classes.shape != points.shape[:1] or classes.min() < 0 or classes.max() > 9:
        raise UserError(
            f"labels of shape {classes.shape} do not name a digit for each of {len(points)} codes: "
            "pass (N,) integers from 0 to 9"
        )
    figure = new_figure(5.6, 5.0)
    axes = figure.add_subplot()
    # In the order of the data: drawn class by class, the last would cover the others.
    axes.scatter(
        points[:, 0],
        points[:, 1],
        c=[DIGIT_COLOURS[label] for label in classes],
        s=7,
        lw=0,
        alpha=0.7,
        rasterized=True,
    )
    outline = [withStroke(linewidth=3, foreground=GROUND)]
    shown = np.unique(classes)
    middles = np.array([np.median(points[classes == label], axis=0) for label in shown])
    least = NAME * float(np.ptp(points, axis=0).max())
    for label, middle in zip(shown, apart(middles, least), strict=True):
        axes.scatter([], [], c=DIGIT_COLOURS[label], s=30, lw=0, label=str(label))
        axes.text(
            middle[0],
            middle[1],
            str(label),
            ha="center",
            va="center",
            fontsize=13,
            fontweight="bold",
            color=INK,
            path_effects=outline,
        )
    axes.set(xlabel="mean of $z_1$", ylabel="mean of $z_2$", aspect="equal")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="digit", handletextpad=0.1)
    return figure
