"""A log density and its gradient: what Hybrid Monte Carlo is told of its target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from vaelib.errors import UserError

LogDensity = Callable[[Tensor], Tensor]
"""`(..., d)` to `(...)`: an unnormalised log density, batched over all leading dimensions."""


@runtime_checkable
class HasGradient(Protocol):
    """What a log density may have besides: a gradient of its own. The results carry no graph."""

    def gradient(self, position: Tensor) -> Tensor:
        """The gradient, `(..., d)` to `(..., d)`."""

    def value_and_gradient(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """The log density `(...)` and its gradient `(..., d)`, in one pass."""


def with_gradient(log_density: LogDensity) -> HasGradient:
    """The gradient of the log density: its own where it has one, otherwise autograd's.

    >>> density = with_gradient(lambda z: -0.5 * z.square().sum(-1))
    >>> density.value_and_gradient(torch.tensor([[1.0, 2.0]]))
    (tensor([-2.5000]), tensor([[-1., -2.]]))
    """
    return log_density if isinstance(log_density, HasGradient) else _ByAutograd(log_density)


class _ByAutograd:
    def __init__(self, log_density: LogDensity) -> None:
        self._log_density = log_density

    def gradient(self, position: Tensor) -> Tensor:
        return self.value_and_gradient(position)[1]

    def value_and_gradient(self, position: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            leaf = position.detach().requires_grad_(True)
            value = self._log_density(leaf)
            if value.shape != leaf.shape[:-1]:
                raise UserError(
                    f"The log density returned shape {tuple(value.shape)} for positions of shape "
                    f"{tuple(leaf.shape)}; it must return one number per chain, shape "
                    f"{tuple(leaf.shape[:-1])}."
                )
            gradient = None
            if value.requires_grad:
                (gradient,) = torch.autograd.grad(value.sum(), leaf, allow_unused=True)
            if gradient is None:
                raise UserError(
                    "The log density does not depend on the position (no gradient reaches it); "
                    "compute it from the position with differentiable operations."
                )
        return value.detach(), gradient
