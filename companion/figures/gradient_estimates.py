"""Section 2.4: what a sample tells about a gradient, and how far estimates made of it spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from torch import Tensor

from companion.figures.theme import ESTIMATOR_COLOURS, GREY, INK, SKY, WIDTH, new_figure
from vaelib.checks.limits import Finite, Positive, checked
from vaelib.errors import UserError

_PATHWISE, _SCORE = ESTIMATOR_COLOURS["estimator B"], ESTIMATOR_COLOURS["score function"]
COLOURS = {"pathwise": _PATHWISE, "score function": _SCORE}
Z_LIMITS = (-3.5, 3.5)
BINS = 60
TAILS = (0.005, 0.995)


@checked
def draw_gradient_estimates(
    function: Callable[[Tensor], Tensor],
    mean: Finite,
    std: Positive,
    epsilon: Tensor,
    estimates: Mapping[str, Tensor],
    *,
    exact: Finite,
) -> Figure:
    """Samples z = μ + σε on a function f, and two estimators of the derivative of E[f(z)] in μ.

    Left, each sample has a stem, the height f(z) that the score function uses, and a stroke, the
    slope f'(z) that the pathwise estimator uses; a line leads to its noise. Right, histograms on
    one axis; estimates beyond it are counted in the outermost bars.

    Args:
        function: f, elementwise and differentiable.
        mean: μ.
        std: σ.
        epsilon: `(n,)`, the noise of the samples on the left.
        estimates: "pathwise" and "score function", each `(m,)`.
        exact: the derivative itself.

    Raises:
        UserError: for other estimators than these two, or a σ that is not positive.
    """
    if set(estimates) != set(COLOURS):
        raise UserError(f"estimates of {sorted(estimates)}: pass those of {sorted(COLOURS)}")
    if std <= 0:
        raise UserError(f"a standard deviation of {std:g}: pass a positive one")
    figure = new_figure(WIDTH, 3.4)
    left, right = figure.subfigures(1, 2, squeeze=False)[0]
    _samples(left, function, mean, std, epsilon)
    _histograms(right, estimates, exact)
    return figure


def _samples(
    figure: SubFigure,
    function: Callable[[Tensor], Tensor],
    mean: float,
    std: float,
    epsilon: Tensor,
) -> None:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    grid = torch.linspace(*Z_LIMITS, 400)
    bell = torch.exp(-0.5 * ((grid - mean) / std) ** 2)
    z = (mean + std * epsilon).requires_grad_()
    heights = function(z)
    (slopes,) = torch.autograd.grad(heights.sum(), z)
    z, heights = z.detach(), heights.detach()
    top = 1.3 * float(heights.max())
    above.fill_between(grid, 0.35 * top * bell, color=SKY, alpha=0.3, lw=0)
    above.plot(grid, function(grid), color=INK)
    above.vlines(z, 0, heights, color=_SCORE, lw=1)
    for place, height, slope in zip(z.tolist(), heights.tolist(), slopes.tolist(), strict=True):
        # As long on the page whatever the slope, in a panel about twice as wide as high.
        scale = (Z_LIMITS[1] - Z_LIMITS[0]) / top / 2
        half = 0.22 / (1 + (slope * scale) ** 2) ** 0.5
        above.plot(
            [place - half, place + half],
            [height - half * slope, height + half * slope],
            color=_PATHWISE,
            lw=2.5,
        )
    above.plot(z, heights, "o", color=INK, markeredgecolor="white")
    above.set(xlim=Z_LIMITS, ylim=(0, top), ylabel="$f(z)$")
    above.grid(visible=False)
    for noise, place in zip(epsilon.tolist(), z.tolist(), strict=True):
        below.plot([place, noise], [1, 0], color=GREY, lw=0.8, clip_on=False)
    below.plot(z, torch.ones(len(z)), "o", color=INK, clip_on=False)
    below.plot(epsilon, torch.zeros(len(z)), "o", color="white", markeredgecolor=INK, clip_on=False)
    below.set(ylim=(-0.1, 1.1), xlabel="samples $z$ above, their noise $\\epsilon$ below")
    below.set_yticks([0, 1], ["$\\epsilon$", "$z$"])
    below.grid(visible=False)


def _histograms(figure: SubFigure, estimates: Mapping[str, Tensor], exact: float) -> None:
    # The middle 99 % of either estimator.
    ends = torch.stack([values.quantile(torch.tensor(TAILS)) for values in estimates.values()])
    margin = 0.05 * float(ends.max() - ends.min())
    low, high = float(ends.min()) - margin, float(ends.max()) + margin
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (name, colour) in zip(panels, COLOURS.items(), strict=True):
        _histogram(axes, estimates[name].clamp(low, high), (low, high), colour)
        axes.axvline(exact, color=INK, ls="--", lw=1)
        axes.set_title(name, loc="left")
    panels[-1].set_xlabel("estimate of the derivative in $\\mu$")


def _histogram(axes: Axes, values: Tensor, limits: tuple[float, float], colour: str) -> None:
    axes.hist(values.numpy(), bins=BINS, range=limits, color=colour)
    axes.set(xlim=limits)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
