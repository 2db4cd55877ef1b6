"""SGVB for global parameters (Appendix F; section 7, iii): a variational posterior over θ."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector

from vaelib.checks.limits import Count, Positive, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_gaussian
from vaelib.elbo import gaussian_kl
from vaelib.errors import UserError
from vaelib.model import log_standard_normal


class GlobalPosterior(nn.Module):
    """q_φ(θ) = N(μ, diag σ²) over all J parameters of a module, p_α(θ) = N(0, α² I): Eq. 23.

    The means μ *are* the module's own parameters, so that the module taken alone computes with the
    posterior mean, and saving it saves μ. Only log σ is new.

    Args:
        module: whatever θ parameterizes; its present parameters are the first means.
        initial_std: σ at the start, the same for every parameter.
        prior_std: α; 1 in F.1.

    Raises:
        UserError: if the module has no parameters, or a standard deviation is not positive and
            finite.

    >>> from vaelib import generator
    >>> layer = nn.Linear(3, 1)
    >>> q_theta = GlobalPosterior(layer, initial_std=0.1)
    >>> {name: tuple(theta.shape) for name, theta in q_theta.sample(generator=generator(0)).items()}
    {'weight': (1, 3), 'bias': (1,)}
    >>> bool((q_theta(torch.ones(2, 3), q_theta.mean) == layer(torch.ones(2, 3))).all())
    True
    """

    @checked
    def __init__(
        self, module: nn.Module, *, initial_std: Positive = 0.05, prior_std: Positive = 1.0
    ) -> None:
        super().__init__()
        if next(module.parameters(), None) is None:
            raise UserError(f"{type(module).__name__} has no parameters to have a posterior over")
        self.module = module
        self.prior_std = prior_std
        self.log_std = nn.Parameter(torch.full_like(self.mean.detach(), math.log(initial_std)))

    @property
    def mean(self) -> Float[Tensor, "J"]:
        """μ, `(J,)`: the module's parameters in one vector, in the order of `named_parameters`."""
        return parameters_to_vector(self.module.parameters())

    @property
    def std(self) -> Float[Tensor, "J"]:
        """σ, `(J,)`."""
        return self.log_std.exp()

    @checked
    def noise(self, n_samples: Count, *, generator: torch.Generator) -> Float[Tensor, "L J"]:
        """ζ ~ p(ζ) = N(0, I), `(L, J)`; the generator is on the parameters' device."""
        shape = (n_samples, *self.log_std.shape)
        return self.log_std.detach().new_empty(shape).normal_(generator=generator)

    def reparameterize(self, zeta: Float[Tensor, "*batch J"]) -> Float[Tensor, "*batch J"]:
        """θ = h_φ(ζ) = μ + σ ⊙ ζ (Eq. 19): `(..., J)` to `(..., J)`."""
        check_gaussian(self.mean, self.std, of="q(θ)", made_by="the model's weights and log σ_θ")
        return self.mean + self.std * zeta

    def unflatten(self, theta: Float[Tensor, "J"]) -> dict[str, Tensor]:
        """θ `(J,)` as the module's parameters by name."""
        named = dict(self.module.named_parameters())
        pieces = theta.split([p.numel() for p in named.values()])
        return {n: t.view_as(p) for (n, p), t in zip(named.items(), pieces, strict=True)}

    @checked
    def sample(self, *, generator: torch.Generator) -> dict[str, Tensor]:
        """One draw of θ by parameter name, differentiable in μ and σ."""
        return self.unflatten(self.reparameterize(self.noise(1, generator=generator)[0]))

    def forward(self, inputs: Tensor, theta: Float[Tensor, "J"]) -> Any:
        """What the module computes from the inputs when its parameters are θ `(J,)`."""
        return functional_call(self.module, self.unflatten(theta), (inputs,))

    def log_ratio(self, zeta: Float[Tensor, "*batch J"]) -> Float[Tensor, "*batch"]:
        """log p_α(θ) − log q_φ(θ) at θ = h_φ(ζ): `(..., J)` to `(...)`, the end of Eq. 21."""
        log_prior = log_standard_normal(self.reparameterize(zeta) / self.prior_std)
        log_q = log_standard_normal(zeta) - self.log_std.sum()
        return log_prior - self.log_std.numel() * math.log(self.prior_std) - log_q

    def kl(self) -> Float[Tensor, ""]:
        """KL(q_φ(θ) ‖ p_α(θ)) in closed form, the last line of Eq. 24 negated; 0-d, in nats."""
        in_units_of_the_prior = Normal(
            self.mean / self.prior_std, self.std / self.prior_std, validate_args=False
        )
        return gaussian_kl(Independent(in_units_of_the_prior, 1, validate_args=False))

    @torch.no_grad()
    def marginals(self) -> dict[str, Normal]:
        """q_φ of every parameter: name to a Normal of the parameter's shape."""
        means, stds = self.unflatten(self.mean), self.unflatten(self.std)
        return {name: Normal(means[name], stds[name]) for name in means}
