"""Sharpness and distance of images, where they are known."""

from __future__ import annotations

import math

import pytest
import torch

from companion.studies.sample_quality import frechet_distance, greyness, sample_quality
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.model import build


def test_greyness_is_the_entropy_of_coins() -> None:
    x = torch.tensor([[0.0, 1.0], [0.5, 0.5], [0.5, 1.0]])
    expected = torch.tensor([0.0, 2.0, 1.0]) * math.log(2)
    torch.testing.assert_close(greyness(x), expected)
    with pytest.raises(UserError, match=r"outside \[0, 1\]"):
        greyness(x + 1)


def test_frechet_distance_of_known_moments() -> None:
    """Shift and stretch every axis: |shift|² + Σ (σ − s σ)², exact for the sample moments."""
    x = torch.randn(500, 4, generator=rng(0), dtype=torch.float64)
    x = (x - x.mean(0)) @ torch.diag(torch.tensor([0.5, 1.0, 2.0, 3.0]).double())
    assert frechet_distance(x, x) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(x, x + 0.3) == pytest.approx(4 * 0.09)
    stretched = x.var(0).sum().item() * (1.5 - 1) ** 2
    assert frechet_distance(x, 1.5 * x) == pytest.approx(stretched)


def test_frechet_distance_of_a_rank_one_set() -> None:
    x = torch.randn(300, 3, generator=rng(1), dtype=torch.float64)
    one = x.mean(0).expand(300, 3)
    assert frechet_distance(x, one) == pytest.approx(x.var(0).sum().item())


def test_quality_has_a_row_for_each_model_and_is_reproducible() -> None:
    x = torch.rand(40, 20, generator=rng(2))
    models = {
        n: build(n_pixels=20, n_hidden=8, n_latent=n, init_std=0.5, generator=rng(n))
        for n in (2, 3)
    }
    table = sample_quality(models, x, n_samples=100)
    assert list(table["n_latent"]) == [2, 3]
    assert (table.drop(columns="n_latent") > 0).all(axis=None)
    assert table.equals(sample_quality(models, x, n_samples=100))
