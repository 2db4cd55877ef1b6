"""The learning algorithms where the answer is known: probabilistic PCA, from many starts."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pandas as pd
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from companion.studies.side_by_side import BlockDecoder, corners, untrained_models
from vaelib.aevb import AEVB
from vaelib.algorithm import Algorithm, Batch
from vaelib.checks.limits import Count, Positive, checked
from vaelib.elbo import lower_bound
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.mcem import MCEM
from vaelib.model import VariationalAutoencoder
from vaelib.wake_sleep import WakeSleep

FITS: dict[str, Callable[..., Algorithm]] = {
    "aevb": AEVB,
    "aevb_a": partial(AEVB, estimator="A"),
    "wake_sleep": WakeSleep,
    "mcem": MCEM,
}
# Evaluations of a training point in one step: MCEM has ten leapfrog steps and five updates.
EVALUATIONS = {"mcem": 15}


@checked
def linear_gaussian_fits(
    x: Tensor,
    algorithm: str,
    *,
    n_steps: Count,
    n_latent: Count = 2,
    noise: Positive = 0.5,
    stepsize: Positive = 0.2,
    minibatch_size: Count = 100,
    n_points: Count = 20,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Fit probabilistic PCA from S starts, and measure each against the exact maximum.

    The starts differ in initial weights, minibatches and noise. They are fitted side by side, as
    one model whose rows are S blocks: the gradients of one start do not depend on another's, and
    that all are divided by S is a factor that Adagrad does not see. All that they share is the
    stepsize of MCEM's sampler.

    Args:
        x: `(S, N, n_pixels)`, float64: the data of each start, the same or different.
        algorithm: "aevb" (estimator B), "aevb_a" (estimator A), "wake_sleep" or "mcem".
        n_steps: of the algorithm, on minibatches drawn with replacement.
        noise: the standard deviation of p(x|z), known and held.
        stepsize: Adagrad's, without warm-up and without a prior on the weights.
        n_points: the fit is measured so often, evenly in the logarithm of the step.
        generator: all the randomness.

    Returns:
        columns algorithm, start, step, training_samples (evaluations of a training point by one
        start), gap (the largest mean log p(x) that any parameters reach on these data, less that
        of the fitted decoder), bound_gap (the latter, less the bound with the fitted encoder; NaN
        for "mcem", which has no encoder). Both gaps are exact, never negative but for rounding,
        and in nats per datapoint.

    Raises:
        UserError: for an unknown algorithm.
    """
    if algorithm not in FITS:
        raise UserError(f"algorithm {algorithm!r} is not known: use {', '.join(FITS)}")
    n_starts, n_train, n_pixels = x.shape
    best = ProbabilisticPCA.maximum_likelihood(x, n_latent=n_latent, noise=noise)
    model = untrained_models(best, n_starts, generator=generator)
    fit = FITS[algorithm](
        model,
        n_train=n_starts * n_train,
        stepsize=stepsize,
        warmup=0,
        prior_precision=0.0,
        generator=generator,
    )
    measured = {round(n_steps ** (i / (n_points - 1))) for i in range(n_points)}
    block = torch.arange(n_starts).unsqueeze(-1) * n_train
    rows = x.reshape(-1, n_pixels)
    tables = []
    for step in range(1, n_steps + 1):
        drawn = torch.randint(n_train, (n_starts, minibatch_size), generator=generator)
        indices = (block + drawn).flatten()
        fit.step(Batch(rows[indices], indices))
        if step in measured:
            gap, bound_gap = _gaps(model, x, best)
            table = pd.DataFrame({"step": step, "gap": gap, "bound_gap": bound_gap})
            tables.append(table.rename_axis("start").reset_index())
    table = pd.concat(tables, ignore_index=True).assign(algorithm=algorithm)
    if algorithm == "mcem":
        table["bound_gap"] = float("nan")
    samples = table["step"] * minibatch_size * EVALUATIONS.get(algorithm, 1)
    return table.assign(training_samples=samples)


