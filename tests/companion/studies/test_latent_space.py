"""Codes that are known to be good, bad, smooth or rough are found to be so."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from companion.experiments.manifold_grid import manifold_grid
from companion.studies.latent_space import latent_accuracy, manifold_roughness
from companion.studies.neighbours import neighbour_accuracy
from companion.studies.principal_components import principal_components
from tests.helpers import rng, six_pixels
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder


class Decoder(nn.Module):
    """A given function of z, as the mean of a Gaussian."""

    def __init__(self, mean) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.mean = mean
        self.anything = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, z: Tensor) -> Independent[Normal]:
        return Independent(Normal(self.mean(z), 1.0), 1)


def painter(mean) -> VariationalAutoencoder:  # type: ignore[no-untyped-def]
    return VariationalAutoencoder(nn.Identity(), Decoder(mean), n_latent=2)


def test_neighbours_vote() -> None:
    codes = torch.tensor([[0.0], [0.1], [0.2], [5.0], [5.1]])
    labels = torch.tensor([1, 1, 2, 3, 3])
    queries, truth = torch.tensor([[0.05], [5.2], [0.19]]), torch.tensor([1, 3, 2])
    found = neighbour_accuracy(codes, labels, queries, truth, k=3)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.low < 2 / 3 < found.high
    assert neighbour_accuracy(codes, labels, queries, truth, k=1).accuracy == 1.0


def test_codes_without_labels_in_them_are_at_chance() -> None:
    labels = torch.arange(2000) % 2
    codes = torch.randn(2000, 2, generator=rng(0))
    found = neighbour_accuracy(codes[:1000], labels[:1000], codes[1000:], labels[1000:])
    assert 0.4 < found.low < found.high < 0.6


def test_impossible_k_is_named() -> None:
    x, labels = torch.zeros(3, 1), torch.zeros(3)
    with pytest.raises(UserError, match="k is 4: give a number of neighbours from 1 to 3"):
        neighbour_accuracy(x, labels, x, labels, k=4)


def test_principal_components_are_those_of_the_singular_values() -> None:
    x = torch.randn(50, 6, generator=rng(1), dtype=torch.float64) * torch.arange(1.0, 7.0)
    pca = principal_components(x, 3)
    _, values, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    torch.testing.assert_close(pca(x).square().sum(0), values[:3].square())
    torch.testing.assert_close(pca.directions.T @ pca.directions, torch.eye(3).double())


def test_table_has_a_row_for_each_representation() -> None:
    data = dataclasses.replace(
        six_pixels(), train_labels=torch.arange(80) % 3, test_labels=torch.arange(20) % 3
    )
    model = VariationalAutoencoder(nn.Linear(6, 2), nn.Identity(), n_latent=2)
    model.encode = lambda x: Independent(Normal(x[..., :2], 1.0), 1)  # type: ignore[assignment, method-assign]
    table = latent_accuracy({2: model}, data, n_train=60)
    assert list(table["representation"]) == ["VAE", "PCA", "pixels"]
    assert list(table["dimensions"]) == [2, 2, 6]
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()
    with pytest.raises(UserError, match="mnist has no labels"):
        latent_accuracy({2: model}, six_pixels())


def test_manifold_grid_is_equally_spaced_in_probability() -> None:
    z = manifold_grid(4, like=painter(lambda z: z))
    assert z.shape == (16, 2)
    assert z.isfinite().all()
    u = torch.special.ndtr(z).reshape(4, 4, 2)
    centres = torch.tensor([0.125, 0.375, 0.625, 0.875], dtype=torch.float64)
    torch.testing.assert_close(u[0, :, 0], centres)
    torch.testing.assert_close(u[:, 0, 1], centres.flip(0))


def test_roughness_of_a_plane_and_of_noise() -> None:
    """On an even plane neighbours are a step apart; pairs, √(2 · 2 Var u) with Var u ≈ 1/12."""
    plane = painter(torch.special.ndtr)
    n = 20
    variance = (1 - 1 / n**2) / 12 * n**2 / (n**2 - 1)
    expected = (1 / n**2 / (2 * 2 * variance)) ** 0.5
    assert manifold_roughness(plane, n=n) == pytest.approx(expected)
    noise = torch.randn(n * n, 50, generator=rng(2), dtype=torch.float64)
    assert manifold_roughness(painter(lambda z: noise), n=n) == pytest.approx(1, abs=0.05)
