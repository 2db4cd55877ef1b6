"""The score-function estimator of section 2.2, and the control variates of its literature.

Its gradient of E_q[f(z)] is E_q[f(z) ∇_φ log q(z|x)]: what multiplies the score is the *signal*.
Written for each latent dimension by itself, the signal may be

- "full": f(z) = log p(x, z) − log q(z|x), the naive estimator of the paper;
- "rao_blackwell": log p(x|z) + log p(z_j) − log q(z_j|x) for the score of z_j, only those terms
  of f that contain z_j. The others have no covariance with that score, because q factorises
  (Ranganath, Gerrish and Blei, *Black Box Variational Inference*, 2014, section 3.1);
- "exact_kl": log p(x|z) alone, and the rest of the bound, the KL to the prior, differentiated in
  closed form (Paisley, Blei and Jordan, *Variational Bayesian Inference with Stochastic Search*,
  2012: what can be integrated is not sampled).

A baseline is subtracted from the signal. It does not change the expectation, because the score has
none. The best constant for each score is that of `optimal_baseline`.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from vaelib.checks.limits import Count, Finite, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_log_likelihood
from vaelib.elbo import gaussian_kl, gaussian_parameters
from vaelib.model import VariationalAutoencoder
from vaelib.sgvb import noise

Signal = Literal["full", "rao_blackwell", "exact_kl"]


@checked
def score_function_surrogate(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "L M n_latent"],
    *,
    signal: Signal = "full",
    baseline: Float[Tensor, "..."] | Finite = 0.0,
) -> Float[Tensor, "M"]:
    """A surrogate for the bound whose *gradient* in φ is a score-function estimator, section 2.2.

    Its value is the unbiased estimate of the bound that `estimator_a` gives (with the exact KL,
    `estimator_b`) at the same noise, and its gradient in θ is theirs. The draws z are constants: no
    gradient flows through them.

    Args:
        x: `(M, n_pixels)`.
        epsilon: `(L, M, n_latent)` from `vaelib.sgvb.noise`; gives the draws z = μ + σ ⊙ ε.
        signal: what multiplies the score, see above.
        baseline: subtracted from the signal; it must not depend on this epsilon. Broadcast to
            `(2, L, M, n_latent)`, the scores in μ and in log σ of each z_j.

    Returns:
        `(M,)`, in nats.

    Raises:
        UserError: for an unknown signal.

    >>> from vaelib import build, estimator_a, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> x = torch.ones(2, 4)
    >>> epsilon = noise(model, x, generator=generator(0))
    >>> surrogate = score_function_surrogate(model, x, epsilon)
    >>> torch.allclose(surrogate, estimator_a(model, x, epsilon))
    True
    """
    q = model.encode(x)
    mean, scale = gaussian_parameters(q)
    z = (mean + scale * epsilon).detach()
    log_likelihood = model.log_likelihood(x, z)
    check_log_likelihood(log_likelihood)
    signals = _signals(signal, log_likelihood, z, scale, epsilon)
    # log q depends on φ through these two alone. The product is zero in value, and its gradient
    # is (signal − baseline) ∇_φ log q(z_j|x).
    outputs = torch.stack([mean, scale.log()]).unsqueeze(1)
    product = ((signals - baseline) * _scores(scale, epsilon)).detach() * (
        outputs - outputs.detach()
    )
    score_term = product.sum((0, -1))
    if signal == "exact_kl":
        return (log_likelihood + score_term).mean(0) - gaussian_kl(q)
    # E_q[∇_φ log q] = 0, so no gradient is taken of the −log q inside f, as in the paper.
    log_ratio = _log_ratio(z, scale, epsilon).sum(-1)
    return (log_likelihood + log_ratio + score_term).mean(0)


@checked
@torch.no_grad()
def optimal_baseline(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    *,
    signal: Signal = "full",
    n_samples: Count = 100,
    generator: torch.Generator,
) -> Float[Tensor, "2 1 M n_latent"]:
    """The scale a* = Cov(signal · s, s) / Var(s) of the control variate s, for each score s.

    With a* · s subtracted from signal · s the variance is the least that any constant leaves
    (Ranganath, Gerrish and Blei, 2014, section 3.2). The score has mean zero, so a* is
    E[signal · s²] / E[s²], an average of the signal with weights s². It is estimated on draws of
    its own, and an estimator that uses it on others stays unbiased.

    Args:
        x: `(M, n_pixels)`.
        n_samples: draws for each datapoint.
        generator: on the device of x.

    Returns:
        `(2, 1, M, n_latent)`, in nats: for the scores in μ and in log σ.

    Raises:
        UserError: for an unknown signal, or n_samples below one.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> baseline = optimal_baseline(model, torch.ones(8, 4), generator=generator(0))
    >>> tuple(baseline.shape), f"{baseline.mean():.1f}"
    ((2, 1, 8, 2), '-2.8')
    """
    epsilon = noise(model, x, n_samples=n_samples, generator=generator)
    mean, scale = gaussian_parameters(model.encode(x))
    z = mean + scale * epsilon
    signals = _signals(signal, model.decode(z).log_prob(x), z, scale, epsilon)
    weights = _scores(scale, epsilon) ** 2
    return (signals * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)


def _signals(
    signal: Signal, log_likelihood: Tensor, z: Tensor, scale: Tensor, epsilon: Tensor
) -> Tensor:
    """`(L, M, n_latent)`, or with 1 in place of n_latent where all scores share the signal."""
    shared = log_likelihood.unsqueeze(-1)
    if signal == "exact_kl":
        return shared
    log_ratio = _log_ratio(z, scale, epsilon)
    if signal == "rao_blackwell":
        return shared + log_ratio
    return shared + log_ratio.sum(-1, keepdim=True)


def _log_ratio(z: Tensor, scale: Tensor, epsilon: Tensor) -> Tensor:
    """log p(z_j) − log q(z_j|x), `(L, M, n_latent)`, without gradient."""
    return (0.5 * (epsilon**2 - z**2) + scale.log()).detach()


def _scores(scale: Tensor, epsilon: Tensor) -> Tensor:
    """∂ log q(z_j|x) / ∂μ_j and / ∂ log σ_j at fixed z: `(2, L, M, n_latent)`."""
    return torch.stack([epsilon / scale, epsilon**2 - 1])
