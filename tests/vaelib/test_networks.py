"""Appendix C: the networks compute Eqs 11 and 12, and are drawn as section 5 says."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Laplace

from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.networks import BernoulliMLP, GaussianMLP, MeanActivation, draw, initialise


@pytest.fixture
def z() -> torch.Tensor:
    return torch.randn(7, 3, generator=rng(1), dtype=torch.float64)


def test_bernoulli_log_probability_is_equation_11(z: torch.Tensor) -> None:
    network = BernoulliMLP(3, 5, 4).double()
    initialise(network, std=1.0, generator=rng())
    x = torch.rand(7, 4, generator=rng(2), dtype=torch.float64)
    hidden = torch.tanh(z @ network.hidden.weight.T + network.hidden.bias)
    y = torch.sigmoid(hidden @ network.logits.weight.T + network.logits.bias)
    expected = (x * y.log() + (1 - x) * (1 - y).log()).sum(1)
    torch.testing.assert_close(network(z).log_prob(x), expected)


@pytest.mark.parametrize("factor", [1.0, 0.1])
@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_gaussian_log_probability_is_equation_12(
    z: torch.Tensor, activation: MeanActivation, factor: float
) -> None:
    network = GaussianMLP(3, 5, 4, mean_activation=activation, log_variance_factor=factor).double()
    initialise(network, std=1.0, generator=rng())
    x = torch.rand(7, 4, generator=rng(2), dtype=torch.float64)
    hidden = torch.tanh(z @ network.hidden.weight.T + network.hidden.bias)
    mean = hidden @ network.mean.weight.T + network.mean.bias
    if activation == "sigmoid":
        mean = torch.sigmoid(mean)
    log_variance = factor * hidden @ network.log_variance.weight.T + network.log_variance.bias
    squared = (x - mean) ** 2 / log_variance.exp()
    expected = -0.5 * (math.log(2 * math.pi) + log_variance + squared).sum(1)
    torch.testing.assert_close(network(z).log_prob(x), expected)


def test_binary_probabilities_sum_to_one(z: torch.Tensor) -> None:
    network = BernoulliMLP(3, 5, 4).double()
    initialise(network, std=1.0, generator=rng())
    every_x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 4)
    total = network(z[:1]).log_prob(every_x).exp().sum()
    torch.testing.assert_close(total, torch.tensor(1.0, dtype=torch.float64))


def test_leading_dimensions_are_kept() -> None:
    network = BernoulliMLP(3, 5, 4)
    assert network(torch.zeros(2, 6, 3)).log_prob(torch.zeros(6, 4)).shape == (2, 6)


@pytest.mark.statistical(1e-8)
def test_initialisation_has_the_stated_deviation() -> None:
    """Deviation and mean of n draws within 6 standard errors, each missed at 2e-9."""
    network = BernoulliMLP(100, 500, 400)
    initialise(network, std=0.01, generator=rng())
    flat = torch.cat([p.detach().flatten() for p in network.parameters()])
    assert abs(flat.std().item() / 0.01 - 1) < 6 / math.sqrt(2 * len(flat))
    assert abs(flat.mean().item()) < 6 * 0.01 / math.sqrt(len(flat))


def test_initialisation_reaches_every_parameter() -> None:
    network = GaussianMLP(3, 5, 4)
    with torch.no_grad():
        for p in network.parameters():
            p.fill_(7.0)
    initialise(network, std=0.01, generator=rng())
    assert all((p.abs() < 1).all() for p in network.parameters())


@pytest.mark.statistical(1e-7)
def test_draw_has_the_distribution_s_moments() -> None:
    """Eight means of 40000 draws within 6 standard errors, each missed at 2e-9 if normal.

    Those of a Bernoulli with a probability near 0 or 1 are a little less so.
    """
    z = torch.zeros(40_000, 3)
    for network in (BernoulliMLP(3, 5, 4), GaussianMLP(3, 5, 4)):
        initialise(network, std=1.0, generator=rng())
        distribution = network(z)
        sample = draw(distribution, generator=rng(3))
        assert not sample.requires_grad
        error = (sample.mean(0) - distribution.mean[0]).abs()
        assert (error < 6 * distribution.variance[0].sqrt() / math.sqrt(len(z))).all()


def test_draw_from_a_diverged_model_does_not_abort() -> None:
    network = BernoulliMLP(3, 5, 4)
    sample = draw(network(torch.full((2, 3), float("nan"))), generator=rng())
    assert sample.shape == (2, 4)


def test_draw_depends_on_its_generator_alone() -> None:
    network = GaussianMLP(3, 5, 4)
    first = draw(network(torch.zeros(2, 3)), generator=rng(5))
    torch.rand(10)
    assert torch.equal(first, draw(network(torch.zeros(2, 3)), generator=rng(5)))


def test_bad_inputs_are_named() -> None:
    with pytest.raises(UserError, match="mean_activation 'relu'"):
        GaussianMLP(1, 1, 1, mean_activation="relu")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"std is 0\.0"):
        initialise(BernoulliMLP(1, 1, 1), std=0.0, generator=rng())
    with pytest.raises(UserError, match="Laplace"):
        draw(Laplace(0.0, 1.0), generator=rng())
