"""The figures of a report, for images, grey or coloured, and for rows of numbers."""

from __future__ import annotations

import math

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from torch import Tensor

from companion.drawing.images import STRIP_GAP, sheet, show_sheet
from companion.drawing.inputs import Array, to_array
from companion.figures.theme import BLUE, GREY, LINESTYLES, VERMILION, WIDTH, new_figure
from companion.own.assessment import ACTIVE, Assessment
from companion.runs.store import Run
from companion.wording import number
from vaelib.checks.limits import Whole, checked
from vaelib.elbo import gaussian_parameters
from vaelib.model import VariationalAutoencoder

SHOWN = 10
# Inches: narrower than the book's figures, so that their letters can be read on a phone.
CHART = 4.8
MOST_CODES = 3000


def draw_own_curve(run: Run) -> Figure:
    """The bound on training and on held-out points as training goes on."""
    figure = new_figure(CHART, 2.9)
    axes = figure.add_subplot()
    curve = run.curve()
    for split, style in LINESTYLES.items():
        part = curve[curve["split"] == split]
        axes.plot(
            part["training_samples"],
            part["value"],
            color=BLUE,
            ls=style,
            marker="o" if split == "test" else "",
            markersize=3.5,
            label="held out" if split == "test" else "training",
        )
    axes.set(xscale="log", xlabel="training samples", ylabel="lower bound (nats per datapoint)")
    # A short run is within a decade, where a logarithmic axis would have no mark.
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda samples, _: number(samples)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="lower right")
    return figure


def draw_own_decodings(model: VariationalAutoencoder, x: Tensor, shape: tuple[int, ...]) -> Figure:
    """Datapoints, and what the decoder makes of their codes.

    Args:
        model: encodes and decodes.
        x: `(n, n_pixels)`, some of them.
        shape: of a datapoint.
    """
    x = x[:SHOWN]
    with torch.no_grad():
        x_hat = model.decode(model.encode(x).mean).mean
    if _is_image(shape):
        low, high = _range_of(x)
        figure = _strip(torch.cat([x, x_hat]), shape, len(x), low, high)
        height = shape[0]
        figure.axes[0].set_yticks([height / 2, height * 1.5 + STRIP_GAP], ["data", "decoder"])
        return figure
    return _profiles(x[:4], x_hat[:4])


@checked
def draw_own_samples(
    model: VariationalAutoencoder, x: Tensor, shape: tuple[int, ...], *, seed: Whole
) -> Figure:
    """Means of p(x|z) for draws of z from the prior.

    Args:
        model: generates.
        x: some data, for the range of grey.
        shape: of a datapoint.
        seed: of the draws.
    """
    numbers = torch.Generator().manual_seed(seed)
    if _is_image(shape):
        low, high = _range_of(x)
        draws = model.generate(4 * SHOWN, generator=numbers)
        return _strip(draws, shape, SHOWN, low, high)
    figure = new_figure(CHART, 2.6)
    axes = figure.add_subplot()
    draws = model.generate(SHOWN, generator=numbers)
    axes.plot(to_array(draws).T, color=BLUE, lw=0.9, alpha=0.7, marker=_marker(x))
    axes.set(xlabel="value", ylabel="mean of $p(x|z)$")
    return figure


def draw_code_plane(model: VariationalAutoencoder, x: Tensor, found: Assessment) -> Figure:
    """Where datapoints are encoded, in the two latent dimensions that vary most.

    Args:
        model: encodes.
        x: `(n, n_pixels)`, held out.
        found: says how much each dimension varies.
    """
    with torch.no_grad():
        mean, _ = gaussian_parameters(model.encode(x[:MOST_CODES]))
    figure = new_figure(CHART, 4.2)
    axes = figure.add_subplot()
    order = sorted(range(len(found.variances)), key=lambda j: -found.variances[j])
    if len(order) == 1:
        axes.hist(to_array(mean[:, 0]), bins=40, color=BLUE)
        axes.set(xlabel="mean of $z_1$", ylabel="datapoints")
        return figure
    first, second = order[:2]
    codes = to_array(mean[:, [first, second]])
    axes.scatter(codes[:, 0], codes[:, 1], s=7, lw=0, alpha=0.6, color=BLUE, rasterized=True)
    # The circle that holds 95 % of the prior.
    radius = math.sqrt(-2 * math.log(0.05))
    angle = np.linspace(0, 2 * math.pi, 200)
    axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=GREY, lw=0.8, ls=":")
    across, up = (f"mean of $z_{{{j + 1}}}$" for j in (first, second))
    axes.set(xlabel=across, ylabel=up, aspect="equal")
    return figure


def draw_active_units(found: Assessment) -> Figure:
    """What each latent dimension costs: those that are used, and those that are not."""
    figure = new_figure(CHART, 2.6)
    axes = figure.add_subplot()
    order = sorted(range(len(found.kl)), key=lambda j: -found.kl[j])
    colours = [BLUE if found.variances[j] > ACTIVE else VERMILION for j in order]
    axes.bar(range(len(order)), [found.kl[j] for j in order], color=colours)
    step = max(1, len(order) // 12)
    places = list(range(0, len(order), step))
    axes.set_xticks(places, [f"$z_{{{order[place] + 1}}}$" for place in places])
    axes.set(xlabel="latent dimension", ylabel="KL (nats)")
    axes.grid(visible=False, axis="x")
    return figure


def _is_image(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 3))


def _range_of(x: Tensor) -> tuple[float, float]:
    """What is black and what is white: 0 and 1 for intensities, else the range of the data."""
    low, high = (bound.item() for bound in torch.aminmax(x))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _strip(x: Tensor, shape: tuple[int, ...], columns: int, low: float, high: float) -> Figure:
    """Images in rows, from black at `low` to white at `high`."""
    images = ((to_array(x) - low) / (high - low)).clip(0, 1).reshape(-1, *shape)
    if len(shape) == 3 and shape[-1] == 3:
        channels = [sheet(images[..., c], columns=columns, gap=STRIP_GAP) for c in range(3)]
        image: Array = np.stack(channels, axis=-1)
    else:
        image = sheet(images.reshape(-1, *shape[:2]), columns=columns, gap=STRIP_GAP)
    wide = min(WIDTH, 0.8 * columns)
    figure = new_figure(wide, wide * image.shape[0] / image.shape[1])
    show_sheet(figure.add_subplot(), image)
    return figure


def _profiles(x: Tensor, x_hat: Tensor) -> Figure:
    """Rows of numbers as curves, one panel for each datapoint."""
    figure = new_figure(CHART, 3.4)
    for place, (own, decoded) in enumerate(zip(x, x_hat, strict=True), start=1):
        axes: Axes = figure.add_subplot(2, 2, place)
        axes.plot(to_array(own), color=GREY, lw=1.2, marker=_marker(x), label="data")
        axes.plot(to_array(decoded), color=BLUE, lw=1.0, marker=_marker(x), label="decoder")
        if place > 2:
            axes.set_xlabel("value")
    figure.axes[0].legend(loc="best")
    return figure


def _marker(x: Tensor) -> str:
    return "." if x.shape[1] <= 40 else ""
