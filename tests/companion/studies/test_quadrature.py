"""Quadrature against closed forms and against a sum over a fine grid."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent, Laplace, Normal

from companion.studies.quadrature import quadrature
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.likelihood.pairs import log_likelihood_table
from vaelib.likelihood.probabilistic_pca import LinearGaussian
from vaelib.model import VariationalAutoencoder, build


def linear_model(
    n_latent: int, *, noise: float, seed: int, n_pixels: int = 8
) -> tuple[VariationalAutoencoder, Tensor, Tensor]:
    """A model with correlated posteriors, 40 datapoints drawn from it, and their exact log p(x)."""
    weight, bias, z, epsilon = (
        torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        for shape in ((n_pixels, n_latent), (n_pixels,), (40, n_latent), (40, n_pixels))
    )
    x = z @ weight.T + bias + noise * epsilon
    covariance = weight @ weight.T + noise**2 * torch.eye(n_pixels)
    exact = torch.distributions.MultivariateNormal(bias, covariance).log_prob(x)
    model = VariationalAutoencoder(
        nn.Identity(), LinearGaussian(weight, bias, noise), n_latent=n_latent
    )
    return model, x, exact


class Folded(nn.Module):
    """p(x|z) = N(x; |z|^power, noise²): the posterior of x has modes on either side."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.noise = nn.Parameter(torch.tensor(noise, dtype=torch.float64))

    def forward(self, z: Tensor) -> Independent[Normal]:
        mean = z.square() + 0.2 * z
        return Independent(Normal(mean, self.noise.expand_as(mean)), 1)


@pytest.mark.parametrize("noise", [0.02, 0.5, 5.0])
@pytest.mark.parametrize("n_latent", [1, 2, 3])
def test_closed_form(n_latent: int, noise: float) -> None:
    """Linear-Gaussian models, from posteriors of width 0.005 to the prior itself, to 1e-5."""
    model, x, exact = linear_model(n_latent, noise=noise, seed=n_latent)
    value, diagnostics = quadrature(model, x, tolerance=1e-6)
    torch.testing.assert_close(value, exact, rtol=0, atol=1e-5)
    assert diagnostics.converged.all()
    assert diagnostics.error.max() < 1e-6


def test_default_tolerance_and_float32() -> None:
    model, x, exact = linear_model(2, noise=0.1, seed=4)
    value, diagnostics = quadrature(model, x)
    assert diagnostics.converged.all()
    torch.testing.assert_close(value, exact, rtol=0, atol=1e-3)
    single, _ = quadrature(model.float(), x.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=0, atol=5e-3)


