"""Section 2.2: the score-function estimators aim at the bound's gradient, each with its noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import get_args

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from tests.helpers import gauss_hermite, rng
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder, build
from vaelib.score_function import Signal, optimal_baseline, score_function_surrogate
from vaelib.sgvb import estimator_a, estimator_b, noise

SIGNALS = get_args(Signal)
NODES, PROBABILITIES = gauss_hermite(2, 40)


def small_model() -> VariationalAutoencoder:
    generator = torch.Generator().manual_seed(0)
    return build(n_pixels=5, n_hidden=4, n_latent=2, init_std=0.7, generator=generator).double()


def pixels(m: int = 3) -> Tensor:
    return torch.rand(m, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def expectation(
    estimator: Callable[[VariationalAutoencoder, Tensor, Tensor], Tensor],
    model: VariationalAutoencoder,
    x: Tensor,
) -> Tensor:
    """The sum over datapoints of an estimator's expectation over ε, by quadrature."""
    epsilon = NODES.repeat_interleave(len(x), 0)
    values = estimator(model, x.repeat(len(NODES), 1), epsilon.unsqueeze(0))
    return (values * PROBABILITIES.repeat_interleave(len(x))).sum()


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("baseline", ["none", "number", "per datapoint", "per score"])
def test_gradient_has_the_expectation_of_the_pathwise_one(signal: Signal, baseline: str) -> None:
    """In every parameter of θ and φ, exactly: both expectations are integrated."""
    model, x = small_model(), pixels()
    subtracted = {
        "none": torch.tensor(0.0),
        "number": torch.tensor(-3.0),
        "per datapoint": torch.tensor([[1.0], [-2.0], [5.0]]).repeat(len(NODES), 1),
        "per score": torch.arange(12.0).reshape(2, 1, 3, 2).repeat(1, 1, len(NODES), 1),
    }[baseline]

    def surrogate(model: VariationalAutoencoder, x: Tensor, epsilon: Tensor) -> Tensor:
        return score_function_surrogate(model, x, epsilon, signal=signal, baseline=subtracted)

    parameters = list(model.parameters())
    ours = torch.autograd.grad(expectation(surrogate, model, x), parameters)
    pathwise = torch.autograd.grad(expectation(estimator_b, model, x), parameters)
    for mine, expected in zip(ours, pathwise, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-7, atol=1e-9)


def test_estimators_a_and_b_have_one_expectation() -> None:
    """Their values and all their gradients, exactly: both expectations are integrated."""
    model, x = small_model(), pixels()
    a, b = expectation(estimator_a, model, x), expectation(estimator_b, model, x)
    torch.testing.assert_close(a, b, rtol=1e-9, atol=0)
    parameters = list(model.parameters())
    gradients = (torch.autograd.grad(value, parameters) for value in (a, b))
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second, rtol=1e-7, atol=1e-9)


