"""The one-dimensional example is Equation 1."""

from __future__ import annotations

import math

import pytest
import torch

from companion.studies.one_dimensional import OneDimensional
from tests.helpers import rng
from vaelib.errors import UserError


def test_decomposition_is_equation_1() -> None:
    example = OneDimensional()
    mean = torch.linspace(-1, 1, 5, dtype=torch.float64).unsqueeze(1)
    std = torch.tensor([0.2, 0.5, 1.0], dtype=torch.float64)
    parts = example.decompose(0.6, mean, std)
    assert parts.bound.shape == (5, 3)
    torch.testing.assert_close(parts.bound + parts.kl, parts.log_evidence, atol=1e-8, rtol=0)
    assert (parts.kl > 0).all()


@pytest.mark.statistical(1e-8)
def test_evidence_agrees_with_monte_carlo() -> None:
    """p(x) over 10⁶ prior draws within 6 standard errors, missed at 2e-9."""
    example = OneDimensional()
    z = torch.randn(1_000_000, generator=rng(), dtype=torch.float64)
    likelihood = torch.exp(
        torch.distributions.Normal(torch.tanh(2 * z), example.noise).log_prob(torch.tensor(0.6))
    )
    error = abs(likelihood.mean() - example.log_evidence(0.6).exp())
    assert error < 6 * likelihood.std() / math.sqrt(len(z))


def test_without_a_slope_the_posterior_is_the_prior_and_the_bound_touches() -> None:
    example = OneDimensional(slope=0.0)
    zero, one = torch.tensor([0.0, 1.0], dtype=torch.float64)
    parts = example.decompose(0.6, zero, one)
    assert abs(parts.kl.item()) < 1e-9
    likelihood = -0.5 * (0.6 / 0.5) ** 2 - math.log(0.5) - 0.5 * math.log(2 * math.pi)
    assert parts.bound.item() == pytest.approx(likelihood, abs=1e-9)


def test_posterior_is_a_density() -> None:
    example = OneDimensional()
    total = torch.trapezoid(example.posterior(0.6), example.z)
    torch.testing.assert_close(total, torch.tensor(1.0, dtype=torch.float64))


def test_noise_must_be_positive() -> None:
    with pytest.raises(UserError, match="noise is 0"):
        OneDimensional(noise=0)
