"""Samples on their way as the parameters move: the reparameterization of section 2.4."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from torch import Tensor

from companion.drawing.inputs import to_array
from companion.figures.theme import BLUE, VERMILION, WIDTH, new_figure
from vaelib.distributions.gamma_quantile import log_gamma_quantile
from vaelib.errors import UserError


def draw_sample_path(mean: Tensor, std: Tensor, epsilon: Tensor) -> Figure:
    """Section 2.4: the noise ε stays, and z = μ + σ ε moves smoothly with μ and σ.

    Left, from top to bottom: a Gaussian moves, and each sample moves with it along a line whose
    slope is the gradient that Eq. 5 averages. Right: the same samples on the cumulative
    distributions; ε fixes the height, and μ and σ the z at which the curve has that height.

    Args:
        mean, std: the settings of the Gaussian in order, `(S,)` each, S at least 2.
        epsilon: the noise, `(L,)`; about ten draws can be followed.

    Raises:
        UserError: if the shapes are others, or a standard deviation is not positive.
    """
    mu, sigma, noise = to_array(mean), to_array(std), to_array(epsilon)
    if mu.ndim != 1 or mu.shape != sigma.shape or len(mu) < 2 or noise.ndim != 1 or not len(noise):
        raise UserError(
            f"mean {mu.shape}, std {sigma.shape} and epsilon {noise.shape} do not make paths: "
            "pass (S,), (S,) with S at least 2, and (L,)"
        )
    if not (sigma > 0).all():
        raise UserError(f"the smallest std is {sigma.min():g}: pass positive ones")
    figure = new_figure(WIDTH, 3.6)
    left, right = figure.subplots(1, 2, sharex=True, gridspec_kw={"wspace": 0.06})
    z = np.linspace((mu - 3.2 * sigma).min(), (mu + 3.2 * sigma).max(), 400)
    samples = mu[:, None] + sigma[:, None] * noise
    heights = torch.special.ndtr(torch.as_tensor(noise)).numpy()
    colours = colormaps["cividis"](heights)
    shades = colormaps["Greys"](np.linspace(0.45, 0.9, len(mu)))
    ridge = 0.8 * sigma.min()
    for step, (m, s) in enumerate(zip(mu, sigma, strict=True)):
        density = ridge / s * np.exp(-0.5 * ((z - m) / s) ** 2)
        left.fill_between(z, -step, density - step, color=BLUE, alpha=0.15, lw=0)
        left.plot(z, density - step, color=BLUE, lw=0.9)
        cumulative = torch.special.ndtr(torch.as_tensor((z - m) / s)).numpy()
        right.plot(z, cumulative, color=shades[step], lw=1.1)
        right.scatter(samples[step], heights, c=colours, s=14, zorder=3, edgecolor="white", lw=0.3)
    for path, colour, height in zip(samples.T, colours, heights, strict=True):
        left.plot(path, -np.arange(len(mu)), "o-", color=colour, lw=1, markersize=3.5)
        right.plot([path.min(), path.max()], [height, height], color=colour, lw=0.8, ls=":")
    names = [rf"$\mu={m:.3g},\ \sigma={s:.3g}$" for m, s in zip(mu, sigma, strict=True)]
    left.set_yticks(-np.arange(len(mu)), names)
    left.tick_params(axis="y", length=0)
    left.spines["left"].set_visible(False)
    left.grid(visible=False, axis="y")
    left.set(xlabel=r"$z = \mu + \sigma\,\epsilon$", xlim=(z[0], z[-1]))
    right.set(xlabel=r"$z = \mu + \sigma\,\epsilon$", ylim=(0, 1))
    right.set_ylabel(r"cumulative probability of $z$, and of $\epsilon$")
    return figure


def draw_gamma_path(concentration: Tensor, epsilon: Tensor) -> Figure:
    """Section 2.4: a Gamma variable moves with its shape α, along a path without a formula.

    Left: z = G⁻¹(ε; α) against α for each fixed ε. The short strokes have the slope that implicit
    reparameterization gives; they touch the paths. Right: the same samples on the cumulative
    distributions, each at its own height ε.

    Args:
        concentration: where samples and slopes are shown, `(S,)`, positive and rising, S at
            least 2.
        epsilon: the noise, `(L,)`, in (0, 1); about ten draws can be followed.

    Raises:
        UserError: if the shapes or the numbers are others.
    """
    alpha = torch.as_tensor(concentration, dtype=torch.float64)
    noise = torch.as_tensor(epsilon, dtype=torch.float64)
    rising = alpha.ndim == 1 and len(alpha) > 1 and bool((alpha.diff() > 0).all() and alpha[0] > 0)
    if not rising or noise.ndim != 1 or not ((noise > 0) & (noise < 1)).all() or not len(noise):
        raise UserError(
            f"concentration {alpha.tolist()} and epsilon {noise.tolist()} do not make paths: "
            "pass positive shapes in rising order, two or more, and noise in (0, 1)"
        )
    at = alpha.unsqueeze(1).expand(-1, len(noise)).clone().requires_grad_()
    samples = log_gamma_quantile(noise, at).exp()
    (slopes,) = torch.autograd.grad(samples.sum(), at)
    margin = 0.08 * (alpha[-1] - alpha[0])
    fine = torch.linspace(0.5 * float(alpha[0]), float(alpha[-1] + margin), 200).double()
    paths = log_gamma_quantile(noise, fine.unsqueeze(1)).exp()
    figure = new_figure(WIDTH, 3.4)
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.06})
    colours = colormaps["cividis"](noise.numpy())
    for path, colour in zip(paths.T, colours, strict=True):
        left.plot(fine, path, color=colour, lw=1)
    for shape, row, slope in zip(alpha.tolist(), samples.detach(), slopes, strict=True):
        reach = torch.tensor([-0.6, 0.6]).double() * margin
        for z, steep in zip(row, slope, strict=True):
            left.plot(shape + reach, z + steep * reach, color=VERMILION, lw=1.6, zorder=3)
        left.scatter([shape] * len(row), row, c=colours, s=14, zorder=4, edgecolor="white", lw=0.3)
    z = torch.linspace(1e-3, float(paths.max()), 400).double()
    shades = colormaps["Greys"](np.linspace(0.45, 0.9, len(alpha)))
    for shape, row, shade in zip(alpha, samples.detach(), shades, strict=True):
        cumulative = torch.special.gammainc(shape, z)
        right.plot(z, cumulative, color=shade, lw=1.1, label=rf"$\alpha={float(shape):.3g}$")
        right.scatter(row, noise, c=colours, s=14, zorder=3, edgecolor="white", lw=0.3)
    for height, row, colour in zip(noise.tolist(), samples.detach().T, colours, strict=True):
        right.plot([row.min(), row.max()], [height, height], color=colour, lw=0.8, ls=":")
    left.set(xlabel=r"shape $\alpha$", ylabel=r"$z = G^{-1}_\alpha(\epsilon)$", ylim=(0, None))
    right.set(xlabel=r"$z = G^{-1}_\alpha(\epsilon)$", ylim=(0, 1), xlim=(0, None))
    right.set_ylabel(r"cumulative probability of $z$, and $\epsilon$")
    right.legend(loc="lower right")
    return figure
