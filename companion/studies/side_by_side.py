"""S linear Gaussian models as one, whose rows are S blocks and whose gradients do not mix."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from vaelib.checks.limits import Count, NotNegative, Positive, checked
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import VariationalAutoencoder
from vaelib.networks import Gaussian


class BlockLinear(nn.Module):
    """S maps inputs Wᵀ + b: each takes its own block of the rows, `(..., S M, n_in)`.

    Args:
        weight: `(S, n_out, n_in)`.
        bias: `(S, n_out)`.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(bias.clone())

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs, `(..., S M, n_out)`."""
        blocks = inputs.unflatten(-2, (len(self.weight), -1))
        outputs: Tensor = blocks @ self.weight.mT + self.bias.unsqueeze(-2)
        return outputs.flatten(-3, -2)


class BlockDecoder(nn.Module):
    """S decoders p(x|z) = N(x; W z + b, noise² I)."""

    @checked
    def __init__(self, weight: Tensor, bias: Tensor, noise: Positive) -> None:
        super().__init__()
        self.linear = BlockLinear(weight, bias)
        self.noise = noise

    def forward(self, z: Tensor) -> Gaussian:
        """Map z `(..., S M, n_latent)` to a distribution over `(..., S M, n_pixels)`."""
        mean = self.linear(z)
        return _gaussian(mean, torch.full_like(mean, self.noise))

    def closed_forms(self) -> ProbabilisticPCA:
        """The batch `(S,)` of models that the decoders define at their present parameters."""
        weight, bias = self.linear.weight.detach(), self.linear.bias.detach()
        return ProbabilisticPCA(weight.clone(), bias.clone(), self.noise)


class BlockEncoder(nn.Module):
    """S encoders q(z|x) = N(z; A x + c, diag(std²)), whose std is the same for every x."""

    def __init__(self, weight: Tensor, bias: Tensor, std: Tensor) -> None:
        super().__init__()
        self.linear = BlockLinear(weight, bias)
        self.log_std = nn.Parameter(std.log())

    def forward(self, x: Tensor) -> Gaussian:
        """Map x `(..., S M, n_pixels)` to a distribution over `(..., S M, n_latent)`."""
        mean = self.linear(x)
        std = self.log_std.exp()
        std = std.repeat_interleave(mean.shape[-2] // len(std), 0)
        return _gaussian(mean, std.expand_as(mean))


def _gaussian(mean: Tensor, std: Tensor) -> Gaussian:
    return Independent(Normal(mean, std, validate_args=False), 1, validate_args=False)


@checked
def untrained_models(
    ppca: ProbabilisticPCA,
    n_starts: Count,
    *,
    std: NotNegative = 0.1,
    generator: torch.Generator,
) -> VariationalAutoencoder:
    """`ProbabilisticPCA.untrained_model`, S of them with other weights."""
    n_pixels, n_latent = ppca.weight.shape[-2:]
    dtype = ppca.weight.dtype
    a, w = (
        std * torch.randn(n_starts, *shape, generator=generator, dtype=dtype)
        for shape in ((n_latent, n_pixels), (n_pixels, n_latent))
    )
    zeros = torch.zeros(n_starts, n_latent, dtype=dtype)
    return VariationalAutoencoder(
        BlockEncoder(a, zeros, torch.ones_like(zeros)),
        BlockDecoder(w, torch.zeros(n_starts, n_pixels, dtype=dtype), ppca.noise),
        n_latent=n_latent,
    )


@checked
def corners(n_latent: Count) -> Tensor:
    """The K = 2^n_latent points with coordinates ±1, as noise ε: `(K, 1, n_latent)`.

    Their average of any polynomial of degree two or three is its expectation under N(0, I). For a
    linear decoder the estimators A and B are quadratic in ε: with these as their L samples they
    are the bound itself, without noise.
    """
    signs = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    return torch.cartesian_prod(*[signs] * n_latent).reshape(-1, 1, n_latent)
