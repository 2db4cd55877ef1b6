"""A posterior of two peaks, the draws of chains, and what the peaks say."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from companion.drawing.images import show_sheet, to_images
from companion.drawing.inputs import to_array
from companion.figures.theme import INK, WIDTH, new_figure
from companion.studies.separate_peaks import PosteriorSlice
from vaelib.checks.limits import Count, checked
from vaelib.errors import UserError

DARKEST = 40.0  # nats: what is lower is as dark as this
_STEPS = 10


@checked
def draw_separate_peaks(
    posterior: PosteriorSlice, images: Tensor, image_shape: Sequence[Count]
) -> Figure:
    """The posterior on a plane through its two peaks; beside, the datapoint and their decodings.

    Args:
        posterior: from `separate_peaks.slice_between_peaks`.
        images: the datapoint and the decoder's mean at the two codes, `(3, n_pixels)`.
        image_shape: height and width of an image in pixels.

    Raises:
        UserError: for another number of images, or data that are not such images.
    """
    if len(images) != 3:
        raise UserError(f"there are {len(images)} images: pass the datapoint's and the two codes'")
    figure = new_figure(WIDTH, 3.2)
    grid = figure.add_gridspec(3, 2, width_ratios=[4.5, 1.0])
    axes = figure.add_subplot(grid[:, 0])
    levels = [-DARKEST + DARKEST / _STEPS * step for step in range(_STEPS + 1)]
    along, across = to_array(posterior.along), to_array(posterior.across)
    density = to_array(posterior.log_density.clamp(min=-DARKEST, max=0.0))
    filled = axes.contourf(along, across, density, levels=levels, cmap="Blues")
    draws = to_array(posterior.draws)
    axes.plot(draws[:, 0], draws[:, 1], ".", color=INK, markersize=2, alpha=0.5, rasterized=True)
    length = along[-1] / 1.5
    for place, name in ((0.0, "a"), (length, "b")):
        axes.annotate(
            name, (place, 0.0), xytext=(0, 14), textcoords="offset points", ha="center", color=INK
        )
    axes.set(
        xlim=(along[0], along[-1]),
        ylim=(across[0], across[-1]),
        xlabel="$z$ along the line from peak a to peak b",
        ylabel="$z$ across",
    )
    axes.grid(visible=False)
    figure.colorbar(filled, ax=axes, label=r"$\log p(\mathbf{z}|\mathbf{x})$ below a (nats)")
    pictures = to_images(images, image_shape)
    for row, (picture, name) in enumerate(zip(pictures, ("data", "a", "b"), strict=True)):
        panel = figure.add_subplot(grid[row, 1])
        show_sheet(panel, picture)
        panel.set_ylabel(name, rotation=0, ha="right", va="center")
    return figure
