"""Probabilistic PCA: a latent-variable model of which everything is known in closed form.

p(z) = N(0, I) and p(x|z) = N(x; W z + b, noise² I), so that p(x) = N(x; b, W Wᵀ + noise² I).
Evidence, posterior and the maximum of the likelihood are formulas (Tipping and Bishop, 1999,
"Probabilistic principal component analysis", Journal of the Royal Statistical Society B 61):
what the learning algorithms and the estimators are held against.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Independent, MultivariateNormal, Normal
from torch.nn.functional import linear

from vaelib.checks.limits import Count, NotNegative, Positive, check_fields, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import all_finite, check_data, check_like, check_pixels
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.networks import Gaussian


class _Linear(nn.Module):
    """inputs Wᵀ + b, from copies of a weight and a bias."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(bias.clone())

    def forward(self, inputs: Tensor) -> Tensor:
        return linear(inputs, self.weight, self.bias)


class LinearGaussian(nn.Module):
    """The decoder p(x|z) = N(x; W z + b, noise² I) with W and b learned, and the noise held.

    >>> decoder = LinearGaussian(torch.ones(3, 1), torch.zeros(3), noise=0.5)
    >>> decoder(torch.tensor([[2.0]])).mean.tolist()
    [[2.0, 2.0, 2.0]]
    """

    @checked
    def __init__(
        self,
        weight: Float[Tensor, "n_pixels n_latent"],
        bias: Float[Tensor, "n_pixels"],
        noise: Positive,
    ) -> None:
        super().__init__()
        self.linear = _Linear(weight, bias)
        self.noise = noise

    def forward(self, z: Float[Tensor, "*batch n_latent"]) -> Gaussian:
        """The distribution over `(..., n_pixels)`."""
        mean = self.linear(z)
        return _gaussian(mean, torch.full_like(mean, self.noise))


class LinearEncoder(nn.Module):
    """q(z|x) = N(z; A x + c, diag(std²)) with A, c and the logarithm of std learned.

    >>> encoder = LinearEncoder(torch.ones(1, 3), torch.zeros(1), torch.ones(1))
    >>> encoder(torch.ones(2, 3)).mean.tolist()
    [[3.0], [3.0]]
    """

    def __init__(
        self,
        weight: Float[Tensor, "n_latent n_pixels"],
        bias: Float[Tensor, "n_latent"],
        std: Float[Tensor, "n_latent"],
    ) -> None:
        super().__init__()
        self.linear = _Linear(weight, bias)
        self.log_std = nn.Parameter(std.log())

    def forward(self, x: Float[Tensor, "*batch n_pixels"]) -> Gaussian:
        """The distribution over `(..., n_latent)`."""
        mean = self.linear(x)
        return _gaussian(mean, self.log_std.exp().expand_as(mean))


def _gaussian(mean: Tensor, std: Tensor) -> Gaussian:
    return Independent(Normal(mean, std, validate_args=False), 1, validate_args=False)


