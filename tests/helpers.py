"""Models with known answers, for the tests."""

from __future__ import annotations

import os

import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from vaelib.datasets import Dataset
from vaelib.model import VariationalAutoencoder


def rng(seed: int = 0) -> torch.Generator:
    """A generator for a test. VAELIB_TEST_SEED makes all of them others, to count false alarms."""
    repetition = int(os.environ.get("VAELIB_TEST_SEED", "0"))
    return torch.Generator().manual_seed(seed + 1_000_003 * repetition)


def gauss_hermite(d: int, n: int) -> tuple[Tensor, Tensor]:
    """Nodes `(n**d, d)` and probabilities of a standard normal, exact for polynomials below 2n."""
    nodes, weights = (torch.tensor(array) for array in hermegauss(n))
    grid = torch.cartesian_prod(*[nodes] * d)
    return grid, torch.cartesian_prod(*[weights / weights.sum()] * d).prod(-1)


class LinearGaussian(nn.Module):
    """p(x|z) = N(x; W z + b, noise² I): the decoder of probabilistic PCA."""

    def __init__(self, weight: Tensor, bias: Tensor, noise: float) -> None:
        super().__init__()
        self.linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        self.noise = noise
        with torch.no_grad():
            self.linear.weight.copy_(weight)
            self.linear.bias.copy_(bias)

    def forward(self, z: Tensor) -> Independent[Normal]:
        mean = self.linear(z)
        scale = torch.full_like(mean, self.noise)
        return Independent(Normal(mean, scale), 1)


class LinearEncoder(nn.Module):
    """q(z|x) = N(z; A x + c, diag(std²)) with a std that does not depend on x."""

    def __init__(self, weight: Tensor, bias: Tensor, std: Tensor) -> None:
        super().__init__()
        self.linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        self.log_std = nn.Parameter(std.log())
        with torch.no_grad():
            self.linear.weight.copy_(weight)
            self.linear.bias.copy_(bias)

    def forward(self, x: Tensor) -> Independent[Normal]:
        mean = self.linear(x)
        return Independent(Normal(mean, self.log_std.exp().expand_as(mean)), 1)


class PPCA:
    """Probabilistic PCA with orthogonal loadings: evidence and posterior in closed form.

    The columns of W are orthogonal, so the exact posterior is a *diagonal* Gaussian and the
    recognition model can be exact.
    """

    def __init__(self, n_pixels: int = 6, n_latent: int = 2, noise: float = 0.5) -> None:
        generator = torch.Generator().manual_seed(11)
        basis = torch.linalg.qr(
            torch.randn(n_pixels, n_latent, generator=generator, dtype=torch.float64)
        )[0]
        self.weight = basis * torch.linspace(2.0, 1.0, n_latent, dtype=torch.float64)
        self.bias = torch.randn(n_pixels, generator=generator, dtype=torch.float64)
        self.noise = noise
        self.n_latent = n_latent

    def covariance(self) -> Tensor:
        identity = torch.eye(len(self.bias), dtype=torch.float64)
        return self.weight @ self.weight.T + self.noise**2 * identity

    def log_evidence(self, x: Tensor) -> Tensor:
        value: Tensor = torch.distributions.MultivariateNormal(
            self.bias, self.covariance()
        ).log_prob(x)
        return value

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        z = torch.randn(n, self.n_latent, generator=generator, dtype=torch.float64)
        epsilon = torch.randn(n, len(self.bias), generator=generator, dtype=torch.float64)
        return z @ self.weight.T + self.bias + self.noise * epsilon

    def exact_model(self) -> VariationalAutoencoder:
        """The generative model with its exact posterior as recognition model."""
        precision = (self.weight**2).sum(0) / self.noise**2 + 1
        gain = (self.weight / self.noise**2 / precision).T
        return VariationalAutoencoder(
            LinearEncoder(gain, -gain @ self.bias, precision**-0.5),
            LinearGaussian(self.weight, self.bias, self.noise),
            n_latent=self.n_latent,
        )

    def untrained_model(self, x: Tensor) -> VariationalAutoencoder:
        """A model of the same kind that knows the noise and the mean of x, and nothing else."""
        generator = torch.Generator().manual_seed(2)
        start = 0.1 * torch.randn(self.weight.shape, generator=generator, dtype=torch.float64)
        zeros = torch.zeros(self.n_latent, dtype=torch.float64)
        return VariationalAutoencoder(
            LinearEncoder(start.T, zeros, torch.ones_like(zeros)),
            LinearGaussian(start, x.mean(0), self.noise),
            n_latent=self.n_latent,
        )


def six_pixels(n_train: int = 80) -> Dataset:
    """Images of six grey pixels: up to 80 for training, 20 for testing."""
    images = torch.rand(100, 6, generator=torch.Generator().manual_seed(0))
    return Dataset(
        name="mnist",
        requested="mnist",
        train=images[:n_train],
        test=images[80:],
        train_labels=None,
        test_labels=None,
        image_shape=(2, 3),
        decoder="bernoulli",
        pixels="grey",
        sha256="0" * 64,
        source="made up",
        stand_in=False,
    )
