"""The Gamma's inverse CDF and its implicit derivative."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import special
from torch import Tensor

from vaelib.distributions.gamma_quantile import log_gamma_quantile
from vaelib.errors import UserError

EPSILON = torch.tensor(
    [2.0**-53, 1e-9, 1e-4, 0.1, 0.499, 0.5, 0.501, 0.9, 1 - 1e-4, 1 - 1e-9, 1 - 2.0**-53],
    dtype=torch.float64,
)
SHAPES = [1e-5, 1e-3, 0.05, 0.3, 1.0, 2.5, 30.0, 1e3, 1e5]


def derivative(alpha: float) -> Tensor:
    a = torch.full_like(EPSILON, alpha).requires_grad_()
    (slope,) = torch.autograd.grad(log_gamma_quantile(EPSILON, a).sum(), a)
    return slope


@pytest.mark.parametrize("alpha", SHAPES)
def test_inverts_the_cdf(alpha: float) -> None:
    """F(z) = ε below the median and 1 − F(z) = 1 − ε above it, wherever z does not underflow."""
    log_z = log_gamma_quantile(EPSILON, torch.tensor(alpha, dtype=torch.float64)).numpy()
    assert np.isfinite(log_z).all()
    seen = log_z > -700
    z, epsilon = np.exp(log_z[seen]), EPSILON.numpy()[seen]
    tail = np.where(epsilon < 0.5, special.gammainc(alpha, z), special.gammaincc(alpha, z))
    # A relative error δ of z moves log F by up to z p(z)/F · δ, which grows as √α.
    np.testing.assert_allclose(
        tail, np.minimum(epsilon, 1 - epsilon), rtol=1e-12 * (1 + 30 * math.sqrt(alpha))
    )


@pytest.mark.parametrize("alpha", SHAPES)
def test_derivative_is_that_of_the_quantile(alpha: float) -> None:
    """The implicit derivative against a fourth-order difference of the quantile itself."""

    def log_z(a: float) -> Tensor:
        return log_gamma_quantile(EPSILON, torch.tensor(a, dtype=torch.float64))

    h = 1e-4 * alpha / (1 + math.sqrt(alpha))
    near = log_z(alpha + h) - log_z(alpha - h)
    far = log_z(alpha + 2 * h) - log_z(alpha - 2 * h)
    torch.testing.assert_close(derivative(alpha), (8 * near - far) / (12 * h), rtol=1e-7, atol=0)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5, 30.0, 1e3])
def test_derivative_agrees_with_pytorchs_approximation(alpha: float) -> None:
    """`torch.distributions.Gamma` approximates it, to 1 % this far out in the tails."""
    a = torch.full_like(EPSILON, alpha)
    z = log_gamma_quantile(EPSILON, a).exp()
    torch.testing.assert_close(
        z * derivative(alpha), torch._standard_gamma_grad(a, z), rtol=1e-2, atol=1e-30
    )


def test_shape_one_is_the_exponential() -> None:
    log_z = log_gamma_quantile(EPSILON, torch.ones(()).double())
    torch.testing.assert_close(log_z, torch.log(-torch.log1p(-EPSILON)), rtol=1e-12, atol=1e-12)


def test_small_shapes_meet_their_limit_where_z_underflows() -> None:
    """F(z; α) → z^α / Γ(α + 1): the quantile is a power, far below the smallest float."""
    alpha, epsilon = 1e-3, 0.1
    log_z = log_gamma_quantile(
        torch.tensor(epsilon, dtype=torch.float64), torch.tensor(alpha, dtype=torch.float64)
    ).item()
    assert log_z == pytest.approx((math.log(epsilon) + math.lgamma(1 + alpha)) / alpha, rel=1e-12)
    assert log_z < -2000


def test_single_precision_in_single_precision_out() -> None:
    log_z = log_gamma_quantile(torch.tensor([0.2, 0.7]), torch.tensor(2.0))
    assert log_z.dtype == torch.float32
    double = log_gamma_quantile(torch.tensor([0.2, 0.7]).double(), torch.tensor(2.0).double())
    torch.testing.assert_close(log_z, double.float())


def test_a_second_derivative_is_refused() -> None:
    alpha = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    log_z = log_gamma_quantile(torch.tensor(0.3).double(), alpha)
    (slope,) = torch.autograd.grad(log_z.exp(), alpha, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.backward()


@pytest.mark.parametrize("epsilon", [0.0, 1.0, -0.1, math.nan])
def test_noise_outside_the_interval_is_named(epsilon: float) -> None:
    with pytest.raises(UserError, match=r"epsilon leaves \(0, 1\)"):
        log_gamma_quantile(torch.tensor([0.5, epsilon]), torch.tensor(2.0))


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.nan, math.inf])
def test_a_shape_that_is_none_is_named(alpha: float) -> None:
    with pytest.raises(UserError, match=r"concentration reaches from .* give positive, finite"):
        log_gamma_quantile(torch.tensor(0.5), torch.tensor([1.0, alpha]))
