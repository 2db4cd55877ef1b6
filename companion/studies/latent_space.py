"""How good a map the latent space is, in numbers: section 5.3 and Appendix A."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from companion.experiments.manifold_grid import manifold_grid
from companion.experiments.seeds import interval
from companion.measurements.kept import kept
from companion.studies.neighbours import neighbour_accuracy
from companion.studies.principal_components import principal_components
from vaelib.checks.limits import Count, Several, checked
from vaelib.datasets import Dataset
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder


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
    points, labels = data.train[:n_train], data.train_labels[:n_train]
    return _accuracies(models, points, labels, data.test, data.test_labels, k)


@kept
def _accuracies(
    models: dict[int, VariationalAutoencoder],
    x: Tensor,
    labels: Tensor,
    test: Tensor,
    test_labels: Tensor,
    k: int,
) -> pd.DataFrame:
    """`latent_accuracy`, of the tensors alone: where the data came from is not measured."""

    def row(representation: str, codes: Tensor, queries: Tensor) -> dict[str, object]:
        found = neighbour_accuracy(codes, labels, queries, test_labels, k=k)
        return {
            "representation": representation,
            "dimensions": codes.shape[1],
            **found._asdict(),
        }

    rows = []
    for n_latent, model in models.items():
        rows.append(row("VAE", model.encode(x).mean, model.encode(test).mean))
        pca = principal_components(x, n_latent)
        rows.append(row("PCA", pca(x), pca(test)))
    rows.append(row("pixels", x, test))
    return pd.DataFrame(rows)


class Roughness(NamedTuple):
    """A share of the difference of any two images, and the ends of its interval of 95 %."""

    roughness: float
    low: float
    high: float


@checked
@torch.no_grad()
def manifold_roughness(model: VariationalAutoencoder, *, n: Several = 20) -> Roughness:
    """Claim C12: how far neighbours on the sheet of Fig. 4 differ, against any two of its images.

    The root mean squared pixel difference between horizontal and vertical neighbours on the n × n
    grid, divided by that between all pairs. 0 is perfectly smooth; a sheet whose images stand in
    random order has 1. The interval is Student's t for the mean over the 2n lines of the grid: it
    says how evenly smooth the sheet is, and nothing of other models.

    Args:
        model: with n_latent = 2.
    """
    images = model.decode(manifold_grid(n, like=model)).mean.reshape(n, n, -1).double()
    across = (images[:, 1:] - images[:, :-1]).square().sum(-1).mean(1)
    down = (images[1:] - images[:-1]).square().sum(-1).mean(0)
    # The mean over all ordered pairs of |a − b|² is twice the variance.
    cells = images.flatten(0, 1)
    pairs = 2 * (cells - cells.mean(0)).square().sum(-1).mean() * len(cells) / (len(cells) - 1)
    mean, low, high = interval((torch.cat([across, down]) / pairs).tolist())
    return Roughness(math.sqrt(mean), math.sqrt(max(0.0, low)), math.sqrt(high))
