"""log p(x, z) as a function of z: the target of HMC in Appendices D and E.

For the decoders of Appendix C the gradient ∇_z log p(x, z) is in closed form here. Autograd would
come to the same numbers in twice the time: it keeps every step of the way, and passes more often
over the pixels, of which there are many more than hidden units.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from vaelib.arithmetic.activations import affine, softplus, tanh_
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_data, check_like, check_pixels, on_cpu
from vaelib.hmc.log_density import LogDensity
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import BernoulliMLP, GaussianMLP, check_inputs, check_intensities


def latent_density(model: VariationalAutoencoder, x: Float[Tensor, "M n_pixels"]) -> LogDensity:
    """z ↦ log p(x, z), in nats: `(..., M, n_latent)` to `(..., M)`, up to rounding `log_joint`.

    For a decoder of Appendix C it brings its own gradient, and never builds a graph; it holds what
    follows from x and the weights, and so is to be made anew when these have changed.

    Raises:
        UserError: if x is empty, not finite, of another dtype, device or number of pixels than the
            decoder's, or, on a CPU, outside [0, 1] before a Bernoulli decoder.

    >>> from vaelib.model import build
    >>> vae = build(n_pixels=6, n_hidden=8, n_latent=2, generator=torch.Generator().manual_seed(0))
    >>> x, z = torch.ones(4, 6), torch.zeros(4, 2)
    >>> bool((latent_density(vae, x)(z) - vae.log_joint(x, z)).abs().max() < 1e-5)
    True
    """
    like = next(model.parameters(), None)
    if like is not None:
        check_like(x, like)
    check_data(x)
    if type(model) is VariationalAutoencoder:
        if type(model.decoder) is BernoulliMLP:
            check_pixels(x, model.decoder.logits.out_features)
            if on_cpu(x):
                check_intensities(x)
            return _Bernoulli.of(model.decoder, x)
        if type(model.decoder) is GaussianMLP and len(model.decoder.layers) == 1:
            check_pixels(x, model.decoder.mean.out_features)
            return _Gaussian.of(model.decoder, x)
    return lambda z: model.log_joint(x, z)


@dataclass
class OneHiddenLayer(ABC):
    """log N(z; 0, I) + log p(x|h) with h = tanh(W₁ z + b₁), and the chain rule through h.

    All that it holds is tensors: W₁, b₁, those of the layers above h in one piece, and what its
    kind needs of x.

    >>> from vaelib.model import build
    >>> vae = build(n_pixels=6, n_hidden=8, n_latent=2, generator=torch.Generator().manual_seed(0))
    >>> isinstance(latent_density(vae, torch.ones(4, 6)), OneHiddenLayer)
    True
    """

    weight: Tensor  # (n_hidden, n_latent)
    bias: Tensor  # (n_hidden,)
    weight_2: Tensor  # (n_outputs, n_hidden)
    bias_2: Tensor  # (n_outputs,)

    @abstractmethod
    def outputs(self, hidden: Tensor) -> Tensor:
        """What the layers above h give before any activation."""

    @abstractmethod
    def log_likelihood(self, hidden: Tensor, outputs: Tensor) -> Tensor:
        """log p(x|h), `(..., M, n_hidden)` to `(..., M)`."""

    @abstractmethod
    def slope(self, hidden: Tensor, outputs: Tensor) -> Tensor:
        """∇_h log p(x|h), of the shape of h; it may overwrite the outputs."""

    def __call__(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            hidden = self._hidden(z)
            log_likelihood = self.log_likelihood(hidden, self.outputs(hidden))
            return log_standard_normal(z) + log_likelihood

    def gradient(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            hidden = self._hidden(z)
            return self._through_hidden(z, hidden, self.slope(hidden, self.outputs(hidden)))

    def value_and_gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            hidden = self._hidden(z)
            outputs = self.outputs(hidden)
            value = log_standard_normal(z) + self.log_likelihood(hidden, outputs)
            return value, self._through_hidden(z, hidden, self.slope(hidden, outputs))

    def _hidden(self, z: Tensor) -> Tensor:
        check_inputs(z, self.weight.shape[1])
        return tanh_(affine(z, self.weight, self.bias))

    def _through_hidden(self, z: Tensor, hidden: Tensor, slope: Tensor) -> Tensor:
        return slope.addcmul_(slope * hidden, hidden, value=-1.0) @ self.weight - z


@dataclass
class _Bernoulli(OneHiddenLayer):
    """Eq. 11 with logits l = W₂ h + b₂: log p(x|z) = Σᵢ xᵢ lᵢ − softplus(lᵢ).

    As Σᵢ xᵢ lᵢ = hᵀ W₂ᵀ x + b₂ᵀ x, the data enter by the two constants W₂ᵀ x and b₂ᵀ x, and what is
    left to do for each pixel does not depend on x: ∇_h log p(x|z) = W₂ᵀ x − W₂ᵀ sigmoid(l).
    """

    x_weight: Tensor  # W₂ᵀ x, (M, n_hidden)
    x_bias: Tensor  # b₂ᵀ x, (M,)

    @classmethod
    def of(cls, decoder: BernoulliMLP, x: Tensor) -> _Bernoulli:
        """For one decoder and its data."""
        layers = (decoder.hidden, decoder.logits)
        weight, weight_2 = (layer.weight.detach() for layer in layers)
        bias, bias_2 = (layer.bias.detach() for layer in layers)
        return cls(weight, bias, weight_2, bias_2, x @ weight_2, x @ bias_2)

    def outputs(self, hidden: Tensor) -> Tensor:
        return affine(hidden, self.weight_2, self.bias_2)

    def log_likelihood(self, hidden: Tensor, outputs: Tensor) -> Tensor:
        data_term = (hidden * self.x_weight).sum(-1) + self.x_bias
        return data_term - softplus(outputs).sum(-1)

    def slope(self, hidden: Tensor, outputs: Tensor) -> Tensor:
        return self.x_weight - outputs.sigmoid_() @ self.weight_2


@dataclass
class _Gaussian(OneHiddenLayer):
    """Eq. 12: log p(x|z) = −½ Σᵢ (log 2π + log σᵢ² + (xᵢ − μᵢ)² / σᵢ²); both heads are stacked."""

    x: Tensor  # (M, n_pixels)

    @classmethod
    def of(cls, decoder: GaussianMLP, x: Tensor) -> _Gaussian:
        """For one decoder and its data."""
        kind = _GaussianOfSigmoid if decoder.mean_activation == "sigmoid" else _Gaussian
        mean, log_variance = decoder.mean, decoder.log_variance
        slopes = decoder.log_variance_factor * log_variance.weight
        return kind(
            decoder.hidden.weight.detach(),
            decoder.hidden.bias.detach(),
            torch.cat([mean.weight, slopes]).detach(),
            torch.cat([mean.bias, log_variance.bias]).detach(),
            x,
        )

    def outputs(self, hidden: Tensor) -> Tensor:
        return affine(hidden, self.weight_2, self.bias_2)

    def log_likelihood(self, hidden: Tensor, outputs: Tensor) -> Tensor:
        mean, log_variance = outputs.chunk(2, dim=-1)
        squares = (self.x - mean).square() * (-log_variance).exp()
        constant = math.log(2.0 * math.pi) * self.x.shape[-1]
        return -0.5 * (squares + log_variance).sum(-1) - 0.5 * constant

    def slope(self, hidden: Tensor, outputs: Tensor) -> Tensor:
        mean, log_variance = outputs.chunk(2, dim=-1)
        residual = self.x - mean
        by_mean = residual * (-log_variance).exp()
        by_log_variance = 0.5 * (residual * by_mean - 1.0)
        by_output = self.before_activation(by_mean, mean)
        return torch.cat([by_output, by_log_variance], dim=-1) @ self.weight_2

    def before_activation(self, by_mean: Tensor, mean: Tensor) -> Tensor:
        """From the gradient in the mean to that in the output that gives it; in place."""
        return by_mean


@dataclass
class _GaussianOfSigmoid(_Gaussian):
    """The same with μ = sigmoid of its output, as for Frey Face."""

    def outputs(self, hidden: Tensor) -> Tensor:
        outputs = super().outputs(hidden)
        outputs.chunk(2, dim=-1)[0].sigmoid_()
        return outputs

    def before_activation(self, by_mean: Tensor, mean: Tensor) -> Tensor:
        return by_mean.mul_(mean * (1.0 - mean))
