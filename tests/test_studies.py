"""The chapters' measurements, against what is known exactly."""

from __future__ import annotations

import math

import pytest
import torch

from tests.helpers import PPCA
from vaelib import studies
from vaelib.errors import UserError
from vaelib.model import build


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_decomposition_is_equation_1() -> None:
    example = studies.OneDimensional()
    mean = torch.linspace(-1, 1, 5, dtype=torch.float64).unsqueeze(1)
    std = torch.tensor([0.2, 0.5, 1.0], dtype=torch.float64)
    parts = example.decompose(0.6, mean, std)
    assert parts.bound.shape == (5, 3)
    torch.testing.assert_close(parts.bound + parts.kl, parts.log_evidence, atol=1e-8, rtol=0)
    assert (parts.kl > 0).all()


def test_evidence_agrees_with_monte_carlo() -> None:
    """p(x) over 10^6 prior draws within 6 standard errors: false alarms below 1e-8."""
    example = studies.OneDimensional()
    z = torch.randn(1_000_000, generator=rng(), dtype=torch.float64)
    likelihood = torch.exp(
        torch.distributions.Normal(torch.tanh(2 * z), example.noise).log_prob(torch.tensor(0.6))
    )
    error = abs(likelihood.mean() - example.log_evidence(0.6).exp())
    assert error < 6 * likelihood.std() / math.sqrt(len(z))


def test_posterior_is_a_density() -> None:
    example = studies.OneDimensional()
    total = torch.trapezoid(example.posterior(0.6), example.z)
    torch.testing.assert_close(total, torch.tensor(1.0, dtype=torch.float64))


def test_noise_must_be_positive() -> None:
    with pytest.raises(UserError, match="noise is 0"):
        studies.OneDimensional(noise=0)


def test_gradient_variance_orders_the_estimators() -> None:
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(10, 20, generator=rng(1))
    table = studies.gradient_variance(model, x, repetitions=100, generator=rng(2))
    components = sum(
        p.numel()
        for name, p in model.encoder.named_parameters()
        if name.startswith(("mean", "log_variance"))
    )
    assert (table.groupby("estimator").size() == components).all()
    typical = table.groupby("estimator")["variance"].median()
    assert typical[studies.SCORE] > typical[studies.BASELINE] > typical[studies.B]
    with pytest.raises(UserError, match="1 datapoints"):
        studies.gradient_variance(model, x[:1], generator=rng())


def test_gradient_means_agree() -> None:
    """Each component's mean over 500 draws within 6 joint standard errors: alarms below 1e-6."""
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(5, 20, generator=rng(1))
    n = 500
    table = studies.gradient_variance(model, x, repetitions=n, generator=rng(2))
    wide = table.pivot(index=["parameter", "component"], columns="estimator")
    for estimator in (studies.SCORE, studies.BASELINE, studies.A):
        difference = (wide["mean", estimator] - wide["mean", studies.B]).abs()
        joint = ((wide["variance", estimator] + wide["variance", studies.B]) / n) ** 0.5
        assert (difference < 6 * joint).all()


def test_estimator_variance_of_an_exact_posterior() -> None:
    """Where q is exact, A has no variance and B has the reconstruction's."""
    ppca = PPCA()
    x = ppca.sample(6, rng(1))
    table = studies.estimator_variance(ppca.exact_model(), x, repetitions=100, generator=rng(2))
    variance = table.pivot(index="datapoint", columns="estimator", values="variance")
    assert variance["A"].max() < 1e-15
    assert variance["B"].min() > 0.1


def test_bound_noise_shrinks_with_the_data() -> None:
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(4000, 20, generator=rng(1))
    variances = [
        studies.bound_noise(model, x[:n], repetitions=60, generator=rng(2))["value"].var()
        for n in (10, 4000)
    ]
    # Expected ratio 400; sample variances of 60 stray by 10 with probability below 1e-9.
    assert variances[0] / variances[1] > 40


def test_likelihood_estimators_on_the_linear_gaussian_model() -> None:
    ppca = PPCA()
    x = ppca.sample(5, rng(1))
    table = studies.likelihood_estimators(ppca.exact_model(), x, generator=rng(2))
    exact = ppca.log_evidence(x)
    for _, rows in table.groupby("estimator"):
        torch.testing.assert_close(torch.tensor(rows["exact"].to_numpy()), exact, atol=1e-4, rtol=0)
    errors = table.groupby("estimator")["error"].agg(lambda e: e.abs().max())
    # The exact posterior makes importance sampling exact, and the others merely good.
    assert errors["importance sampling"] < 1e-4
    assert errors["Appendix D"] < 0.5
    assert errors["lower bound"] < 1.0
