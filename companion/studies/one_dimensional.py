"""Equation 1 where every term can be computed and drawn."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaelib.checks.limits import Finite, Positive, Several, checked
from vaelib.model import log_standard_normal


class Decomposition(NamedTuple):
    """Eq. 1 for one q: log_evidence = kl + bound, each of q's leading shape `(...)`, in nats."""

    log_evidence: Tensor
    bound: Tensor
    kl: Tensor


class OneDimensional:
    """A model with one latent and one observed dimension, where Eq. 1 can be computed and drawn.

    p(z) = N(0, 1) and p(x|z) = N(x; tanh(slope z), noise²): the mean saturates, so the posterior is
    skewed and no Gaussian q fits it exactly. Every integral is a sum over a fine grid of z.

    Args:
        noise: standard deviation of p(x|z).
        slope: of the decoder at z = 0, its θ.
        n_grid: grid points over z in [−10, 10].

    Raises:
        UserError: if the noise is not positive and finite, the slope is not finite, or there are
            fewer than two points.
    """

    @checked
    def __init__(
        self, *, noise: Positive = 0.5, slope: Finite = 2.0, n_grid: Several = 2001
    ) -> None:
        self.noise = noise
        self.slope = slope
        self.z = torch.linspace(-10.0, 10.0, n_grid, dtype=torch.float64)
        self._step = float(self.z[1] - self.z[0])

    @checked
    def log_joint(self, x: Finite) -> Tensor:
        """log p(x, z) on the grid, `(n_grid,)`, in nats."""
        likelihood = torch.distributions.Normal(
            torch.tanh(self.slope * self.z), torch.full_like(self.z, self.noise)
        )
        log_likelihood: Tensor = likelihood.log_prob(torch.tensor(x, dtype=torch.float64))
        return log_standard_normal(self.z.unsqueeze(-1)) + log_likelihood

    @checked
    def log_evidence(self, x: Finite) -> Tensor:
        """log p(x), 0-d, in nats."""
        return torch.logsumexp(self.log_joint(x), 0) + math.log(self._step)

    @checked
    def posterior(self, x: Finite) -> Tensor:
        """The exact posterior density p(z|x) on the grid, `(n_grid,)`."""
        return torch.exp(self.log_joint(x) - self.log_evidence(x))

    @checked
    def decompose(self, x: Finite, mean: Tensor, std: Tensor) -> Decomposition:
        """Both sides of Eq. 1 for q = N(mean, std²), the bound and the KL computed separately.

        Args:
            x: the observation.
            mean, std: float64 tensors that broadcast to `(...)`; keep q well inside the grid.
        """
        mean, std = torch.broadcast_tensors(mean, std)
        log_q: Tensor = torch.distributions.Normal(mean.unsqueeze(-1), std.unsqueeze(-1)).log_prob(
            self.z
        )
        q = log_q.exp() * self._step
        log_posterior = self.log_joint(x) - self.log_evidence(x)
        bound = (q * (self.log_joint(x) - log_q)).sum(-1)
        kl = (q * (log_q - log_posterior)).sum(-1)
        return Decomposition(self.log_evidence(x).expand_as(bound), bound, kl)
