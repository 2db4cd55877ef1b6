"""The Gaussian of each pixel by itself, against its entropy and against shifted points."""

from __future__ import annotations

import math

import pytest
import torch

from companion.studies.independent_pixels import independent_pixels
from vaelib.errors import UserError


def test_on_its_own_points_it_is_the_negative_entropy_of_the_fitted_gaussians() -> None:
    x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 2, 5])
    train, test = independent_pixels(x, x)
    variance = x.double().var(0, correction=0)
    assert train == test == pytest.approx(-0.5 * (2 * math.pi * math.e * variance).log().sum())


def test_points_a_standard_deviation_away_lose_half_a_nat_for_each_pixel() -> None:
    x = torch.tensor([[-1.0, -3.0], [1.0, 3.0]])
    train, test = independent_pixels(x, x + torch.tensor([1.0, 3.0]))
    assert test - train == pytest.approx(-1.0)


def test_a_nan_is_named() -> None:
    with pytest.raises(UserError, match="2 values that are not finite"):
        independent_pixels(torch.zeros(2, 2), torch.full((1, 2), float("nan")))
