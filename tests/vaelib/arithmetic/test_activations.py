"""They are the functions that they are named after."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from vaelib.arithmetic.activations import softplus, tanh_

X = torch.linspace(-200.0, 200.0, 4001, dtype=torch.float64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values(dtype: torch.dtype) -> None:
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(
        tanh_(X.to(dtype, copy=True)).double(), X.tanh(), atol=2 * eps, rtol=0.0
    )
    torch.testing.assert_close(
        softplus(X.to(dtype)).double(), torch.logaddexp(X, torch.zeros_like(X)), rtol=4 * eps,
        atol=eps,
    )  # fmt: skip


def test_softplus_has_its_derivative() -> None:
    x = X.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(softplus(x).sum(), x)
    torch.testing.assert_close(gradient, functional.sigmoid(X))


def test_tanh_is_in_place() -> None:
    x = X.clone()
    assert tanh_(x).data_ptr() == x.data_ptr()
