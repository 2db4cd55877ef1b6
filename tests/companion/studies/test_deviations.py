"""The Gaussian of each pixel by itself, against its entropy and against shifted points."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from companion.runs.config import RunConfig
from companion.studies.deviations import memory_of_the_start
from companion.studies.independent_pixels import independent_pixels
from tests.helpers import load_six_pixels
from vaelib import datasets
from vaelib.errors import UserError

SMALL = RunConfig(
    dataset="mnist", algorithm="wake_sleep", n_latent=2, n_hidden=5, n_train=80, warmup=20
)


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


def test_adagrad_s_memory_grows_and_a_slow_log_variance_s_gradient_is_a_tenth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While nothing moves, and the layer is as at the start, only its factor differs."""
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    usual = memory_of_the_start(SMALL, stepsize=0.01)
    assert [one.layer for one in usual] == ["hidden", "mean", "log_variance"]
    assert all(0 < one.before < one.after for one in usual)
    slow = memory_of_the_start(
        dataclasses.replace(SMALL, encoder_log_variance="slow"), stepsize=0.01
    )
    assert slow[2].before == pytest.approx(0.1 * usual[2].before, rel=0.05)
    # The weights begin at 0.01, too small to matter for the others.
    assert slow[1].before == pytest.approx(usual[1].before, rel=0.05)


def test_only_wake_sleep_has_a_sleep_phase() -> None:
    with pytest.raises(UserError, match="algorithm 'aevb' has no sleep phase"):
        memory_of_the_start(dataclasses.replace(SMALL, algorithm="aevb"), stepsize=0.01)
