"""How good a map the latent space is, in numbers: section 5.3 and Appendix A."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import torch
from scipy.stats import binomtest
from torch import Tensor

from vaelib.checks.limits import Count, checked
from vaelib.datasets import Dataset
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder

_ROWS_AT_ONCE = 500  # queries whose distances are held at once: bounds the memory


class Accuracy(NamedTuple):
    """A share of right answers, with its 95 % interval (Wilson, 1927)."""

    accuracy: float
    low: float
    high: float


@checked
def neighbour_accuracy(
    codes: Tensor, labels: Tensor, queries: Tensor, query_labels: Tensor, *, k: Count = 5
) -> Accuracy:
    """How often the majority of the k nearest codes has the query's label.

    Args:
        codes: `(N, d)`, with labels `(N,)`.
        queries: `(Q, d)`, other datapoints, with labels `(Q,)`.
        k: neighbours that vote; of labels with equally many votes the smallest wins.

    Raises:
        UserError: if k is not between 1 and N.
    """
    if k > len(codes):
        raise UserError(f"k is {k}: give a number of neighbours from 1 to {len(codes)}")
    votes = torch.cat(
        [
            labels[torch.cdist(part, codes).topk(k, largest=False).indices].mode(dim=1).values
            for part in queries.split(_ROWS_AT_ONCE)
        ]
    )
    right = int((votes == query_labels).sum())
    interval = binomtest(right, len(queries)).proportion_ci(method="wilson")
    return Accuracy(right / len(queries), float(interval.low), float(interval.high))


class PrincipalComponents(NamedTuple):
    """The linear map of principal component analysis: codes = (x − mean) @ directions."""

    mean: Tensor  # (n_pixels,)
    directions: Tensor  # (n_pixels, n), orthonormal, by falling variance

    def __call__(self, x: Tensor) -> Tensor:
        """Codes `(M, n)` of x `(M, n_pixels)`."""
        return (x - self.mean) @ self.directions


@checked
def principal_components(x: Tensor, n: Count) -> PrincipalComponents:
    """The n directions of largest variance in x `(N, n_pixels)`."""
    mean = x.mean(0)
    _, vectors = torch.linalg.eigh((x - mean).T @ (x - mean))
    return PrincipalComponents(mean, vectors[:, -n:].flip(1))


@checked
@torch.no_grad()
def latent_accuracy(
    models: dict[int, VariationalAutoencoder],
    data: Dataset,
    *,
    n_train: Count = 10_000,
    k: Count = 5,
) -> pd.DataFrame:
    """Claim C12: do codes group images of one label, beside PCA of as many dimensions and pixels?

    The labels of the first `n_train` training images are given, those of the test images guessed.

    Args:
        models: by n_latent; their codes are the means of q(z|x).
        data: with labels.

    Returns:
        columns representation ("VAE", "PCA", "pixels"), dimensions, accuracy, low, high.

    Raises:
        UserError: if the data have no labels.
    """
    if data.train_labels is None or data.test_labels is None:
        raise UserError(f"{data.name} has no labels: use a labelled data set, such as mnist")
    x, labels = data.train[:n_train], data.train_labels[:n_train]

    def row(representation: str, codes: Tensor, queries: Tensor) -> dict[str, object]:
        assert data.test_labels is not None
        found = neighbour_accuracy(codes, labels, queries, data.test_labels, k=k)
        return {
            "representation": representation,
            "dimensions": codes.shape[1],
            **found._asdict(),
        }

    rows = []
    for n_latent, model in models.items():
        rows.append(row("VAE", model.encode(x).mean, model.encode(data.test).mean))
        pca = principal_components(x, n_latent)
        rows.append(row("PCA", pca(x), pca(data.test)))
    rows.append(row("pixels", x, data.test))
    return pd.DataFrame(rows)


@checked
def manifold_grid(n: Count, *, like: VariationalAutoencoder) -> Tensor:
    """The z of Fig. 4, `(n², 2)`, by row from the top left: z₁ grows to the right, z₂ upwards."""
    parameter = next(like.parameters())
    # Centres, because the CDF's inverse is infinite at 0 and 1.
    centres = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    quantiles = torch.special.ndtri(centres)
    second, first = torch.meshgrid(quantiles.flip(0), quantiles, indexing="ij")
    return torch.stack([first.flatten(), second.flatten()], -1).to(parameter)


@checked
@torch.no_grad()
def manifold_roughness(model: VariationalAutoencoder, *, n: Count = 20) -> float:
    """Claim C12: how far neighbours on the sheet of Fig. 4 differ, against any two of its images.

    The root mean squared pixel difference between horizontal and vertical neighbours on the n × n
    grid, divided by that between all pairs. 0 is perfectly smooth; a sheet whose images stand in
    random order has 1.

    Args:
        model: with n_latent = 2.
    """
    images = model.decode(manifold_grid(n, like=model)).mean.reshape(n, n, -1)
    across = (images[:, 1:] - images[:, :-1]).square().sum(-1)
    down = (images[1:] - images[:-1]).square().sum(-1)
    neighbours = torch.cat([across.flatten(), down.flatten()]).mean()
    # The mean over all ordered pairs of |a − b|² is twice the variance.
    cells = images.flatten(0, 1)
    pairs = 2 * (cells - cells.mean(0)).square().sum(-1).mean() * len(cells) / (len(cells) - 1)
    return float((neighbours / pairs).sqrt())
