"""Pictures of the latent space: where datapoints are encoded, and what the KL term costs there."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor
from torch.distributions import Independent, Normal

from companion.figures.checks import to_array
from companion.figures.theme import INK, VERMILION, new_figure
from vaelib.elbo import gaussian_kl
from vaelib.errors import UserError

# Ten colours, nine of them Paul Tol's "muted" scheme, for the ten digits.
DIGIT_COLOURS = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777"),
)


def draw_latent_codes(codes: Tensor, labels: Tensor) -> Figure:
    """Posterior means of datapoints in a two-dimensional latent space, coloured by label.

    Each label's name stands at the median of its points, because no ten colours are told apart
    by everyone.

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
    outline = [withStroke(linewidth=3, foreground="white")]
    for label in np.unique(classes):
        colour = DIGIT_COLOURS[label]
        axes.scatter([], [], c=colour, s=30, lw=0, label=str(label))
        x_middle, y_middle = np.median(points[classes == label], axis=0)
        axes.text(
            x_middle,
            y_middle,
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
