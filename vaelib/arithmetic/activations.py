"""What layers are made of, in the forms that are fast on CPUs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear, logsigmoid

from vaelib.checks.shapes import Float


def affine(
    inputs: Float[Tensor, "*batch n_in"],
    weight: Float[Tensor, "n_out n_in"],
    bias: Float[Tensor, "n_out"],
) -> Float[Tensor, "*batch n_out"]:
    """inputs · weightᵀ + bias.

    >>> affine(torch.ones(1, 3), torch.ones(2, 3), torch.tensor([0.0, 1.0]))
    tensor([[3., 4.]])
    """
    if torch.compiler.is_compiling():
        # So the bias is added in the pass that follows, instead of one of its own.
        return inputs @ weight.T + bias
    return linear(inputs, weight, bias)


def tanh_(x: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """tanh x = 2 sigmoid(2x) − 1, in place; right to a rounding error of 1, not of a small x.

    >>> x = torch.tensor([-1.0, 0.0, 100.0])
    >>> tanh_(x) is x, x
    (True, tensor([-0.7616,  0.0000,  1.0000]))
    """
    return x.mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)


def softplus(x: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """log(1 + eˣ) = −log sigmoid(−x), at every x without overflow.

    >>> softplus(torch.tensor([0.0, 100.0]))
    tensor([  0.6931, 100.0000])
    """
    return -logsigmoid(-x)