@torch.no_grad()
def _gaps(
    model: VariationalAutoencoder, x: Tensor, best: ProbabilisticPCA
) -> tuple[Tensor, Tensor]:
    """Of each start: exact maximum − log-evidence, and log-evidence − bound, `(S,)`."""
    assert isinstance(model.decoder, BlockDecoder)
    evidence = model.decoder.closed_forms().log_evidence(x).mean(-1)
    epsilon = corners(model.n_latent).expand(-1, x.shape[0] * x.shape[1], -1)
    bound = lower_bound(model, x.flatten(0, 1), epsilon).bound.unflatten(0, x.shape[:2]).mean(-1)
    return best.log_evidence(x).mean(-1) - evidence, evidence - bound


@checked
def gap_and_kl(
    ppca: ProbabilisticPCA, x: Tensor, *, n_encoders: Count, generator: torch.Generator
) -> pd.DataFrame:
    """Eq. 1 with many wrong encoders: the gap of the bound beside the KL to the posterior.

    Each encoder is the exact one with every parameter disturbed, the first by a deviation of
    10⁻⁴, the last by 1, so that the gaps range over many powers of ten.

    Args:
        ppca: with orthogonal loadings.
        x: `(M, n_pixels)`.

    Returns:
        columns encoder, gap (mean log p(x) less the bound, by `lower_bound` with the noise of
        `corners`), kl (the mean of KL(q(z|x) ‖ p(z|x)), by PyTorch's closed form for Gaussians);
        nats per datapoint.
    """
    exact = ppca.log_evidence(x)
    epsilon = corners(ppca.n_latent).expand(-1, len(x), -1)
    posterior, rows = ppca.posterior(x), []
    for spread in torch.logspace(-4, 0, n_encoders, dtype=x.dtype):
        model = ppca.exact_model()
        with torch.no_grad():
            for parameter in model.encoder.parameters():
                shift = torch.randn(parameter.shape, generator=generator, dtype=x.dtype)
                parameter.add_(spread * shift)
            q = model.encode(x).base_dist
            dense = MultivariateNormal(q.loc, scale_tril=q.scale.diag_embed())
            gap = (exact - lower_bound(model, x, epsilon).bound).mean().item()
            rows.append((gap, kl_divergence(dense, posterior).mean().item()))
    return pd.DataFrame(rows, columns=["gap", "kl"]).rename_axis("encoder").reset_index()


@checked
def halfway(
    x: Tensor, *, noise: Positive, algorithm: str = "aevb"
) -> tuple[ProbabilisticPCA, float]:
    """Where AEVB or wake-sleep, with two latent dimensions, rests without having arrived.

    Every rotation of W is as likely, but the posterior is diagonal only where W's columns lie
    along the data's principal axes. At 45° to them nothing says, by symmetry, which way to turn.
    Let a₁ and a₂ be the data's deviations along the axes and Pᵢ = 1 + (squared length of W along
    axis i) / noise². There the bound is largest for noise² Pᵢ = aᵢ m with the arithmetic mean m of
    the deviations, and wake-sleep's two phases rest where m is their harmonic mean; the likelihood
    is largest for noise² Pᵢ = aᵢ².

    Args:
        x: `(N, n_pixels)`, with deviations that exceed the noise along two axes.
        algorithm: "aevb" or "wake_sleep".

    Returns:
        the model with these W, and by how much its mean log p(x) is below the maximum: log(m /
        √(a₁ a₂)) + (a₁ + a₂) / (2 m) − 1, in nats per datapoint.
    """
    best = ProbabilisticPCA.maximum_likelihood(x, n_latent=2, noise=noise)
    lengths = best.weight.norm(dim=0)
    a = (lengths.square() + noise**2).sqrt()
    m = {"aevb": a.mean(), "wake_sleep": 1 / (1 / a).mean()}[algorithm]
    turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=x.dtype) / math.sqrt(2)
    weight = best.weight / lengths * (a * m - noise**2).sqrt() @ turn
    height = m.log() - a.log().mean() + a.mean() / m - 1
    return ProbabilisticPCA(weight, best.bias, noise), float(height)
