"""Importance sampling with a fitted proposal, against closed form and quadrature."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats
from torch import Tensor

from companion.studies.fitted_proposal import (
    DEGREES_OF_FREEDOM,
    PRIOR_SHARE,
    Proposal,
    fit_proposal,
    posterior_importance_sampling,
)
from companion.studies.quadrature import quadrature
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import LinearEncoder, ProbabilisticPCA
from vaelib.model import VariationalAutoencoder, build


def proposal(n_latent: int = 2) -> Proposal:
    factor = torch.tensor([[0.8, 0.0], [0.5, 0.3]], dtype=torch.float64)[:n_latent, :n_latent]
    mean = torch.tensor([[1.0, -0.5], [0.0, 0.3]], dtype=torch.float64)[:, :n_latent]
    return Proposal(mean, factor.expand(2, -1, -1))


def test_log_density_is_the_mixture_of_scipy() -> None:
    q = proposal()
    z = torch.randn(7, 2, 2, generator=rng(1), dtype=torch.float64) * 2
    for i in range(2):
        t = stats.multivariate_t(q.mean[i], q.factor[i] @ q.factor[i].T, df=DEGREES_OF_FREEDOM)
        prior = stats.multivariate_normal(torch.zeros(2))
        expected = (1 - PRIOR_SHARE) * t.pdf(z[:, i]) + PRIOR_SHARE * prior.pdf(z[:, i])
        torch.testing.assert_close(q.log_density(z)[:, i].exp(), torch.from_numpy(expected))


@pytest.mark.statistical(1e-8)
def test_draws_have_the_density() -> None:
    """In one dimension, by Kolmogorov and Smirnov: two p-values above 5e-9, the rate of each."""
    q = proposal(1)
    draws = q.sample(20_000, generator=rng(2))
    for i in range(2):
        t = stats.t(DEGREES_OF_FREEDOM, q.mean[i, 0], q.factor[i, 0, 0])

        def cdf(z, t=t):  # type: ignore[no-untyped-def]
            return (1 - PRIOR_SHARE) * t.cdf(z) + PRIOR_SHARE * stats.norm.cdf(z)

        assert stats.kstest(draws[:, i, 0], cdf).pvalue > 5e-9


def test_the_weights_are_bounded_by_the_share_of_the_prior() -> None:
    """p(z) / q(z) ≤ 1 / s wherever z is, also where the t has almost no mass."""
    z = torch.linspace(-30, 30, 61, dtype=torch.float64)[:, None, None].expand(-1, 2, 2)
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
    assert (log_prior - proposal().log_density(z) <= -math.log(PRIOR_SHARE) + 1e-12).all()


def test_fit_has_the_moments_of_the_draws_and_stands_those_that_stood_still() -> None:
    draws = torch.randn(50, 3, 4, generator=rng(3), dtype=torch.float64)
    q = fit_proposal(draws)
    torch.testing.assert_close(q.mean, draws.mean(0))
    covariance = q.factor @ q.factor.mT
    for i in range(3):
        torch.testing.assert_close(covariance[i], draws[:, i].T.cov(), atol=2e-6, rtol=0)
    assert fit_proposal(torch.ones(50, 3, 4)).factor.isfinite().all()


def broken(model: VariationalAutoencoder, x: Tensor) -> VariationalAutoencoder:
    """The same decoder with an encoder that answers N(0, I) to everything."""
    d = model.n_latent
    zeros = torch.zeros(d, x.shape[1], dtype=x.dtype)
    encoder = LinearEncoder(zeros, zeros[:, 0], torch.ones(d, dtype=x.dtype))
    return VariationalAutoencoder(encoder, model.decoder, n_latent=d)


@pytest.mark.statistical(1e-7)
@pytest.mark.parametrize("n_latent", [1, 3, 10])
def test_errors_are_as_large_as_the_standard_errors_say(n_latent: int) -> None:
    """Closed form; the encoder knows nothing. 100 errors, each over its standard error.

    With a thousand bounded weights a standardized error is nearly normal: the largest of 100
    beyond 7.5, or their mean beyond 0.7, seven times its own deviation, is rarer than 1e-9; the
    rate leaves room for the weights' skewness.
    """
    ppca = ProbabilisticPCA.example(20, n_latent)
    x = ppca.sample(100, rng(4))
    model = broken(ppca.exact_model(), x)
    estimate, diagnostics = posterior_importance_sampling(
        model, x, n_samples=1000, generator=rng(5)
    )
    z = (estimate - ppca.log_evidence(x)) / diagnostics.standard_error
    assert z.abs().max() < 7.5
    assert abs(z.mean()) < 0.7
    assert diagnostics.standard_error.max() < 0.2
    assert diagnostics.effective_sample_size.min() > 20


@pytest.mark.statistical(1e-7)
def test_agrees_with_quadrature_on_a_nonlinear_decoder() -> None:
    """As above, on 60 images of a Bernoulli decoder whose posteriors are not Gaussian."""
    model = build(n_pixels=30, n_hidden=10, n_latent=2, init_std=1.0, generator=rng(5)).double()
    x = torch.bernoulli(model.generate(60, generator=rng(6)), generator=rng(7))
    exact, _ = quadrature(model, x, tolerance=1e-5)
    estimate, diagnostics = posterior_importance_sampling(broken(model, x), x, generator=rng(8))
    z = (estimate - exact) / diagnostics.standard_error
    assert z.abs().max() < 7.5
    assert abs(z.mean()) < 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_draws": 3}, "n_draws is 3"),
        ({"n_samples": 1}, "n_samples is 1"),
        ({"n_chains": 0}, "n_chains is 0"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, int], message: str) -> None:
    ppca = ProbabilisticPCA.example()
    x = ppca.sample(3, rng())
    with pytest.raises(UserError, match=message):
        posterior_importance_sampling(ppca.exact_model(), x, generator=rng(), **settings)
