"""The inverse CDF of the Gamma distribution, with its derivative in the shape parameter.

It has no closed form, so z is found numerically, and differentiated through the equation that
defines it: F(z; α) = ε with ε fixed gives dz/dα = −(∂F/∂α) / (∂F/∂z) (Figurnov, Mohamed and Mnih,
*Implicit Reparameterization Gradients*, 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaelib.errors import UserError

_Array = NDArray[np.float64]

# Below this log z, the series F(z; α) = z^α / Γ(α + 1) · (1 − z α/(α + 1) + …) is its first term.
_LOG_SMALL = -40.0


def log_gamma_quantile(epsilon: Tensor, concentration: Tensor) -> Tensor:
    """log z for z = F⁻¹(ε; α), where F is the CDF of Gamma(α, 1); differentiable, once, in α.

    The logarithm stays finite where z underflows, as it does for small α. Everything is computed
    in float64 on the CPU and returned in the dtype and on the device of ε.

    Args:
        epsilon: noise in (0, 1), any shape.
        concentration: α > 0, broadcast against ε.

    Raises:
        UserError: for noise outside (0, 1), or an α that is not positive and finite.

    >>> median = torch.tensor(0.5)
    >>> log_gamma_quantile(median, torch.tensor([1.0, 5.0])).exp()
    tensor([0.6931, 4.6709])
    """
    # A NaN fails these comparisons too.
    if not bool(((epsilon > 0.0) & (epsilon < 1.0)).all()):
        raise UserError("epsilon leaves (0, 1): draw it as `pathwise.UNIFORM` does")
    if not bool(((concentration > 0.0) & concentration.isfinite()).all()):
        raise UserError(
            f"concentration reaches from {concentration.min().item():g} to "
            f"{concentration.max().item():g}: give positive, finite numbers"
        )
    # PyTorch does not type `apply`.
    log_z: Tensor = _LogGammaQuantile.apply(  # type: ignore[no-untyped-call]
        *torch.broadcast_tensors(epsilon, concentration)
    )
    return log_z


class _LogGammaQuantile(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, epsilon: Tensor, concentration: Tensor) -> Tensor:
        ctx.alpha = _array(concentration)
        ctx.log_z = _log_quantile(_array(epsilon), ctx.alpha)
        return torch.as_tensor(ctx.log_z).to(epsilon)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:
        return None, gradient * torch.as_tensor(_slope(ctx.log_z, ctx.alpha)).to(gradient)


def _array(tensor: Tensor) -> _Array:
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def _log_quantile(epsilon: _Array, alpha: _Array) -> _Array:
    small = (np.log(epsilon) + special.gammaln(alpha + 1)) / alpha
    invert = small > _LOG_SMALL
    # Both sides are computed and one is chosen, with harmless input where the other is.
    z = special.gammaincinv(np.where(invert, alpha, 1.0), np.where(invert, epsilon, 0.5))
    return np.where(invert, np.log(z), small)


def _slope(log_z: _Array, alpha: _Array) -> _Array:
    """d log z / dα at fixed ε."""
    small = (special.digamma(alpha + 1) - log_z) / alpha
    invert = log_z > _LOG_SMALL
    z = np.exp(np.where(invert, log_z, 0.0))
    # F varies with α over a scale of √α (of α, if that is less): a central difference of fourth
    # order over a thousandth of it.
    h = 1e-3 * alpha / (1 + np.sqrt(alpha))

    def difference(cdf: Any) -> _Array:
        near = cdf(alpha + h, z) - cdf(alpha - h, z)
        far = cdf(alpha + 2 * h, z) - cdf(alpha - 2 * h, z)
        return np.asarray((8 * near - far) / (12 * h))

    # The smaller tail keeps its relative accuracy.
    in_lower = special.gammainc(alpha, z) < 0.5
    dF_dalpha = np.where(in_lower, difference(special.gammainc), -difference(special.gammaincc))
    dF_dlogz = np.exp(alpha * np.log(z) - z - special.gammaln(alpha))
    return np.where(invert, -dF_dalpha / np.where(invert, dF_dlogz, 1.0), small)
