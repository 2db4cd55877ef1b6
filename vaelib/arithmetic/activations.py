"""What layers are made of, in the forms that are fast on CPUs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear, logsigmoid


def affine(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """inputs · weightᵀ + bias: `(..., n_in)`, `(n_out, n_in)`, `(n_out,)` to `(..., n_out)`."""
    if torch.compiler.is_compiling():
        # So the bias is added in the pass that follows, instead of one of its own.
        return inputs @ weight.T + bias
    return linear(inputs, weight, bias)


def tanh_(x: Tensor) -> Tensor:
    """tanh x = 2 sigmoid(2x) − 1, in place; right to a rounding error of 1, not of a small x."""
    return x.mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)


def softplus(x: Tensor) -> Tensor:
    """log(1 + eˣ) = −log sigmoid(−x), at every x without overflow."""
    return -logsigmoid(-x)
