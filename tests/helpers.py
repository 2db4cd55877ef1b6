"""Models with known answers, for the tests."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, NamedTuple

import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor

from vaelib.datasets import Dataset
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import VariationalAutoencoder


def rng(seed: int = 0) -> torch.Generator:
    """A generator for a test. VAELIB_TEST_SEED makes all of them others, to count false alarms."""
    repetition = int(os.environ.get("VAELIB_TEST_SEED", "0"))
    return torch.Generator().manual_seed(seed + 1_000_003 * repetition)


def gauss_hermite(d: int, n: int) -> tuple[Tensor, Tensor]:
    """Nodes `(n**d, d)` and probabilities of a standard normal, exact for polynomials below 2n."""
    nodes, weights = (torch.tensor(array) for array in hermegauss(n))
    grid = torch.cartesian_prod(*[nodes] * d)
    return grid, torch.cartesian_prod(*[weights / weights.sum()] * d).prod(-1)


class Known(NamedTuple):
    """A model, data that it has drawn, and their log p(x) in closed form, `(n,)`."""

    model: VariationalAutoencoder
    x: Tensor
    exact: Tensor


def linear_model(n_latent: int, *, n: int = 500, seed: int = 1) -> Known:
    """A linear-Gaussian model of 20 pixels with correlated posteriors.

    Its recognition model has the exact mean and the exact precision's diagonal, which is the best
    diagonal Gaussian. The problem stays the same where VAELIB_TEST_SEED changes the noise.
    """
    fixed = torch.Generator().manual_seed(seed)
    weight, bias = (
        torch.randn(*shape, generator=fixed, dtype=torch.float64)
        for shape in ((20, n_latent), (20,))
    )
    ppca = ProbabilisticPCA(weight, bias, noise=0.5)
    x = ppca.sample(n, fixed)
    return Known(ppca.best_model(), x, ppca.log_evidence(x))


def six_pixels(n_train: int = 80) -> Dataset:
    """Images of six grey pixels: up to 80 for training, 20 for testing."""
    images = torch.rand(100, 6, generator=torch.Generator().manual_seed(0))
    return Dataset(
        name="mnist",
        requested="mnist",
        train=images[:n_train],
        test=images[80:],
        train_labels=None,
        test_labels=None,
        image_shape=(2, 3),
        decoder="bernoulli",
        pixels="grey",
        sha256="0" * 64,
        source="made up",
        stand_in=False,
    )


def load_six_pixels(name: str, **settings: Any) -> Dataset:
    """In the place of `datasets.load`: images of six pixels under any name."""
    return dataclasses.replace(six_pixels(settings["n_train"]), name=name, requested=name)