@dataclass(frozen=True)
class ProbabilisticPCA:
    """The closed forms, for one model or for a batch `(...)` of them.

    Raises:
        UserError: for a weight or a bias that is not of finite floats, and shapes that do not
            agree.

    >>> line = ProbabilisticPCA(torch.tensor([[0.6], [0.8]]), torch.zeros(2), noise=1.0)
    >>> line.posterior(torch.tensor([[0.6, 0.8]])).mean
    tensor([[0.5000]])
    """

    weight: Tensor  # W, (..., n_pixels, n_latent), the loadings
    bias: Tensor  # b, (..., n_pixels)
    noise: Positive  # the standard deviation of every pixel, known

    def __post_init__(self) -> None:
        check_fields(self)
        shapes = tuple(self.weight.shape), tuple(self.bias.shape)
        if self.weight.ndim < 2 or shapes[0][:-1] != shapes[1]:
            raise UserError(
                f"weight has shape {shapes[0]} and bias {shapes[1]}: give (..., n_pixels, "
                "n_latent) and (..., n_pixels)"
            )
        for name, tensor in (("weight", self.weight), ("bias", self.bias)):
            if not (tensor.is_floating_point() and all_finite(tensor)):
                raise UserError(f"{name} holds what is no finite float: give finite floats")

    @classmethod
    @checked
    def example(
        cls, n_pixels: Count = 6, n_latent: Count = 2, noise: Positive = 0.5
    ) -> ProbabilisticPCA:
        """A fixed model in float64 whose loadings are orthogonal, of lengths from 2 to 1."""
        _check_sizes(n_pixels, n_latent)
        generator = torch.Generator().manual_seed(11)
        shape, dtype = (n_pixels, n_latent), torch.float64
        basis = torch.linalg.qr(torch.randn(shape, generator=generator, dtype=dtype))[0]
        bias = torch.randn(n_pixels, generator=generator, dtype=dtype)
        return cls(basis * torch.linspace(2.0, 1.0, n_latent, dtype=dtype), bias, noise)

    @classmethod
    @checked
    def maximum_likelihood(
        cls, x: Float[Tensor, "*batch N n_pixels"], *, n_latent: Count, noise: Positive
    ) -> ProbabilisticPCA:
        """The model that maximises the likelihood of the data when the noise is known.

        W = U (Λ − noise² I)^½ with the leading eigenvectors U and eigenvalues Λ of the data's
        covariance, b their mean (Tipping and Bishop, section 3.2; an eigenvalue below noise²
        gets a loading of zero). W R is as good for every rotation R; this W has orthogonal
        columns, so that its posterior is diagonal.

        Raises:
            UserError: for more latent dimensions than pixels, or an x that is empty or not finite.
        """
        check_data(x, n_dimensions=x.ndim)
        _check_sizes(x.shape[-1], n_latent)
        mean = x.mean(-2)
        centred = x - mean.unsqueeze(-2)
        values, vectors = torch.linalg.eigh(centred.mT @ centred / x.shape[-2])
        lengths = (values[..., -n_latent:] - noise**2).clamp(min=0.0).sqrt()
        return cls(vectors[..., -n_latent:] * lengths.unsqueeze(-2), mean, noise)

    @property
    def n_latent(self) -> int:
        """Dimension of z."""
        return self.weight.shape[-1]

    def covariance(self) -> Float[Tensor, "*batch n_pixels n_pixels"]:
        """Of p(x): W Wᵀ + noise² I."""
        identity = torch.eye(self.bias.shape[-1], dtype=self.bias.dtype)
        return self.weight @ self.weight.mT + self.noise**2 * identity

    def log_evidence(self, x: Float[Tensor, "*data M n_pixels"]) -> Float[Tensor, "*batch M"]:
        """log p(x), in nats per datapoint.

        Raises:
            UserError: if x is not finite data in the dtype, and of the pixels, of the model.
        """
        self._check(x)
        value: Tensor = MultivariateNormal(
            self.bias.unsqueeze(-2), self.covariance().unsqueeze(-3)
        ).log_prob(x)
        return value

    def posterior(self, x: Float[Tensor, "*data M n_pixels"]) -> MultivariateNormal:
        """p(z|x) = N(P⁻¹ Wᵀ (x − b) / noise², P⁻¹) with the precision P = I + WᵀW / noise².

        A distribution over `(..., M, n_latent)`; its covariance is the same for every x.

        Raises:
            UserError: as `log_evidence`.
        """
        self._check(x)
        gain, precision = self._posterior_parameters()
        mean = (x - self.bias.unsqueeze(-2)) @ gain.mT
        return MultivariateNormal(mean, precision_matrix=precision.unsqueeze(-3))

    def _check(self, x: Tensor) -> None:
        check_like(x, self.weight)
        check_data(x, n_dimensions=x.ndim)
        check_pixels(x, self.bias.shape[-1])

    def _posterior_parameters(self) -> tuple[Tensor, Tensor]:
        identity = torch.eye(self.n_latent, dtype=self.weight.dtype)
        precision = identity + self.weight.mT @ self.weight / self.noise**2
        return torch.linalg.solve(precision, self.weight.mT) / self.noise**2, precision

    @checked
    def sample(self, n: Count, generator: torch.Generator) -> Float[Tensor, "*batch n n_pixels"]:
        """n draws of x."""
        *batch, n_pixels, n_latent = self.weight.shape
        dtype = self.weight.dtype
        z = torch.randn(*batch, n, n_latent, generator=generator, dtype=dtype)
        epsilon = torch.randn(*batch, n, n_pixels, generator=generator, dtype=dtype)
        return z @ self.weight.mT + self.bias.unsqueeze(-2) + self.noise * epsilon

    def best_model(self) -> VariationalAutoencoder:
        """The generative model with the diagonal Gaussian q(z|x) of the largest bound.

        Among diagonal Gaussians N(m, diag(s²)), KL(q ‖ p(z|x)) is least for the posterior's mean
        and for the precisions 1/s² = diag(P).
        """
        gain, precision = self._posterior_parameters()
        bias = -(gain @ self.bias.unsqueeze(-1)).squeeze(-1)
        std = precision.diagonal(dim1=-2, dim2=-1).rsqrt()
        decoder = LinearGaussian(self.weight, self.bias, self.noise)
        return VariationalAutoencoder(
            LinearEncoder(gain, bias, std), decoder, n_latent=self.n_latent
        )

    def exact_model(self) -> VariationalAutoencoder:
        """The generative model with its exact posterior as recognition model.

        Raises:
            UserError: if the columns of W are not orthogonal, because the posterior is then
                correlated and no diagonal Gaussian is exact.
        """
        inner = self.weight.mT @ self.weight
        diagonal = inner.diagonal(dim1=-2, dim2=-1)
        largest = float((inner - diagonal.diag_embed()).abs().max())
        if largest > 1e-9 * float(diagonal.max()):
            raise UserError(
                f"two columns of W have an inner product of {largest:.2g}, so that the posterior "
                "is correlated and q(z|x) cannot equal it: use orthogonal columns, or best_model"
            )
        return self.best_model()

    @checked
    def untrained_model(
        self, *, std: NotNegative = 0.1, generator: torch.Generator
    ) -> VariationalAutoencoder:
        """A model that knows the noise and nothing else: weights N(0, std²), biases of zero."""
        n_pixels, n_latent = self.weight.shape
        dtype = self.weight.dtype
        a = std * torch.randn(n_latent, n_pixels, generator=generator, dtype=dtype)
        w = std * torch.randn(n_pixels, n_latent, generator=generator, dtype=dtype)
        zeros = torch.zeros(n_latent, dtype=dtype)
        encoder = LinearEncoder(a, zeros, torch.ones_like(zeros))
        decoder = LinearGaussian(w, torch.zeros(n_pixels, dtype=dtype), self.noise)
        return VariationalAutoencoder(encoder, decoder, n_latent=n_latent)


def _check_sizes(n_pixels: int, n_latent: int) -> None:
    if n_latent > n_pixels:
        raise UserError(
            f"n_latent is {n_latent}, but there are {n_pixels} pixels: give at most as many latent "
            "dimensions as pixels"
        )
