"""Section 2.2 and Appendix B: the bound is exact where the answer is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Independent, Laplace, Normal, kl_divergence

from tests.helpers import gauss_hermite, rng
from vaelib.elbo import evaluate, evaluation_noise, gaussian_kl, log_weights, lower_bound
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import build


def gaussian(seed: int, n: int = 20, d: int = 4) -> Independent[Normal]:
    mean = torch.randn(n, d, generator=rng(seed), dtype=torch.float64)
    scale = torch.rand(n, d, generator=rng(seed + 1), dtype=torch.float64) + 0.1
    return Independent(Normal(mean, scale), 1)


def test_kl_is_that_of_torch_distributions() -> None:
    q = gaussian(0)
    standard = Independent(Normal(torch.zeros(4).double(), torch.ones(4).double()), 1)
    torch.testing.assert_close(gaussian_kl(q), kl_divergence(q, standard.expand((20,))))


def test_kl_is_not_negative_and_zero_for_the_prior() -> None:
    assert (gaussian_kl(gaussian(2)) > 0).all()
    prior = Independent(Normal(torch.zeros(3, 4), torch.ones(3, 4)), 1)
    assert torch.equal(gaussian_kl(prior), torch.zeros(3))


@pytest.mark.statistical(1e-7)
def test_kl_agrees_with_monte_carlo() -> None:
    """20 means of 200000 draws within 6 standard errors, each missed at 2e-9."""
    q = gaussian(4)
    mean, scale = q.base_dist.loc, q.base_dist.scale
    z = mean + scale * torch.randn(200_000, 20, 4, generator=rng(6), dtype=torch.float64)
    log_ratio = q.log_prob(z) - Normal(0.0, 1.0).log_prob(z).sum(-1)
    error = (log_ratio.mean(0) - gaussian_kl(q)).abs()
    assert (error < 6 * log_ratio.std(0) / math.sqrt(len(z))).all()


def test_kl_needs_a_gaussian() -> None:
    q = Independent(Laplace(torch.zeros(1, 2), torch.ones(1, 2)), 1)
    with pytest.raises(UserError, match="Laplace"):
        gaussian_kl(q)


def test_integrand_is_the_evidence_where_q_is_exact() -> None:
    """With the exact posterior the integrand of Eq. 2 is log p(x) for every noise."""
    ppca = ProbabilisticPCA.example()
    x = ppca.sample(50, rng(1))
    epsilon = torch.randn(3, 50, 2, generator=rng(2), dtype=torch.float64)
    weights = log_weights(ppca.exact_model(), x, epsilon)
    expected = ppca.log_evidence(x).expand(3, 50)
    torch.testing.assert_close(weights, expected, atol=1e-9, rtol=0)


def test_gap_is_the_kl_to_the_posterior() -> None:
    """Eq. 1 with a wrong q: log p(x) − bound = KL(q ‖ posterior), by Gauss–Hermite quadrature."""
    ppca = ProbabilisticPCA.example()
    x = ppca.sample(10, rng(1))
    exact, wrong = ppca.exact_model(), ppca.exact_model()
    with torch.no_grad():
        wrong.encoder.linear.bias += 0.3
        wrong.encoder.log_std += 0.4
    epsilon, probabilities = gauss_hermite(2, 40)
    bound = (probabilities[:, None] * log_weights(wrong, x, epsilon.unsqueeze(1))).sum(0)
    gap = kl_divergence(wrong.encode(x), exact.encode(x))
    torch.testing.assert_close(ppca.log_evidence(x) - bound, gap, atol=1e-9, rtol=0)


def test_closed_form_and_integrand_have_one_expectation() -> None:
    ppca = ProbabilisticPCA.example()
    x = ppca.sample(10, rng(1))
    model = ppca.exact_model()
    with torch.no_grad():
        model.encoder.log_std += 0.4
    epsilon, probabilities = gauss_hermite(2, 40)
    generic = (probabilities[:, None] * log_weights(model, x, epsilon.unsqueeze(1))).sum(0)
    bounds = torch.stack([lower_bound(model, x, e.expand(1, 10, 2)).bound for e in epsilon])
    torch.testing.assert_close((probabilities[:, None] * bounds).sum(0), generic)


def test_bound_is_reconstruction_minus_kl() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=1.0, generator=rng())
    x = torch.rand(8, 6, generator=rng(1))
    parts = lower_bound(model, x, torch.zeros(2, 8, 2))
    assert parts.bound.shape == (8,)
    torch.testing.assert_close(parts.bound, parts.reconstruction - parts.kl)
    mean = model.encode(x).base_dist.loc
    torch.testing.assert_close(parts.reconstruction, model.decode(mean).log_prob(x))


@pytest.mark.statistical(1e-8)
def test_evaluation_is_the_mean_over_data_whatever_the_batch() -> None:
    """Two orders of the noise differ by 7 standard errors at most.

    The error is that of 60 evaluations, so the ratio is Student's t, beyond 7 at 3e-9.
    """
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=1.0, generator=rng())
    x = torch.rand(3000, 6, generator=rng(1))
    whole = evaluate(model, x, generator=rng(2), batch_size=3000)
    parts = evaluate(model, x, generator=rng(3), batch_size=700)
    draws = [evaluate(model, x, generator=rng(seed)) for seed in range(10, 70)]
    assert abs(whole - parts) < 7 * math.sqrt(2) * torch.tensor(draws).std().item()
    with torch.no_grad():
        epsilon = torch.empty(1, 3000, 2).normal_(generator=rng(2))
        # Summed in float64, as `evaluate` does: a mean in float32 has an error of its own.
        expected = lower_bound(model, x, epsilon).bound.double().mean().item()
    assert whole == pytest.approx(expected, rel=1e-12)


def test_evaluating_nothing_is_an_error() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, generator=rng())
    with pytest.raises(UserError, match=r"x has shape \(0, 6\)"):
        evaluate(model, torch.zeros(0, 6), generator=rng())


@pytest.mark.statistical(1e-7)
def test_noise_of_an_evaluation_is_its_exact_standard_deviation() -> None:
    """By quadrature; two draws for each of 20000 datapoints give it to about a hundredth."""
    ppca = ProbabilisticPCA.example()
    x, model = ppca.sample(20_000, rng(1)), ppca.exact_model()
    epsilon, probabilities = gauss_hermite(2, 10)
    with torch.no_grad():
        bounds = torch.stack([lower_bound(model, x, e.expand(1, len(x), 2)).bound for e in epsilon])
    weights = probabilities[:, None]
    variance = (weights * (bounds - (weights * bounds).sum(0)).square()).sum(0)
    exact = variance.sum().sqrt().item() / len(x)
    assert evaluation_noise(model, x, generator=rng(2)) == pytest.approx(exact, rel=0.08)
    smaller = evaluation_noise(model, x, generator=rng(2), batch_size=300)
    assert smaller == pytest.approx(exact, rel=0.08)
