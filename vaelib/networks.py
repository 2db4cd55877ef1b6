"""The two networks of Appendix C: a tanh hidden layer that parameterizes a distribution."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent, Normal

from vaelib.checks.limits import Count, Finite, Positive, checked
from vaelib.checks.shapes import Float
from vaelib.errors import UserError

MeanActivation = Literal["identity", "sigmoid"]
Gaussian: TypeAlias = Independent[Normal]
Likelihood: TypeAlias = Independent[Any]


class BernoulliMLP(nn.Module):
    """Appendix C.1, Eq. 11: independent Bernoulli outputs, y = sigmoid(W₂ tanh(W₁ z + b₁) + b₂).

    The log-probability is that of Eq. 11, Σᵢ xᵢ log yᵢ + (1 − xᵢ) log(1 − yᵢ), for any x in
    [0, 1]. For binary x it is the logarithm of a probability; for grey x it is minus a
    cross-entropy, which is what the authors' code takes for MNIST.

    Args:
        n_in: size of the input, n_latent for a decoder.
        n_hidden: number of tanh units.
        n_out: size of the output, n_pixels for a decoder.

    >>> decoder = BernoulliMLP(2, 3, 4)
    >>> p = decoder(torch.zeros(8, 2))
    >>> p.mean.shape, p.log_prob(torch.ones(8, 4)).shape
    (torch.Size([8, 4]), torch.Size([8]))
    """

    @checked
    def __init__(self, n_in: Count, n_hidden: Count, n_out: Count) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_in, n_hidden)
        self.logits = nn.Linear(n_hidden, n_out)

    @property
    def layers(self) -> list[nn.Linear]:
        """The tanh layers, first to last."""
        return [self.hidden]

    @property
    def heads(self) -> list[nn.Linear]:
        """The linear layers above them, one for each parameter of the distribution."""
        return [self.logits]

    def forward(self, inputs: Float[Tensor, "*batch n_in"]) -> Independent[Bernoulli]:
        """Map inputs `(..., n_in)` to a distribution over `(..., n_out)`."""
        check_inputs(inputs, self.hidden.in_features)
        logits = self.logits(torch.tanh(self.hidden(inputs)))
        # Without validation, because grey pixels lie outside a Bernoulli's support.
        return Independent(Bernoulli(logits=logits, validate_args=False), 1, validate_args=False)


class GaussianMLP(nn.Module):
    """Appendix C.2, Eq. 12: a Gaussian with diagonal covariance; mean and log σ² share one layer.

    As encoder it is q(z|x) of Eq. 9 (in Eq. 12 with x and z swapped). As decoder of Frey Face its
    mean passes through a sigmoid, so that it stays in (0, 1) as section 5 says.

    Args:
        n_in: size of the input.
        n_hidden: number of tanh units.
        n_out: size of the output.
        mean_activation: what the mean passes through.
        log_variance_factor: c in log σ² = c W h + b, 1 in Eq. 12. An optimiser such as Adagrad,
            whose steps have one size whatever the gradient's, moves c W by c times that size.
        n_layers: of n_hidden tanh units each, 1 in Eq. 12.

    >>> encoder = GaussianMLP(4, 3, 2)
    >>> q = encoder(torch.rand(8, 4))
    >>> q.mean.shape, q.log_prob(torch.zeros(8, 2)).shape
    (torch.Size([8, 2]), torch.Size([8]))
    """

    @checked
    def __init__(
        self,
        n_in: Count,
        n_hidden: Count,
        n_out: Count,
        *,
        mean_activation: MeanActivation = "identity",
        log_variance_factor: Finite = 1.0,
        n_layers: Count = 1,
    ) -> None:
        super().__init__()
        self.mean_activation = mean_activation
        self.log_variance_factor = log_variance_factor
        self.n_layers = n_layers
        self.hidden = nn.Linear(n_in, n_hidden)
        self.further = nn.ModuleList(nn.Linear(n_hidden, n_hidden) for _ in range(n_layers - 1))
        self.mean = nn.Linear(n_hidden, n_out)
        self.log_variance = nn.Linear(n_hidden, n_out)

    @property
    def layers(self) -> list[nn.Linear]:
        """The tanh layers, first to last."""
        return [self.hidden, *cast(Iterable[nn.Linear], self.further)]

    @property
    def heads(self) -> list[nn.Linear]:
        """The linear layers above them, one for each parameter of the distribution."""
        return [self.mean, self.log_variance]

    def forward(self, inputs: Float[Tensor, "*batch n_in"]) -> Gaussian:
        """Map inputs `(..., n_in)` to a distribution over `(..., n_out)`."""
        check_inputs(inputs, self.hidden.in_features)
        hidden = inputs
        for layer in self.layers:
            hidden = torch.tanh(layer(hidden))
        mean = self.mean(hidden)
        if self.mean_activation == "sigmoid":
            mean = torch.sigmoid(mean)
        scale = torch.exp(0.5 * self.log_variance(self.log_variance_factor * hidden))
        return Independent(Normal(mean, scale, validate_args=False), 1, validate_args=False)


def check_inputs(inputs: Float[Tensor, "*batch n_in"], n_inputs: int) -> None:
    """Look whether a layer of `n_inputs` can take the inputs.

    Raises:
        UserError: if their last dimension is another.

    >>> check_inputs(torch.zeros(8, 3), 4)
    Traceback (most recent call last):
    vaelib.errors.UserError: the network takes inputs of 4 dimensions, but these have 3: ...
    """
    if inputs.shape[-1] != n_inputs:
        raise UserError(
            f"the network takes inputs of {n_inputs} dimensions, but these have "
            f"{inputs.shape[-1]}: pass a tensor (..., {n_inputs})"
        )


def check_intensities(x: Float[Tensor, "*shape"]) -> None:
    """Look whether pixels are what a Bernoulli decoder takes.

    Raises:
        UserError: if one lies outside [0, 1], where Eq. 11 is no log-probability and has no limit.

    >>> check_intensities(torch.tensor([[0.0, 255.0]]))
    Traceback (most recent call last):
    vaelib.errors.UserError: x has pixels from 0 to 255, but a Bernoulli decoder takes ...
    """
    low, high = (bound.item() for bound in torch.aminmax(x.detach()))
    if not (low >= 0.0 and high <= 1.0):
        raise UserError(
            f"x has pixels from {low:.9g} to {high:.9g}, but a Bernoulli decoder takes intensities "
            "in [0, 1]: rescale x to them, or use decoder 'gaussian'"
        )


@checked
def initialise(module: nn.Module, *, std: Positive = 0.01, generator: torch.Generator) -> None:
    """Draw every weight and bias from N(0, std²), section 5.

    The paper writes N(0, 0.01); its authors' code, and the start of its curves, say that 0.01 is
    the standard deviation.

    Raises:
        UserError: if std is not positive and finite.

    >>> from vaelib import generator
    >>> layer = nn.Linear(100, 100)
    >>> initialise(layer, std=0.01, generator=generator(0))
    >>> f"{layer.weight.std():.3f}"
    '0.010'
    """
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0.0, std, generator=generator)


@checked
def draw(distribution: Distribution, *, generator: torch.Generator) -> Float[Tensor, "*shape"]:
    """One sample, without gradient, from an explicit generator (which `sample()` cannot take).

    Args:
        distribution: a Normal or a Bernoulli, or an Independent of one, as the networks return.
        generator: on the device of the distribution's parameters.

    Raises:
        UserError: for any other distribution.

    >>> from vaelib import generator
    >>> draws = draw(Bernoulli(torch.full((1000,), 0.25)), generator=generator(0))
    >>> f"{draws.mean():.2f}"
    '0.26'
    """
    base = distribution.base_dist if isinstance(distribution, Independent) else distribution
    with torch.no_grad():
        if isinstance(base, Normal):
            epsilon = torch.empty_like(base.loc).normal_(generator=generator)
            return base.loc + base.scale * epsilon
        if isinstance(base, Bernoulli):
            # A comparison, because torch.bernoulli aborts on the NaN of a model that has diverged,
            # before the training loop can say so.
            uniform = torch.empty_like(base.probs).uniform_(generator=generator)
            return (uniform < base.probs).to(base.probs.dtype)
    raise UserError(f"draw cannot sample {type(base).__name__}: pass a Normal or a Bernoulli")
