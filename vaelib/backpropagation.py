"""The gradients of Appendix C's networks, written out: what autograd computes, in fewer passes.

Every product of a step is a matrix product into memory that is there already, no graph is kept,
and nothing is done for each parameter. `vaelib.fast` trains with it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from vaelib.networks import BernoulliMLP, GaussianMLP


class Fit(NamedTuple):
    """How well outputs fit their targets."""

    log_likelihood: Tensor  # 0-d, the sum over all rows, in nats
    gradients: list[Tensor]  # of −log-likelihood with respect to each head


class Backpropagation:
    """One of the networks of Appendix C, with its gradient left in the parameters' `.grad`.

    Args:
        network: a BernoulliMLP or a GaussianMLP.
    """

    def __init__(self, network: BernoulliMLP | GaussianMLP) -> None:
        self._network = network
        self._hidden_layer = network.hidden
        if isinstance(network, BernoulliMLP):
            self._head_layers = [network.logits]
        else:
            self._head_layers = [network.mean, network.log_variance]
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Inputs `(n, n_in)` to the heads before any activation, `(n, n_out)` each."""
        self._inputs = inputs
        hidden = _affine(self._hidden_layer, inputs)
        # tanh a = 2 sigmoid(2a) − 1, and the sigmoid has the faster vector code.
        self._hidden = hidden.mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)
        return [_affine(layer, self._hidden) for layer in self._head_layers]

    def backward(self, gradients: list[Tensor], *, to_inputs: bool = False) -> Tensor | None:
        """From gradients in the heads to those in the parameters, for the last `forward`.

        Returns:
            the gradient in the inputs, `(n, n_in)`, if it is asked for.
        """
        slope: Tensor | None = None
        for layer, gradient in zip(self._head_layers, gradients, strict=True):
            _store(layer, gradient, self._hidden)
            if slope is None:
                slope = gradient @ layer.weight
            else:
                slope.addmm_(gradient, layer.weight)
        assert slope is not None
        slope.addcmul_(slope * self._hidden, self._hidden, value=-1.0)
        _store(self._hidden_layer, slope, self._inputs)
        return slope @ self._hidden_layer.weight if to_inputs else None

    def sample(self, heads: list[Tensor], *, generator: torch.Generator) -> Tensor:
        """A draw from the distribution that the heads parameterize, as `networks.draw` makes it."""
        if isinstance(self._network, BernoulliMLP):
            uniform = torch.empty_like(heads[0]).uniform_(generator=generator)
            return (uniform < heads[0].sigmoid()).to(uniform.dtype)
        mean = heads[0].sigmoid() if self._network.mean_activation == "sigmoid" else heads[0]
        epsilon = torch.empty_like(mean).normal_(generator=generator)
        return torch.addcmul(mean, heads[1].mul(0.5).exp_(), epsilon)

    def fit(self, heads: list[Tensor], targets: Tensor) -> Fit:
        """log p(targets|heads) and the gradient of its negative; the heads are overwritten.

        Args:
            heads: from `forward`, `(n, n_out)` each.
            targets: `(n, n_out)`.
        """
        if isinstance(self._network, BernoulliMLP):
            (logits,) = heads
            value = torch.dot(targets.flatten(), logits.flatten()) + logsigmoid(-logits).sum()
            return Fit(value, [logits.sigmoid_().sub_(targets)])
        mean, log_variance = heads
        is_sigmoid = self._network.mean_activation == "sigmoid"
        if is_sigmoid:
            mean.sigmoid_()
        residual = mean - targets
        by_mean = residual * torch.exp(-log_variance)
        squares = residual.mul_(by_mean)
        constant = math.log(2.0 * math.pi) * targets.numel()
        value = -0.5 * (log_variance.sum() + squares.sum() + constant)
        if is_sigmoid:
            by_mean.mul_(mean.addcmul_(mean, mean, value=-1.0))
        return Fit(value, [by_mean, squares.sub_(1.0).mul_(-0.5)])


def _affine(layer: nn.Linear, inputs: Tensor) -> Tensor:
    return torch.addmm(layer.bias, inputs, layer.weight.T)


def _store(layer: nn.Linear, gradient: Tensor, inputs: Tensor) -> None:
    assert layer.weight.grad is not None
    assert layer.bias.grad is not None
    torch.mm(gradient.T, inputs, out=layer.weight.grad)
    torch.sum(gradient, 0, out=layer.bias.grad)
