"""log p(x): the estimator of Appendix D, and importance sampling with the recognition model.

Both are held against `vaelib.likelihood.probabilistic_pca`, where log p(x) is known, and in the
book against quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from vaelib import hmc
from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, OpenUnit, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import all_finite
from vaelib.elbo import log_weights
from vaelib.errors import UserError
from vaelib.hmc.compiled_density import compiled_latent_density
from vaelib.hmc.effective_sample_size import of_log_weights, standard_error
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.pairs import ROWS_AT_ONCE, log_likelihood_table
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import draw

Density = Literal["gaussian", "kde"]
Start = Literal["recognition", "prior"]

SHRINKAGE = 1e-3
N_PRIOR_DRAWS = 1000


class PosteriorDensityDiagnostics(NamedTuple):
    """Whether Appendix D's estimate of a datapoint can be trusted."""

    acceptance: Tensor  # (M,), mean acceptance probability of its chains after burn-in
    divergences: Tensor  # (M,), int64, divergent transitions after burn-in
    chain_effective_sample_size: Tensor  # (M,), of both rounds together, in the worst dimension
    weight_effective_sample_size: Tensor  # (M,), (Σ w)² / Σ w² of w = q(z) / p(x, z); 0 if no value


class ImportanceDiagnostics(NamedTuple):
    """Whether the importance-sampling estimate of a datapoint can be trusted."""

    effective_sample_size: Tensor  # (M,), (Σ w)² / Σ w² of w = p(x, z) / q(z|x); 0 if all underflow
    standard_error: Tensor  # (M,), of log p(x) in nats by the delta method; NaN for one weight


@checked
def posterior_density_estimator(
    model: VariationalAutoencoder,
    x: Data,
    *,
    generator: torch.Generator,
    n_samples: Count = 50,
    n_leapfrog: Count = 4,
    density: Density = "gaussian",
    start: Start = "prior",
    n_chains: Count = 5,
    n_burn_in: Whole = 6,
    thinning: Count = 1,
    target_acceptance: OpenUnit = 0.9,
    chunk_size: Count = 50,
    compile_step: bool = False,
) -> tuple[Float[Tensor, "M"], PosteriorDensityDiagnostics]:
    """Appendix D: log p(x) of each datapoint, in nats, from samples of its posterior p(z|x).

    1. Draw `n_samples` values of z from p(z|x) with HMC.
    2. Fit a density q(z) to them.
    3. Draw as many again; 1/p(x) ≈ the mean over them of q(z) / (p(z) p(x|z)).

    The mean in step 3 is unbiased for 1/p(x), so its −log is biased upward, by Jensen's
    inequality. Its variance is finite only where the covariance of q is below twice that of the
    posterior. A covariance fitted to n draws in d dimensions exceeds the true one by up to
    (1 + √(d/n))², so with 50 draws this is in danger above 8 dimensions, and poor before.

    Each datapoint has `n_chains` chains for step 1 and as many others for step 3, all moved
    together; were the rounds of one chain, q would be fitted to draws that resemble the fresh
    ones, which biases log p(x) downward. The burn-in tunes one stepsize for each datapoint,
    beginning at √(d / E|∇ log p(x, z)|²), about the width of a Gaussian posterior.

    Args:
        model: any model with a `log_joint`; an encoder is used only by start="recognition".
        generator: on the model's device. The draws depend on `chunk_size`.
        n_samples: in each of the two rounds.
        density: "gaussian", with full covariance (its correlations shrunk by 0.1 %), or "kde", a
            Gaussian kernel of that covariance times Scott's bandwidth n^(−1/(d+4)), squared.
        start: "prior" starts the chains at 1000 draws of the prior resampled in proportion to
            p(x|z), which needs no encoder and finds separate modes in few dimensions;
            "recognition" starts them at draws of q(z|x), better in many dimensions.
        n_chains: in each of the two sets; a chain gives n_samples / n_chains draws, so that no
            more than n_samples are run.
        n_burn_in: transitions before the first draw; few, as both starts are near the posterior.
        thinning: transitions for each draw; raise it where `chain_effective_sample_size` is far
            below 2 n_samples, as for a posterior that is much longer than wide.
        chunk_size: datapoints treated together: bounds the memory.
        compile_step: make machine code of the transitions, as `vaelib.hmc.compiled_density` does.

    Returns:
        the estimates and their diagnostics. Where no chain moved, or the covariance of the draws is
        singular, the estimate is NaN and the effective sample size of its weights is 0.

    Raises:
        UserError: for settings out of range, fewer than n_latent + 2 samples, data that
            `datapoints` refuses, a model whose log p(x, z) is not finite where chains start, or
            where nothing can be compiled and should be.

    >>> from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
    >>> exact, numbers = ProbabilisticPCA.example(), torch.Generator().manual_seed(0)
    >>> x = exact.sample(20, numbers)
    >>> estimate, _ = posterior_density_estimator(exact.best_model(), x, generator=numbers)
    >>> bool((estimate - exact.log_evidence(x)).mean().abs() < 0.1)
    True
    """
    if n_samples < model.n_latent + 2:
        raise UserError(
            f"n_samples is {n_samples}, too few to fit a density in {model.n_latent} dimensions: "
            f"use at least {model.n_latent + 2}"
        )
    x = datapoints(model, x)
    n_chains = min(n_chains, n_samples)
    fit = _fit_gaussian if density == "gaussian" else _fit_kde
    log_joint_of = compiled_latent_density if compile_step else latent_density

    def estimate(x: Tensor) -> tuple[Tensor, ...]:
        log_joint = log_joint_of(model, x)
        position = _starting_points(model, x, start, 2 * n_chains, generator)
        slope = hmc.init(position, log_joint).gradient.square().sum(-1).mean(0)
        if not all_finite(slope):
            raise UserError(
                f"p(z|x) is too sharp to be sampled for {int((~slope.isfinite()).sum())} "
                "datapoints: the squared gradient of its log overflows; check the decoder's weights"
            )
        draws, chains = hmc.sample(
            log_joint,
            position,
            n_samples=math.ceil(n_samples / n_chains),
            n_leapfrog=n_leapfrog,
            stepsize=(model.n_latent / slope).sqrt(),
            n_burn_in=n_burn_in,
            target_acceptance=target_acceptance,
            thinning=thinning,
            generator=generator,
        )
        first, second = (half.flatten(0, 1)[:n_samples] for half in draws.chunk(2, dim=1))
        with torch.no_grad():
            log_p = torch.cat([log_joint(z) for z in second.split(2 * n_chains)])
        # A single draw can only have moved from where its chain began.
        before = draws[0] if len(draws) > 1 else position
        moved = (draws != before).flatten(0, 1).any(-1).any(0)
        log_weight = (fit(first)(second) - log_p).where(moved, torch.nan)
        return (
            -log_mean_exp(log_weight),
            chains.acceptance.mean(0),
            chains.divergences.sum(0),
            chains.effective_sample_size.sum(0).amin(-1),
            of_log_weights(log_weight),
        )

    estimates, *diagnostics = _in_chunks(estimate, x, chunk_size)
    return estimates, PosteriorDensityDiagnostics(*diagnostics)


