"""tanh and softplus by functions for which PyTorch has fast vector code on CPUs."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid


def tanh_(x: Tensor) -> Tensor:
    """tanh x = 2 sigmoid(2x) − 1, in place; right to a rounding error of 1, not of a small x."""
    return x.mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)


def softplus(x: Tensor) -> Tensor:
    """log(1 + eˣ) = −log sigmoid(−x), at every x without overflow."""
    return -logsigmoid(-x)
