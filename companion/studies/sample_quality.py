"""How sharp, and how much like the data, samples of a model are: Fig. 5 in numbers."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from vaelib.checks.limits import Count, Whole, checked
from vaelib.elbo import gaussian_kl
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator


def greyness(x: Tensor) -> Tensor:
    """Entropy of the pixels taken as independent coins: `(M, n_pixels)` to `(M,)`, in nats.

    It is 0 for an image of pure black and white; the less of it, the sharper the image.

    Raises:
        UserError: if a pixel is outside [0, 1].
    """
    if not bool(((x >= 0) & (x <= 1)).all()):
        raise UserError("some pixels are outside [0, 1]: greyness is for probabilities or greys")
    entropy: Tensor = torch.special.entr(x) + torch.special.entr(1 - x)
    return entropy.sum(-1)


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """Fréchet distance between Gaussians fitted to two sets of images `(M, n_pixels)`, in pixels².

    |μ_x − μ_y|² + tr(Σ_x + Σ_y − 2 (Σ_x Σ_y)^½) (Dowson and Landau, 1982, Journal of Multivariate
    Analysis 12); Heusel et al. (2017) take it of a network's features, here it is of the pixels.
    It sees means and covariances only: blur and a missing mode raise it, but a set of images that
    match the data in both is not yet a set of digits.
    """
    a, b = x.double(), y.double()
    squared_mean = (a.mean(0) - b.mean(0)).square().sum()
    a, b = (c / (len(c) - 1) ** 0.5 for c in (a - a.mean(0), b - b.mean(0)))
    # Σ_x Σ_y has the eigenvalues of Σ_x^½ Σ_y Σ_x^½, which is symmetric.
    covariance_x, covariance_y = a.T @ a, b.T @ b
    root = _square_root(covariance_x)
    cross = torch.linalg.eigvalsh(root @ covariance_y @ root).clamp(min=0.0).sqrt().sum()
    return float(squared_mean + covariance_x.trace() + covariance_y.trace() - 2 * cross)


@kept
@checked
@torch.no_grad()
def sample_quality(
    models: dict[int, VariationalAutoencoder],
    x: Tensor,
    *,
    n_samples: Count = 2000,
    seed: Whole = 0,
) -> pd.DataFrame:
    """Claim C13: what more latent dimensions do to samples and reconstructions.

    Samples are, as in Fig. 5, means of p(x|z) for z from the prior.

    Args:
        models: by n_latent.
        x: test images `(M, n_pixels)`.
        n_samples: drawn from each model.

    Returns:
        columns n_latent; grey and grey_error, `greyness` of a sample and its standard error;
        frechet, the distance of the samples from x; reconstruction, the squared error of a
        rebuilt test image; kl, KL(q(z|x) ‖ p(z)) in nats.
    """
    rows = []
    for n_latent, model in models.items():
        samples = model.generate(n_samples, generator=generator(seed, "sample quality", n_latent))
        grey = greyness(samples)
        q = model.encode(x)
        rebuilt = model.decode(q.mean).mean
        rows.append(
            {
                "n_latent": n_latent,
                "grey": grey.mean().item(),
                "grey_error": grey.std().item() / n_samples**0.5,
                "frechet": frechet_distance(samples, x),
                "reconstruction": (x - rebuilt).square().sum(1).mean().item(),
                "kl": gaussian_kl(q).mean().item(),
            }
        )
    return pd.DataFrame(rows)


def _square_root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = vectors * values.clamp(min=0.0).sqrt() @ vectors.T
    return root
