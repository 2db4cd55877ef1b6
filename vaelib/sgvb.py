"""The SGVB estimators of section 2.3, and the score-function estimator that they replace."""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib.elbo import gaussian_parameters, log_weights, lower_bound
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder, log_standard_normal


def noise(
    model: VariationalAutoencoder, x: Tensor, *, n_samples: int = 1, generator: torch.Generator
) -> Tensor:
    """ε ~ p(ε) = N(0, I), `(L, M, n_latent)`: the only randomness of estimators A and B.

    Args:
        x: the minibatch `(M, n_pixels)` that the noise is for.
        n_samples: L.
        generator: on the device of x.

    Raises:
        UserError: if n_samples is below one.
    """
    if n_samples < 1:
        raise UserError(f"n_samples (L) is {n_samples}: use at least 1")
    shape = (n_samples, len(x), model.n_latent)
    return torch.empty(shape, device=x.device, dtype=x.dtype).normal_(generator=generator)


def estimator_a(model: VariationalAutoencoder, x: Tensor, epsilon: Tensor) -> Tensor:
    """Eq. 6, the generic estimator L^A: the mean over L of log p(x, z) − log q(z|x).

    Args:
        x: `(M, n_pixels)`.
        epsilon: `(L, M, n_latent)` from `noise`.

    Returns:
        `(M,)`, an unbiased estimate of each datapoint's bound, in nats; differentiable in θ and φ.
    """
    return log_weights(model, x, epsilon).mean(0)


def estimator_b(
    model: VariationalAutoencoder, x: Tensor, epsilon: Tensor, *, kl_weight: float = 1.0
) -> Tensor:
    """Eq. 7, the estimator L^B with the KL in closed form; in section 3 it is Eq. 10.

    Args and return value as `estimator_a`. A kl_weight other than 1 makes it an estimate of
    something else than the bound; 0 leaves the reconstruction, an ordinary auto-encoder's goal.
    """
    parts = lower_bound(model, x, epsilon)
    if kl_weight == 1.0:
        return parts.bound
    return parts.reconstruction - kl_weight * parts.kl


def minibatch_estimator(per_datapoint: Tensor, *, n_datapoints: int) -> Tensor:
    """Eq. 8: N/M times the sum over the minibatch, an estimate of the bound of the whole data set.

    Args:
        per_datapoint: `(M,)`, estimates of the single bounds, in nats.
        n_datapoints: N.

    Returns:
        a 0-d tensor, in nats for the whole data set.
    """
    return per_datapoint.sum() * (n_datapoints / len(per_datapoint))


def score_function_surrogate(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    n_samples: int = 1,
    baseline: Tensor | float = 0.0,
    generator: torch.Generator,
) -> Tensor:
    """The naive Monte Carlo gradient of section 2.2, E_q[f(z) ∇_φ log q(z|x)], as a surrogate.

    Here f(z) = log p(x, z) − log q(z|x). The value of the surrogate is the same unbiased estimate
    of the bound as `estimator_a`'s; its *gradient* with respect to φ is the score-function
    estimator, and with respect to θ the usual one. z is a constant: no gradient flows through it.

    Args:
        x: `(M, n_pixels)`.
        n_samples: L.
        baseline: subtracted from f(z) before it multiplies the score, a control variate that
            leaves the expectation of the gradient as it is; a float or `(M,)`.
        generator: on the device of x.

    Returns:
        `(M,)`, in nats.
    """
    epsilon = noise(model, x, n_samples=n_samples, generator=generator)
    q = model.encode(x)
    mean, scale = gaussian_parameters(q)
    z = (mean + scale * epsilon).detach()
    log_q = log_standard_normal((z - mean) / scale) - scale.log().sum(-1)
    # E_q[∇_φ log q] = 0, so no gradient is taken of the −log q inside f, as in the paper.
    f = model.log_joint(x, z) - log_q.detach()
    # Zero in value; its gradient is (f(z) − baseline) ∇_φ log q(z|x).
    score = (f.detach() - baseline) * (log_q - log_q.detach())
    return (f + score).mean(0)
