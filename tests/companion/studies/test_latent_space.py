"""Codes that are known to be good, bad, smooth or rough are found to be so."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from companion.studies.latent_space import latent_accuracy, manifold_roughness
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


def test_roughness_of_a_plane_and_of_noise() -> None:
    """On an even plane neighbours are a step apart; pairs, √(2 · 2 Var u) with Var u ≈ 1/12."""
    plane = painter(torch.special.ndtr)
    n = 20
    variance = (1 - 1 / n**2) / 12 * n**2 / (n**2 - 1)
    expected = (1 / n**2 / (2 * 2 * variance)) ** 0.5
    even = manifold_roughness(plane, n=n)
    assert even == pytest.approx((expected, expected, expected))
    noise = torch.randn(n * n, 50, generator=rng(2), dtype=torch.float64)
    rough = manifold_roughness(painter(lambda z: noise), n=n)
    assert rough.roughness == pytest.approx(1, abs=0.05)
    assert rough.low < rough.roughness < rough.high


def test_a_sheet_that_is_torn_in_one_place_is_less_surely_smooth() -> None:
    """A jump between two columns is in every row, and in no column: the lines differ."""
    torn = painter(lambda z: torch.special.ndtr(z) + 3.0 * (z[..., :1] > 0.0))
    found = manifold_roughness(torn)
    assert found.high - found.low > 0.2 * found.roughness
