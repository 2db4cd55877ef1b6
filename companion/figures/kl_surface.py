"""Appendix B drawn: what the KL term costs at each mean and standard deviation."""

from __future__ import annotations

import torch
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from torch import Tensor
from torch.distributions import Independent, Normal

from companion.drawing.inputs import to_array
from companion.figures.theme import INK, VERMILION, new_figure
from vaelib.elbo import gaussian_kl
from vaelib.errors import UserError


def draw_kl_surface(mean: Tensor | None = None, std: Tensor | None = None) -> Figure:
    """Appendix B: KL(N(μ, σ²) ‖ N(0, 1)) of one latent dimension over μ and σ, in nats.

    It is zero at the prior only, grows as μ²/2 to the sides, and as −log σ where q is narrow.

    Args:
        mean, std: of posteriors to mark on the surface, any shape, one latent dimension each.

    Raises:
        UserError: if only one of the two is given, or their shapes differ.
    """
    marks = [] if mean is None else [to_array(mean).ravel()]
    marks += [] if std is None else [to_array(std).ravel()]
    if len(marks) == 1 or (marks and marks[0].shape != marks[1].shape):
        raise UserError("the posteriors to mark need a mean and a std of one shape: pass both")
    mu = torch.linspace(-3, 3, 121, dtype=torch.float64)
    sigma = torch.logspace(-1.53, 0.5, 121, dtype=torch.float64)
    across, up = torch.meshgrid(mu, sigma, indexing="xy")
    kl = gaussian_kl(Independent(Normal(across.unsqueeze(-1), up.unsqueeze(-1)), 1))
    figure = new_figure(5.2, 3.5)
    axes = figure.add_subplot()
    levels = [0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6]
    axes.contourf(
        mu.numpy(),
        sigma.numpy(),
        kl.numpy(),
        [0, *levels, 10],
        cmap="Blues",
        norm=AsinhNorm(1.0, 0, 40),
    )
    lines = axes.contour(mu.numpy(), sigma.numpy(), kl.numpy(), levels, colors=INK, linewidths=0.5)
    axes.clabel(lines, fontsize=7, fmt="%g")
    axes.plot(0, 1, "+", color=INK, markersize=9, markeredgewidth=1.5, label="the prior, KL = 0")
    if marks:
        axes.plot(
            *marks,
            "o",
            color=VERMILION,
            markersize=3.5,
            markeredgecolor="white",
            markeredgewidth=0.4,
            label=r"$q_\phi(z_j|\mathbf{x})$",
        )
    axes.set(yscale="log", xlim=(-3, 3), ylim=(sigma[0].item(), sigma[-1].item()))
    axes.set(xlabel=r"mean $\mu$", ylabel=r"standard deviation $\sigma$")
    axes.set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
    axes.minorticks_off()
    axes.grid(visible=False)
    figure.legend(loc="outside lower center", ncols=2)
    return figure
