"""The gradients of Appendix C's networks, written out: what autograd computes, in fewer passes.

No graph is kept, and every function is one of tensors only, so that `torch.compile` can fuse what
stands between the matrix products. `vaelib.fast.algorithms` trains with it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaelib.arithmetic.activations import affine, softplus, tanh_
from vaelib.arithmetic.products import Precision, product
from vaelib.checks.limits import checked
from vaelib.checks.shapes import Float
from vaelib.networks import BernoulliMLP, GaussianMLP
from vaelib.optimiser import MAPAdagrad


class Activations(NamedTuple):
    """What one pass through a network leaves."""

    inputs: Tensor  # (n, n_in)
    hidden: list[Tensor]  # (n, n_hidden) for each layer, after tanh
    heads: list[Tensor]  # (n, n_out) each, before any activation


class Fit(NamedTuple):
    """How well outputs fit their targets."""

    log_likelihood: Tensor  # 0-d, the sum over all rows, in nats
    gradients: list[Tensor]  # of −log-likelihood with respect to each head


class Gradients(NamedTuple):
    """Of a loss, all the way back."""

    parameters: list[Tensor]  # in the order of the network's parameters
    first: Tensor  # (n, n_hidden), of the first layer before tanh


class Backpropagation:
    """One of the networks of Appendix C, forward and back.

    Args:
        network: a BernoulliMLP or a GaussianMLP.
        precision: of the matrix products; parameters and all else stay as they are.

    >>> network = BernoulliMLP(3, 4, 2)
    >>> by_hand, x, y = Backpropagation(network), torch.ones(5, 3), torch.ones(5, 2)
    >>> with torch.no_grad():
    ...     at = by_hand.forward(x)
    ...     gradients = by_hand.backward(at, by_hand.fit(at.heads, y).gradients).parameters
    >>> by_graph = torch.autograd.grad(-network(x).log_prob(y).sum(), [*network.parameters()])
    >>> all(torch.allclose(*pair, atol=1e-5) for pair in zip(gradients, by_graph))
    True
    """

    @checked
    def __init__(
        self, network: BernoulliMLP | GaussianMLP, *, precision: Precision = "float32"
    ) -> None:
        self._network = network
        self._precision = precision
        self._layers, self._heads = network.layers, network.heads
        self._factors = [1.0]
        if isinstance(network, GaussianMLP):
            self._factors += [network.log_variance_factor]
        self._outer: list[tuple[Tensor, Tensor]] = [(h.weight, h.bias) for h in self._heads]

    def join_heads(self, optimiser: MAPAdagrad) -> None:
        """Compute the heads as one layer from here on, and let the optimiser update them as one.

        Half as many products, each twice as large, take less time. The steps must be compiled.
        Heads with a factor stay apart.
        """
        if set(self._factors) != {1.0}:
            return
        weights, biases = zip(*self._outer, strict=True)
        self._outer = [(optimiser.join(weights), optimiser.join(biases))]
        self._factors = [1.0]

    def forward(self, inputs: Float[Tensor, "n n_in"]) -> Activations:
        """One pass."""
        hidden, below = [], inputs
        for layer in self._layers:
            below = tanh_(self._affine(below, layer.weight, layer.bias))
            hidden.append(below)
        outputs = [
            self._affine(_times(factor, below), *head)
            for factor, head in zip(self._factors, self._outer, strict=True)
        ]
        if len(outputs) < len(self._heads):
            # Each its own, as `fit` writes into them.
            outputs = [head.clone() for head in outputs[0].chunk(len(self._heads), dim=-1)]
        return Activations(inputs, hidden, outputs)

    def backward(self, at: Activations, gradients: list[Tensor]) -> Gradients:
        """From gradients in the heads, at what `forward` returned, to those in the parameters."""
        parameters, slope = [], None
        if len(self._outer) < len(gradients):
            gradients = [torch.cat(gradients, dim=-1)]
        for factor, (weight, _), gradient in zip(
            self._factors, self._outer, gradients, strict=True
        ):
            scaled = _times(factor, gradient)
            parameters += [self._product(scaled.T, at.hidden[-1]), gradient.sum(0)]
            by_hidden = self._product(scaled, weight)
            slope = by_hidden if slope is None else slope.add_(by_hidden)
        assert slope is not None
        for place in reversed(range(len(at.hidden))):
            hidden = at.hidden[place]
            slope.addcmul_(slope * hidden, hidden, value=-1.0)
            below = at.hidden[place - 1] if place else at.inputs
            parameters = [self._product(slope.T, below), slope.sum(0), *parameters]
            if place:
                slope = self._product(slope, self._layers[place].weight)
        return Gradients(parameters, slope)

    def to_inputs(self, gradients: Gradients) -> Float[Tensor, "n n_in"]:
        """The gradient in the inputs."""
        return self._product(gradients.first, self._layers[0].weight)

    @checked
    def noise(
        self, inputs: Float[Tensor, "n n_in"], *, generator: torch.Generator
    ) -> Float[Tensor, "n n_out"]:
        """What `sample` needs, as `networks.draw` draws it."""
        noise = inputs.new_empty(len(inputs), self._heads[0].out_features)
        if isinstance(self._network, BernoulliMLP):
            return noise.uniform_(generator=generator)
        return noise.normal_(generator=generator)

    def sample(
        self, heads: list[Tensor], noise: Float[Tensor, "n n_out"]
    ) -> Float[Tensor, "n n_out"]:
        """A draw from the distribution that the heads parameterise."""
        if isinstance(self._network, BernoulliMLP):
            return (noise < heads[0].sigmoid()).to(noise.dtype)
        mean = heads[0].sigmoid() if self._network.mean_activation == "sigmoid" else heads[0]
        return torch.addcmul(mean, heads[1].mul(0.5).exp_(), noise)

    def fit(self, heads: list[Tensor], targets: Float[Tensor, "n n_out"]) -> Fit:
        """log p(targets|heads) and the gradient of its negative; the heads are overwritten."""
        if isinstance(self._network, BernoulliMLP):
            (logits,) = heads
            value = torch.dot(targets.flatten(), logits.flatten()) - softplus(logits).sum()
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

    def _affine(self, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        if self._precision == "float32":
            return affine(inputs, weight, bias)
        return self._product(inputs, weight.T) + bias

    def _product(self, a: Tensor, b: Tensor) -> Tensor:
        return product(a, b, self._precision)


def _times(factor: float, tensor: Tensor) -> Tensor:
    """factor · tensor, and no pass over memory for a factor of 1."""
    return tensor if factor == 1.0 else factor * tensor
