"""The stochastic approximation of the stepsize, on acceptance curves that are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.hmc.stepsize import Tuning, checked_stepsize, start_tuning, tune

LIKE = torch.zeros((), dtype=torch.float64)


def acceptance(stepsize: Tensor, width: float) -> Tensor:
    """A Gaussian's, 2 Φ(−(stepsize / width)² / 2): 0.9 at stepsize = 0.5013 width."""
    probability: Tensor = 2.0 * torch.special.ndtr(-0.5 * (stepsize / width).square())
    return probability


def run(tuning: Tuning, width: float, n: int, **settings: float) -> Tuning:
    for _ in range(n):
        tuning = tune(tuning, acceptance(tuning.stepsize, width), **settings)
    return tuning


@pytest.mark.parametrize("first", [1e-4, 1.0, 1e4])
def test_without_noise_it_finds_the_root(first: float) -> None:
    tuning = run(start_tuning(first, like=LIKE), 0.3, 60)
    assert acceptance(tuning.stepsize, 0.3).item() == pytest.approx(0.9, abs=1e-3)


@pytest.mark.statistical(1e-7)
def test_with_noise_the_gain_falls_and_it_settles() -> None:
    """400 stepsizes with acceptances that are 0 or 1: they scatter about 0.9 by less than 0.025.

    The deviation is near √(g slope / 2) · noise = 0.018: noise 0.3, slope 0.2, and g = 0.036 after
    the 540 changes of sign that 3000 acceptances of 90 % bring; over 16 seeds it was 0.018, with a
    deviation of 0.001. The mean is within 5.5 errors, and over seeds 0.25 of one too high.
    """
    generator = rng()
    tuning = start_tuning(torch.full((400,), 0.1), like=LIKE)
    for _ in range(3000):
        probability = acceptance(tuning.stepsize, 1.0)
        tuning = tune(tuning, torch.bernoulli(probability, generator=generator))
    landing = acceptance(tuning.stepsize, 1.0)
    assert landing.std() < 0.025
    assert abs(landing.mean().item() - 0.9) < 5.5 * landing.std().item() / 20


def test_the_smallest_gain_goes_on_tracking() -> None:
    """Long settled, the width halves: with a floor 200 updates suffice, without they do not."""
    stepsize, reversals, error = torch.tensor([0.5013, 1e5, 0.0], dtype=torch.float64)
    settled = Tuning(stepsize, reversals, error)
    tracking = run(settled, 0.5, 200, smallest_gain=0.2)
    assert acceptance(tracking.stepsize, 0.5).item() == pytest.approx(0.9, abs=1e-3)
    assert acceptance(run(settled, 0.5, 200).stepsize, 0.5).item() < 0.85


def test_acceptance_is_averaged_over_the_chains_that_share_a_stepsize() -> None:
    probabilities = torch.tensor([[0.9, 1.0, 0.2], [0.9, 0.8, 0.4]], dtype=torch.float64)
    shared = tune(start_tuning(0.1, like=LIKE), probabilities)
    each = tune(start_tuning(torch.full((3,), 0.1), like=LIKE), probabilities)
    assert shared.stepsize.shape == ()
    expected = 0.1 * (4.0 * (probabilities.mean() - 0.9)).clamp(-1, 1).exp()
    torch.testing.assert_close(shared.stepsize, expected)
    torch.testing.assert_close(each.stepsize[:2], torch.full((2,), 0.1, dtype=torch.float64))
    assert each.stepsize[2].item() == pytest.approx(0.1 * torch.tensor(-1.0).exp().item())


def test_bad_settings_are_named() -> None:
    tuning = start_tuning(0.1, like=LIKE)
    for target in (0.0, 1.0, float("nan")):
        with pytest.raises(UserError, match="target is"):
            tune(tuning, torch.ones(3), target=target)
    for stepsize in (0.0, -1.0, float("inf"), torch.tensor([1.0, torch.nan])):
        with pytest.raises(UserError, match="stepsize"):
            checked_stepsize(stepsize, LIKE)