def test_a_posterior_outside_the_scanned_region() -> None:
    """The lattice grows to where the posterior is: here 12 prior deviations from the origin."""
    weight, bias = torch.tensor([[1.0], [0.5]]).double(), torch.zeros(2).double()
    model = VariationalAutoencoder(nn.Identity(), LinearGaussian(weight, bias, 0.1), n_latent=1)
    x = torch.tensor([[12.0, 6.0]], dtype=torch.float64)
    covariance = weight @ weight.T + 0.01 * torch.eye(2)
    exact = torch.distributions.MultivariateNormal(bias, covariance).log_prob(x)
    value, diagnostics = quadrature(model, x, tolerance=1e-6)
    assert diagnostics.converged.all()
    torch.testing.assert_close(value, exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("noise", [0.01, 0.1, 1.0])
def test_separate_modes(noise: float) -> None:
    """Each coordinate has two modes, so two coordinates have four; against a sum in each."""
    model = VariationalAutoencoder(nn.Identity(), Folded(noise), n_latent=2)
    x = torch.tensor([[1.0, 2.0], [4.0, 0.5], [0.3, 0.0]], dtype=torch.float64)
    grid = torch.linspace(-8, 8, 160_001, dtype=torch.float64)
    log_joint = Normal(0.0, 1.0).log_prob(grid) + Normal(grid**2 + 0.2 * grid, noise).log_prob(
        x[..., None]
    )
    exact = (log_joint.logsumexp(-1) + math.log(1e-4)).sum(-1)
    value, diagnostics = quadrature(model, x, tolerance=1e-5)
    assert diagnostics.converged.all()
    torch.testing.assert_close(value, exact, rtol=0, atol=1e-4)


def test_chunks_do_not_matter() -> None:
    model, x, _ = linear_model(2, noise=0.3, seed=5)
    one, other = (quadrature(model, x, chunk_size=size)[0] for size in (7, 64))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def test_too_few_points_are_reported() -> None:
    """With a budget that a narrow posterior exceeds, nothing pretends to have converged."""
    model, x, _ = linear_model(3, noise=0.02, seed=6)
    _, diagnostics = quadrature(model, x, max_points=500)
    assert not diagnostics.converged.any()
    assert diagnostics.n_points.max() < 20_000


class BrokenBeyond(LinearGaussian):
    """NaN where z₁ exceeds an edge."""

    edge = 0.0

    def forward(self, z: Tensor) -> Independent[Normal]:
        mean = self.linear(z).where(z[..., :1] < self.edge, torch.nan)
        return Independent(Normal(mean, 0.5, validate_args=False), 1, validate_args=False)


@pytest.mark.parametrize("edge", [1.0, 7.0])
def test_a_likelihood_that_is_not_a_number(edge: float) -> None:
    """Seen by the scan it is an error; where the lattice grows into it, it is reported."""
    weight, bias = torch.ones(3, 2, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    decoder = BrokenBeyond(weight, bias, 0.5)
    decoder.edge = edge
    model = VariationalAutoencoder(nn.Identity(), decoder, n_latent=2)
    x = torch.full((2, 3), 13.0, dtype=torch.float64)
    if edge == 1.0:
        with pytest.raises(UserError, match="for 2 datapoints"):
            quadrature(model, x)
    else:
        value, diagnostics = quadrature(model, x)
        assert value.isnan().all()
        assert not diagnostics.converged.any()


class LaplaceDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 5, dtype=torch.float64)

    def forward(self, z: Tensor) -> Independent[Laplace]:
        return Independent(Laplace(self.linear(z), torch.ones((), dtype=torch.float64)), 1)


@pytest.mark.parametrize("decoder", ["bernoulli", "gaussian", "laplace"])
def test_table_is_the_likelihood_of_all_pairs(decoder: str) -> None:
    x = torch.rand(6, 5, generator=rng(1), dtype=torch.float64)
    z = torch.randn(7, 2, generator=rng(2), dtype=torch.float64)
    if decoder == "laplace":
        model = VariationalAutoencoder(nn.Identity(), LaplaceDecoder(), n_latent=2)
    else:
        model = build(
            n_pixels=5,
            n_hidden=4,
            n_latent=2,
            decoder="bernoulli" if decoder == "bernoulli" else "gaussian",
            init_std=0.7,
            generator=rng(3),
        ).double()
    base = {"bernoulli": Bernoulli, "gaussian": Normal, "laplace": Laplace}[decoder]
    assert isinstance(model.decode(z).base_dist, base)
    pairs = torch.stack([model.decode(z).log_prob(row) for row in x])
    torch.testing.assert_close(log_likelihood_table(model, x, z), pairs, rtol=1e-10, atol=1e-10)


def test_bad_input_is_named() -> None:
    model, x, _ = linear_model(2, noise=0.3, seed=7)
    deep = build(n_pixels=5, n_hidden=4, n_latent=4, generator=rng())
    with pytest.raises(UserError, match="the model has 4"):
        quadrature(deep, torch.zeros(2, 5))
    with pytest.raises(UserError, match="tolerance is 0"):
        quadrature(model, x, tolerance=0.0)
    with pytest.raises(UserError, match="320 values that are not finite"):
        quadrature(model, x * torch.nan)