@checked
@torch.no_grad()
def importance_sampling(
    model: VariationalAutoencoder, x: Data, *, n_samples: Count, generator: torch.Generator
) -> tuple[Float[Tensor, "M"], ImportanceDiagnostics]:
    """log p(x) ≈ log of the mean over z ~ q(z|x) of p(x, z) / q(z|x), in nats per datapoint.

    The mean is unbiased for p(x), so its log is biased downward and rises with `n_samples` towards
    log p(x) (Burda, Grosse and Salakhutdinov, 2016, theorem 1); with one sample its expectation is
    the bound of Eq. 2. An encoder that misses part of p(z|x) biases downward, too. A datapoint all
    of whose weights underflow has the estimate −inf and an effective sample size of 0.

    Raises:
        UserError: for fewer than one sample, or data that `datapoints` refuses.

    >>> from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
    >>> exact, numbers = ProbabilisticPCA.example(), torch.Generator().manual_seed(0)
    >>> x, perfect = exact.sample(20, numbers), exact.exact_model()  # whose q(z|x) is p(z|x)
    >>> estimate, _ = importance_sampling(perfect, x, n_samples=1, generator=numbers)
    >>> bool((estimate - exact.log_evidence(x)).abs().max() < 1e-9)
    True
    """
    x = datapoints(model, x)

    def estimate(x: Tensor) -> tuple[Tensor, ...]:
        parts = []
        per_pass = max(1, ROWS_AT_ONCE // len(x))
        for begin in range(0, n_samples, per_pass):
            shape = (min(per_pass, n_samples - begin), len(x), model.n_latent)
            epsilon = x.new_empty(shape).normal_(generator=generator)
            parts.append(log_weights(model, x, epsilon))
        log_weight = torch.cat(parts)
        ess = of_log_weights(log_weight)
        return log_mean_exp(log_weight), ess, standard_error(ess, n_samples)

    estimates, *diagnostics = _in_chunks(estimate, x, 200)
    return estimates, ImportanceDiagnostics(*diagnostics)


@torch.no_grad()
def _starting_points(
    model: VariationalAutoencoder, x: Tensor, start: Start, n: int, generator: torch.Generator
) -> Tensor:
    """Positions (n, M, d) of n chains for each datapoint."""
    if start == "recognition":
        return draw(model.encode(x).expand((n, len(x))), generator=generator)
    z = draw(model.prior().expand((N_PRIOR_DRAWS,)), generator=generator)
    likelihood = log_likelihood_table(model, x, z).softmax(-1)
    if not all_finite(likelihood):
        n_bad = int((~likelihood.isfinite()).any(-1).sum())
        raise UserError(
            f"log p(x|z) is NaN, or nowhere finite, at {N_PRIOR_DRAWS} draws of the prior for "
            f"{n_bad} datapoints: check x and the decoder's weights"
        )
    return z[torch.multinomial(likelihood, n, replacement=True, generator=generator).T]


def _fit_gaussian(draws: Tensor) -> Callable[[Tensor], Tensor]:
    """log q of a Gaussian with the mean and covariance of `draws`: (n, M, d) -> (n, M)."""
    mean, factor = _moments(draws)

    def log_density(z: Tensor) -> Tensor:
        return log_standard_normal(_whiten(z - mean, factor)) - _log_determinant(factor)

    return log_density


def _fit_kde(draws: Tensor) -> Callable[[Tensor], Tensor]:
    """log q of a Gaussian kernel density estimate with Scott's bandwidth: (n, M, d) -> (n, M).

    Source: Scott (1992), "Multivariate Density Estimation", section 6.3.
    """
    n, _, d = draws.shape
    mean, factor = _moments(draws)
    bandwidth = n ** (-1.0 / (d + 4))
    factor = bandwidth * factor
    centres = _whiten(draws - mean, factor).transpose(0, 1)
    constant = math.log(n) + 0.5 * d * math.log(2.0 * math.pi) + _log_determinant(factor)

    # By differences: a matrix product would lose the digits of short distances.
    distances = partial(torch.cdist, compute_mode="donot_use_mm_for_euclid_dist")

    def log_density(z: Tensor) -> Tensor:
        distance = distances(_whiten(z - mean, factor).transpose(0, 1), centres)
        log_kernels: Tensor = -0.5 * distance.square()
        return log_kernels.logsumexp(-1).T - constant

    return log_density


def _moments(draws: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (M, d) and Cholesky factor (M, d, d) of the covariance of draws (n, M, d).

    Where the covariance is singular the factor is NaN.
    """
    mean = draws.mean(0)
    centred = (draws - mean).transpose(0, 1)
    covariance = centred.mT @ centred / (len(draws) - 1)
    diagonal = torch.diag_embed(covariance.diagonal(dim1=-2, dim2=-1))
    factor, failed = torch.linalg.cholesky_ex(covariance.lerp(diagonal, SHRINKAGE))
    return mean, factor.where((failed == 0)[:, None, None], torch.nan)


def _whiten(centred: Tensor, factor: Tensor) -> Tensor:
    """Solve factor y = centred for each datapoint: (n, M, d), (M, d, d) -> (n, M, d)."""
    solved: Tensor = torch.linalg.solve_triangular(factor, centred.permute(1, 2, 0), upper=False)
    return solved.permute(2, 0, 1)


def _log_determinant(factor: Tensor) -> Tensor:
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def log_mean_exp(log_weight: Float[Tensor, "n *batch"]) -> Float[Tensor, "*batch"]:
    """The log of the mean over the first dimension of the exponentials.

    >>> log_mean_exp(torch.tensor([1000.0, 1000.0]))
    tensor(1000.)
    """
    return log_weight.logsumexp(0) - math.log(len(log_weight))


def _in_chunks(
    estimate: Callable[[Tensor], tuple[Tensor, ...]], x: Tensor, chunk_size: int
) -> Sequence[Tensor]:
    parts = [estimate(chunk) for chunk in x.split(chunk_size)]
    return [torch.cat(part) for part in zip(*parts, strict=True)]
