"""log p(x) where quadrature cannot go: importance sampling, with a proposal for each datapoint.

The error of importance sampling is known from its own weights, and it does not need the encoder to
be good: Hybrid Monte Carlo says where p(z|x) is. That makes it a reference for the estimators of
`vaelib.likelihood.marginal_likelihood` in any number of latent dimensions in which its weights
stay even.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaelib import hmc
from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, Whole, checked
from vaelib.errors import UserError
from vaelib.hmc.effective_sample_size import of_log_weights, standard_error
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.marginal_likelihood import ImportanceDiagnostics, log_mean_exp
from vaelib.likelihood.pairs import ROWS_AT_ONCE
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import draw

DEGREES_OF_FREEDOM = 10
PRIOR_SHARE = 0.1
# Added to the variances of z, whose prior has variance 1, so that a chain that stood still counts.
JITTER = 1e-6


class Proposal(NamedTuple):
    """For each datapoint (1 − s) t(mean, factor factorᵀ) + s N(0, I), with s = PRIOR_SHARE.

    The t has DEGREES_OF_FREEDOM, for tails heavier than those of most posteriors. The share of
    the prior bounds the weights p(x, z) / q(z) by max p(x|z) / s, so their variance is finite
    whatever the chains did (defensive sampling: Hesterberg, 1995, Technometrics 37).
    """

    mean: Tensor  # (M, n_latent)
    factor: Tensor  # (M, n_latent, n_latent), lower triangular

    @checked
    def sample(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """Independent draws, `(n, M, n_latent)`."""
        size, like = (n, *self.mean.shape), self.mean
        epsilon = like.new_empty(size).normal_(generator=generator)
        squares = like.new_empty((*size[:2], DEGREES_OF_FREEDOM)).normal_(generator=generator)
        scale = squares.square().mean(-1, keepdim=True).rsqrt()
        z = self.mean + scale * torch.einsum("mij,nmj->nmi", self.factor, epsilon)
        of_prior = like.new_empty(size[:2]).uniform_(generator=generator) < PRIOR_SHARE
        return torch.where(of_prior.unsqueeze(-1), epsilon, z)

    def log_density(self, z: Tensor) -> Tensor:
        """log q(z), `(n, M, n_latent)` to `(n, M)`."""
        d, nu = z.shape[-1], DEGREES_OF_FREEDOM
        centred = (z - self.mean).permute(1, 2, 0)
        white = torch.linalg.solve_triangular(self.factor, centred, upper=False)
        log_volume = self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = math.lgamma((nu + d) / 2) - math.lgamma(nu / 2) - d / 2 * math.log(nu * math.pi)
        log_t = constant - log_volume - (nu + d) / 2 * (white.square().sum(1) / nu).log1p().T
        return torch.logaddexp(
            math.log(1.0 - PRIOR_SHARE) + log_t, math.log(PRIOR_SHARE) + log_standard_normal(z)
        )


@checked
def posterior_importance_sampling(
    model: VariationalAutoencoder,
    x: Data,
    *,
    generator: torch.Generator,
    n_samples: Count = 2000,
    n_draws: Count | None = None,
    n_chains: Count = 5,
    n_leapfrog: Count = 4,
    n_burn_in: Whole = 10,
    chunk_size: Count = 50,
) -> tuple[Tensor, ImportanceDiagnostics]:
    """log p(x) ≈ log of the mean over z ~ q(z) of p(x, z) / q(z), q fitted to posterior draws.

    1. Chains of HMC start at draws of the recognition model and give `n_draws` values of z.
    2. A `Proposal` takes their mean and covariance.
    3. `n_samples` fresh draws of the proposal are weighted.

    The mean of the weights is unbiased for p(x) whatever the chains did, because the proposal does
    not depend on the draws of step 3; a poor chain makes the weights uneven, and their effective
    sample size shows it. The log is biased downward by about half its squared standard error. What
    the weights cannot show is a separate mode that neither the chains nor the prior's share met.

    Args:
        model: with any encoder that is finite; a good one shortens the burn-in.
        x: `(M, n_pixels)`, on the model's device and in its dtype.
        generator: on the model's device. The draws depend on `chunk_size`.
        n_samples: weighted draws for each datapoint.
        n_draws: of the posterior, for the fit; if None 20 n_latent, and at least 100.
        n_chains: for each datapoint.
        n_leapfrog: leapfrog steps in a transition.
        n_burn_in: transitions before the first draw.
        chunk_size: datapoints treated together: bounds the memory.

    Returns:
        the estimates, `(M,)` in nats, and their effective sample size and standard error (delta
        method).

    Raises:
        UserError: for too few draws or samples, or data that `datapoints` refuses.
    """
    if n_draws is None:
        n_draws = max(100, 20 * model.n_latent)
    if n_draws < model.n_latent + 2 or n_samples < 2:
        raise UserError(
            f"n_draws is {n_draws} and n_samples is {n_samples}: use at least "
            f"{model.n_latent + 2} and 2"
        )
    x = datapoints(model, x)

    def estimate(x: Tensor) -> tuple[Tensor, Tensor]:
        log_joint = latent_density(model, x)
        with torch.no_grad():
            q = model.encode(x)
        position = draw(q.expand((n_chains, len(x))), generator=generator)
        slope = hmc.init(position, log_joint).gradient.square().sum(-1).mean(0)
        draws, _ = hmc.sample(
            log_joint,
            position,
            n_samples=math.ceil(n_draws / n_chains),
            n_leapfrog=n_leapfrog,
            stepsize=(model.n_latent / slope).sqrt(),
            n_burn_in=n_burn_in,
            generator=generator,
        )
        proposal = fit_proposal(draws.flatten(0, 1))
        z = proposal.sample(n_samples, generator=generator)
        with torch.no_grad():
            log_p = torch.cat([log_joint(part) for part in z.split(-(-ROWS_AT_ONCE // len(x)))])
        log_weight = log_p - proposal.log_density(z)
        return log_mean_exp(log_weight), of_log_weights(log_weight)

    parts = [estimate(chunk) for chunk in x.split(chunk_size)]
    value, size = (torch.cat(part) for part in zip(*parts, strict=True))
    return value, ImportanceDiagnostics(size, standard_error(size, n_samples))


def fit_proposal(draws: Tensor) -> Proposal:
    """The proposal with the mean and covariance of `draws`, `(n, M, n_latent)`."""
    mean = draws.mean(0)
    centred = (draws - mean).transpose(0, 1)
    covariance = centred.mT @ centred / (len(draws) - 1)
    identity = torch.eye(draws.shape[-1], dtype=draws.dtype, device=draws.device)
    return Proposal(mean, torch.linalg.cholesky(covariance + JITTER * identity))
