"""The SGVB estimators of section 2.3."""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib.checks.limits import Count, NotNegative, checked
from vaelib.checks.tensors import check_floats
from vaelib.elbo import log_weights, lower_bound
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder


@checked
def noise(
    model: VariationalAutoencoder, x: Tensor, *, n_samples: Count = 1, generator: torch.Generator
) -> Tensor:
    """ε ~ p(ε) = N(0, I), `(L, M, n_latent)`: the only randomness of estimators A and B.

    Args:
        x: the minibatch `(M, n_pixels)` that the noise is for.
        n_samples: L.
        generator: on the device of x.

    Raises:
        UserError: if n_samples is below one, or x holds no floating-point numbers.
    """
    check_floats(x)
    shape = (n_samples, len(x), model.n_latent)
    return torch.empty(shape, device=x.device, dtype=x.dtype).normal_(generator=generator)


def estimator_a(model: VariationalAutoencoder, x: Tensor, epsilon: Tensor) -> Tensor:
    """Eq. 6, the generic estimator L^A: Eq. 5 for f(z) = log p(x, z) − log q(z|x).

    Args:
        x: `(M, n_pixels)`.
        epsilon: `(L, M, n_latent)` from `noise`.

    Returns:
        `(M,)`, an unbiased estimate of each datapoint's bound, in nats; differentiable in θ and φ.
    """
    return log_weights(model, x, epsilon).mean(0)


@checked
def estimator_b(
    model: VariationalAutoencoder, x: Tensor, epsilon: Tensor, *, kl_weight: NotNegative = 1.0
) -> Tensor:
    """Eq. 7, the estimator L^B with the KL in closed form; in section 3 it is Eq. 10.

    Args and return value as `estimator_a`. A kl_weight other than 1 makes it an estimate of
    something else than the bound; 0 leaves the reconstruction, an ordinary auto-encoder's goal.
    """
    parts = lower_bound(model, x, epsilon)
    if kl_weight == 1.0:
        return parts.bound
    return parts.reconstruction - kl_weight * parts.kl


@checked
def minibatch_estimator(per_datapoint: Tensor, *, n_datapoints: Count) -> Tensor:
    """Eq. 8: N/M times the sum over the minibatch, an estimate of the bound of the whole data set.

    Args:
        per_datapoint: `(M,)`, estimates of the single bounds, in nats.
        n_datapoints: N.

    Returns:
        a 0-d tensor, in nats for the whole data set.

    Raises:
        UserError: for an empty minibatch, or an N below one.
    """
    if len(per_datapoint) == 0:
        raise UserError("per_datapoint is empty: pass the estimates of at least one datapoint")
    return per_datapoint.sum() * (n_datapoints / len(per_datapoint))
