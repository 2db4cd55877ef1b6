"""The SGVB estimators of section 2.3."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from vaelib.checks.limits import Count, NotNegative, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_floats
from vaelib.elbo import log_weights, lower_bound
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder

Estimator = Literal["A", "B"]


@checked
def noise(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    *,
    n_samples: Count = 1,
    generator: torch.Generator,
) -> Float[Tensor, "L M n_latent"]:
    """ε ~ p(ε) = N(0, I), `(L, M, n_latent)`: the only randomness of estimators A and B.

    Args:
        x: the minibatch `(M, n_pixels)` that the noise is for.
        n_samples: L.
        generator: on the device of x.

    Raises:
        UserError: if n_samples is below one, or x holds no floating-point numbers.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> noise(model, torch.rand(8, 4), n_samples=5, generator=generator(0)).shape
    torch.Size([5, 8, 2])
    """
    check_floats(x)
    shape = (n_samples, len(x), model.n_latent)
    return torch.empty(shape, device=x.device, dtype=x.dtype).normal_(generator=generator)


def estimator_a(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "L #M n_latent"],
) -> Float[Tensor, "M"]:
    """Eq. 6, the generic estimator L^A: Eq. 5 for f(z) = log p(x, z) − log q(z|x).

    Args:
        x: `(M, n_pixels)`.
        epsilon: `(L, M, n_latent)` from `noise`.

    Returns:
        `(M,)`, an unbiased estimate of each datapoint's bound, in nats; differentiable in θ and φ.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> x = torch.ones(2, 4)
    >>> epsilon = noise(model, x, n_samples=5, generator=generator(0))
    >>> [round(bound, 1) for bound in estimator_a(model, x, epsilon).tolist()]
    [-2.8, -2.8]
    """
    return log_weights(model, x, epsilon).mean(0)


@checked
def estimator_b(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "L #M n_latent"],
    *,
    kl_weight: NotNegative = 1.0,
) -> Float[Tensor, "M"]:
    """Eq. 7, the estimator L^B with the KL in closed form; in section 3 it is Eq. 10.

    Args and return value as `estimator_a`. A kl_weight other than 1 makes it an estimate of
    something else than the bound; 0 leaves the reconstruction, an ordinary auto-encoder's goal.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, init_std=1.0, generator=generator(0))
    >>> x = torch.ones(1, 4)
    >>> epsilon = noise(model, x, n_samples=10_000, generator=generator(0))
    >>> bool((estimator_b(model, x, epsilon) - estimator_a(model, x, epsilon)).abs() < 0.5)
    True
    """
    parts = lower_bound(model, x, epsilon)
    if kl_weight == 1.0:
        return parts.bound
    return parts.reconstruction - kl_weight * parts.kl


@checked
def minibatch_estimator(
    per_datapoint: Float[Tensor, "M"], *, n_datapoints: Count
) -> Float[Tensor, ""]:
    """Eq. 8: N/M times the sum over the minibatch, an estimate of the bound of the whole data set.

    Args:
        per_datapoint: `(M,)`, estimates of the single bounds, in nats.
        n_datapoints: N.

    Returns:
        a 0-d tensor, in nats for the whole data set.

    Raises:
        UserError: for an empty minibatch, or an N below one.

    >>> minibatch_estimator(torch.tensor([-90.0, -110.0]), n_datapoints=60_000)
    tensor(-6000000.)
    """
    if len(per_datapoint) == 0:
        raise UserError("per_datapoint is empty: pass the estimates of at least one datapoint")
    return per_datapoint.sum() * (n_datapoints / len(per_datapoint))