def test_gradient_is_the_signal_times_the_score() -> None:
    """The naive estimator as the paper writes it, with log q differentiated by autograd."""
    model, x = small_model(), pixels()
    epsilon = noise(model, x, n_samples=3, generator=rng(5))
    q = model.encode(x)
    z = (q.base_dist.loc + q.base_dist.scale * epsilon).detach()
    f = (model.log_joint(x, z) - q.log_prob(z)).detach()
    parameters = list(model.encoder.parameters())
    expected = torch.autograd.grad(((f + 4.0) * q.log_prob(z)).mean(0).sum(), parameters)
    surrogate = score_function_surrogate(model, x, epsilon, baseline=-4.0).sum()
    for mine, theirs in zip(torch.autograd.grad(surrogate, parameters), expected, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("signal", SIGNALS)
def test_value_and_theta_gradient_are_those_of_estimators_a_and_b(signal: Signal) -> None:
    model, x = small_model(), pixels()
    epsilon = noise(model, x, n_samples=3, generator=rng(5))
    surrogate = score_function_surrogate(model, x, epsilon, signal=signal, baseline=1.0)
    estimator = (estimator_b if signal == "exact_kl" else estimator_a)(model, x, epsilon)
    torch.testing.assert_close(surrogate, estimator)
    theta = list(model.decoder.parameters())
    expected = torch.autograd.grad(estimator.sum(), theta)
    for mine, theirs in zip(torch.autograd.grad(surrogate.sum(), theta), expected, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("signal", SIGNALS)
def test_theta_gradient_is_that_of_finite_differences(signal: Signal) -> None:
    """At fixed noise and φ the surrogate is an ordinary function of θ."""
    model, x = small_model(), pixels()
    epsilon = noise(model, x, n_samples=2, generator=rng(5))
    gradients = torch.autograd.grad(
        score_function_surrogate(model, x, epsilon, signal=signal).sum(),
        list(model.decoder.parameters()),
    )
    h = 1e-5
    for parameter, gradient in zip(model.decoder.parameters(), gradients, strict=True):
        entries = parameter.data.view(-1)
        for index, mine in enumerate(gradient.flatten()):
            values = []
            for shift in (h, -2 * h):
                entries[index] += shift
                values.append(score_function_surrogate(model, x, epsilon, signal=signal).sum())
            entries[index] += h
            difference = (values[0] - values[1]) / (2 * h)
            torch.testing.assert_close(mine, difference.detach(), rtol=1e-6, atol=1e-8)


def own_signal(signal: Signal, model: VariationalAutoencoder, x: Tensor, epsilon: Tensor) -> Tensor:
    """What multiplies the score of z₁ of one datapoint at the noise `(n, 2)`, term by term."""
    q = model.encode(x)
    z = q.base_dist.loc + q.base_dist.scale * epsilon
    log_p = Normal(0.0, 1.0).log_prob(z)
    log_q = q.base_dist.log_prob(z)
    terms = {"full": [0, 1], "rao_blackwell": [0], "exact_kl": []}[signal]
    return model.decode(z).log_prob(x) + (log_p - log_q)[:, terms].sum(-1)


def average(values: Tensor) -> Tensor:
    return (PROBABILITIES * values).sum()


def best_baseline(signal: Signal, model: VariationalAutoencoder, x: Tensor) -> Tensor:
    """a* for the score in μ₁, which is ε₁/σ₁; the σ₁ cancels."""
    return average(own_signal(signal, model, x, NODES) * NODES[:, 0] ** 2)


def least_variance(signal: Signal, model: VariationalAutoencoder, x: Tensor) -> Tensor:
    """Of the gradient in μ₁, with the best baseline."""
    left = own_signal(signal, model, x, NODES) - best_baseline(signal, model, x)
    gradient = left * NODES[:, 0] / model.encode(x).base_dist.scale[0, 0]
    return average(gradient**2) - average(gradient) ** 2


@torch.no_grad()
def test_rao_blackwellisation_removes_the_variance_of_the_other_terms() -> None:
    """Where the decoder ignores z₂, what is left out is noise of its own, d = log p(z₂)/q(z₂).

    With the best baseline on both sides the variances then differ by Var(d) E[s²], exactly.
    """
    model, x = small_model(), pixels(1)
    model.decoder.hidden.weight[:, 1] = 0.0
    full, reduced = (least_variance(s, model, x) for s in ("full", "rao_blackwell"))
    q = model.encode(x).base_dist
    (mean, scale), first_scale = (q.loc[0, 1], q.scale[0, 1]), q.scale[0, 0]
    # d = ½ (ε² − (μ + σ ε)²) + log σ has the variance ½ (1 − σ²)² + μ² σ².
    variance = 0.5 * (1 - scale**2) ** 2 + (mean * scale) ** 2
    torch.testing.assert_close(full - reduced, variance / first_scale**2)
    assert variance > 0.01


@pytest.mark.statistical(1e-7)
@pytest.mark.parametrize("signal", SIGNALS)
@torch.no_grad()
def test_optimal_baseline_is_the_covariance_over_the_variance(signal: Signal) -> None:
    """Within 6 standard errors of quadrature; a normal average exceeds that at 2e-9.

    The residual (signal − a*) ε² is not normal, but its average over 50 000 draws nearly is.
    """
    model, x = small_model(), pixels(1)
    n, exact = 50_000, best_baseline(signal, model, x)
    baseline = optimal_baseline(model, x, signal=signal, n_samples=n, generator=rng(3))
    assert baseline.shape == (2, 1, 1, 2)
    residual = (own_signal(signal, model, x, NODES) - exact) * NODES[:, 0] ** 2
    error = 6 * average(residual**2).sqrt() / math.sqrt(n)
    assert abs(baseline[0, 0, 0, 0] - exact) < error


@pytest.mark.parametrize("signal", SIGNALS)
@torch.no_grad()
def test_optimal_baseline_of_a_constant_signal_is_the_constant(signal: Signal) -> None:
    """A decoder that ignores z, and q the prior: one draw is enough, for every score."""
    model, x = small_model(), pixels()
    model.decoder.hidden.weight.zero_()
    for layer in (model.encoder.mean, model.encoder.log_variance):
        layer.weight.zero_()
        layer.bias.zero_()
    constant = model.decode(torch.zeros(3, 2).double()).log_prob(x).reshape(1, 1, 3, 1)
    baseline = optimal_baseline(model, x, signal=signal, n_samples=1, generator=rng())
    torch.testing.assert_close(baseline, constant.expand(2, 1, 3, 2))


def test_an_unknown_signal_is_named() -> None:
    model, x = small_model(), pixels()
    epsilon = noise(model, x, generator=rng())
    with pytest.raises(UserError, match="signal 'naive' is not known: use one of full, "):
        score_function_surrogate(model, x, epsilon, signal="naive")  # type: ignore[arg-type]
