"""q(θ) against exactness: Bayesian linear regression, whose posterior and evidence are known."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.global_posterior import GlobalPosterior

NOISE_STD = 0.5
PRIOR_STD = 1.5


class Regression(NamedTuple):
    """y = X θ + noise, with its exact posterior N(mean, precision⁻¹) and log evidence."""

    inputs: Tensor
    targets: Tensor
    mean: Tensor
    precision: Tensor
    log_evidence: Tensor


def regression(*, orthogonal: bool) -> Regression:
    g = torch.Generator().manual_seed(5)
    inputs = torch.randn(12, 3, generator=g, dtype=torch.float64)
    if orthogonal:
        inputs = torch.linalg.qr(inputs).Q * torch.tensor([1.0, 2.0, 4.0])
    targets = inputs @ torch.tensor([1.0, -0.5, 0.8]).double()
    targets = targets + NOISE_STD * torch.randn(12, generator=g, dtype=torch.float64)
    precision = inputs.T @ inputs / NOISE_STD**2 + torch.eye(3, dtype=torch.float64) / PRIOR_STD**2
    mean = torch.linalg.solve(precision, inputs.T @ targets / NOISE_STD**2)
    covariance = (
        NOISE_STD**2 * torch.eye(12, dtype=torch.float64) + PRIOR_STD**2 * inputs @ inputs.T
    )
    evidence = MultivariateNormal(torch.zeros(12).double(), covariance)
    return Regression(inputs, targets, mean, precision, evidence.log_prob(targets))


def posterior_over_weights(mean: Tensor, std: Tensor) -> GlobalPosterior:
    """q(θ) of a linear map without bias, at a given mean and standard deviation."""
    linear = nn.Linear(3, 1, bias=False, dtype=torch.float64)
    posterior = GlobalPosterior(linear, prior_std=PRIOR_STD)
    with torch.no_grad():
        linear.weight.copy_(mean[None])
        posterior.log_std.copy_(std.log())
    return posterior


def log_likelihood(posterior: GlobalPosterior, r: Regression, zeta: Tensor) -> Tensor:
    """log p_θ(y | X) for each draw of θ: `(L, J)` to `(L,)`."""
    predict = torch.vmap(posterior, in_dims=(None, 0))
    predictions = predict(r.inputs, posterior.reparameterize(zeta))
    log_density: Tensor = Normal(predictions[..., 0], NOISE_STD).log_prob(r.targets)
    return log_density.sum(-1)


def sigma_points(n: int) -> Tensor:
    """2n values of ζ over which the mean of any quadratic function is its exact expectation."""
    points = math.sqrt(n) * torch.eye(n, dtype=torch.float64)
    return torch.cat([points, -points])


def exact_bound(posterior: GlobalPosterior, r: Regression) -> Tensor:
    """Eq. 14 without Monte Carlo error: the log-likelihood is quadratic in θ."""
    return log_likelihood(posterior, r, sigma_points(3)).mean() - posterior.kl()


def test_at_the_exact_posterior_every_draw_gives_the_log_evidence() -> None:
    """Eq. 13 with a KL of zero: log p(y|θ) + log p(θ) − log q(θ) does not depend on θ."""
    r = regression(orthogonal=True)
    posterior = posterior_over_weights(r.mean, r.precision.diagonal().rsqrt())
    zeta = posterior.noise(20, generator=rng())
    estimates = log_likelihood(posterior, r, zeta) + posterior.log_ratio(zeta)
    torch.testing.assert_close(estimates, r.log_evidence.expand(20), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(exact_bound(posterior, r), r.log_evidence, rtol=1e-10, atol=1e-10)


def test_the_gap_of_the_bound_is_the_kl_to_the_exact_posterior() -> None:
    """Eq. 13, for a q(θ) far from the posterior and a posterior that is correlated."""
    r = regression(orthogonal=False)
    mean = torch.tensor([0.2, 0.4, -1.0], dtype=torch.float64)
    std = torch.tensor([0.5, 0.1, 1.2], dtype=torch.float64)
    gap = kl_divergence(
        MultivariateNormal(mean, scale_tril=std.diag()),
        MultivariateNormal(r.mean, precision_matrix=r.precision),
    )
    bound = exact_bound(posterior_over_weights(mean, std), r)
    torch.testing.assert_close(r.log_evidence - bound, gap, rtol=1e-9, atol=0)


@pytest.mark.statistical(1e-9)
@pytest.mark.parametrize("orthogonal", [True, False])
def test_climbing_the_bound_finds_the_posterior(orthogonal: bool) -> None:
    """SGVB on θ alone: 1000 antithetic pairs of ζ a step, Adagrad, iterates averaged at the end.

    The optimum among mean-field Gaussians has the exact mean and σⱼ² = 1/Λⱼⱼ for Λ the exact
    posterior's precision. It is the exact posterior if the design is orthogonal; otherwise it
    misses the evidence by ½(Σ log Λⱼⱼ − log |Λ|), here 0.19. Over eight seeds σ ended within 0.1 %
    (one standard deviation), so that these tolerances are 10 of them.
    """
    r = regression(orthogonal=orthogonal)
    posterior = posterior_over_weights(torch.zeros(3).double(), torch.full((3,), 0.1).double())
    assert exact_bound(posterior, r) < r.log_evidence - 10
    adagrad = torch.optim.Adagrad(posterior.parameters(), lr=0.2)
    g = rng(1)
    averages = torch.zeros(2, 3, dtype=torch.float64)
    for step in range(1000):
        half = posterior.noise(1000, generator=g)
        bound = log_likelihood(posterior, r, torch.cat([half, -half])).mean() - posterior.kl()
        adagrad.zero_grad()
        (-bound).backward()
        adagrad.step()
        if step >= 500:
            averages += torch.stack([posterior.mean, posterior.log_std]).detach() / 500
    mean, std = averages[0], averages[1].exp()
    diagonal = r.precision.diagonal()
    torch.testing.assert_close(mean, r.mean, rtol=0, atol=1e-6)
    torch.testing.assert_close(std, diagonal.rsqrt(), rtol=0.01, atol=0)
    gap = 0.5 * (diagonal.log().sum() - r.precision.logdet())
    assert (gap < 1e-9) == orthogonal
    found = exact_bound(posterior_over_weights(mean, std), r)
    torch.testing.assert_close(found, r.log_evidence - gap, rtol=0, atol=1e-3)


def network() -> GlobalPosterior:
    """A q(θ) over a network with two layers and biases, at random."""
    g = rng(3)
    module = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    posterior = GlobalPosterior(module, initial_std=0.2, prior_std=0.7)
    with torch.no_grad():
        for parameter in posterior.parameters():
            parameter.normal_(generator=g)
    return posterior


def test_theta_is_dealt_to_the_right_parameters() -> None:
    """At θ = μ the posterior computes what the module computes; at a draw, what a copy does."""
    posterior = network()
    x = torch.randn(5, 2, generator=rng(), dtype=torch.float64)
    torch.testing.assert_close(posterior(x, posterior.mean), posterior.module(x))
    draw = posterior.sample(generator=rng(9))
    zeta = posterior.noise(1, generator=rng(9))[0]
    theta = posterior.reparameterize(zeta)
    by_hand = torch.tanh(x @ draw["0.weight"].T + draw["0.bias"])
    by_hand = by_hand @ draw["2.weight"].T + draw["2.bias"]
    torch.testing.assert_close(posterior(x, theta), by_hand)
    torch.testing.assert_close(theta, posterior.mean + posterior.std * zeta)


def test_kl_and_densities_are_those_of_torch() -> None:
    posterior = network()
    q = Normal(posterior.mean, posterior.std)
    p = Normal(torch.zeros_like(posterior.mean), 0.7)
    torch.testing.assert_close(posterior.kl(), kl_divergence(q, p).sum())
    zeta = posterior.noise(6, generator=rng())
    theta = posterior.reparameterize(zeta)
    torch.testing.assert_close(
        posterior.log_ratio(zeta), (p.log_prob(theta) - q.log_prob(theta)).sum(-1)
    )


def test_gradients_reach_mean_and_std() -> None:
    """∂θ/∂μ = 1 and ∂θ/∂log σ = σ ζ, through the draw by name."""
    posterior = network()
    zeta = posterior.noise(1, generator=rng(4))[0]
    theta = posterior.sample(generator=rng(4))
    torch.cat([t.flatten() for t in theta.values()]).sum().backward()
    assert posterior.log_std.grad is not None
    torch.testing.assert_close(posterior.log_std.grad, posterior.std.detach() * zeta)
    for parameter in posterior.module.parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, torch.ones_like(parameter))


def test_marginals_have_the_parameters_names_and_shapes() -> None:
    posterior = network()
    marginals = posterior.marginals()
    parameters = dict(posterior.module.named_parameters())
    assert {n: q.mean.shape for n, q in marginals.items()} == {
        n: p.shape for n, p in parameters.items()
    }
    for name, parameter in parameters.items():
        torch.testing.assert_close(marginals[name].mean, parameter.detach())
    stds = torch.cat([q.stddev.flatten() for q in marginals.values()])
    torch.testing.assert_close(stds, posterior.std.detach())


def test_bad_inputs() -> None:
    for name in ("initial_std", "prior_std"):
        with pytest.raises(UserError, match=f"{name} is 0"):
            GlobalPosterior(nn.Linear(1, 1), **{name: 0.0})
    with pytest.raises(UserError, match="Tanh has no parameters"):
        GlobalPosterior(nn.Tanh())
