"""The variational lower bound (section 2.2, Eqs 1 to 3) and the Gaussian KL (Appendix B)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.distributions import Normal

from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_gaussian, check_log_likelihood, check_noise
from vaelib.errors import DivergedError, UserError
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import Gaussian


class Bound(NamedTuple):
    """The bound of Eq. 3 and its two parts, each `(M,)`, in nats per datapoint.

    bound = reconstruction − kl.
    """

    bound: Float[Tensor, "M"]
    reconstruction: Float[Tensor, "M"]
    kl: Float[Tensor, "M"]


def gaussian_parameters(
    q: Gaussian,
) -> tuple[Float[Tensor, "*batch n_latent"], Float[Tensor, "*batch n_latent"]]:
    """Mean and standard deviation, each `(..., n_latent)`, of a diagonal Gaussian.

    Raises:
        UserError: if q is not an Independent Normal.
        DivergedError: on a CPU, if a standard deviation is not positive or a number not finite.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> mean, scale = gaussian_parameters(model.encode(torch.rand(8, 4)))
    >>> mean.shape, scale.shape
    (torch.Size([8, 2]), torch.Size([8, 2]))
    """
    base = q.base_dist
    if not isinstance(base, Normal):
        raise UserError(
            f"q(z|x) is {type(base).__name__}, but the closed form is for a Normal: "
            "use estimator A for other posteriors"
        )
    check_gaussian(base.loc, base.scale)
    return base.loc, base.scale


def gaussian_kl(q: Gaussian) -> Float[Tensor, "*batch"]:
    """Appendix B: KL(q(z) ‖ N(0, I)) = −½ Σⱼ (1 + log σⱼ² − μⱼ² − σⱼ²), in nats.

    Args:
        q: a diagonal Gaussian over `(..., n_latent)`.

    Returns:
        `(...)`, never negative.

    >>> from torch.distributions import Independent
    >>> means = torch.tensor([[1.0, 1.0], [3.0, 4.0]])
    >>> gaussian_kl(Independent(Normal(means, torch.ones(2, 2)), 1)).tolist()
    [1.0, 12.5]
    """
    return _kl(*gaussian_parameters(q))


def _kl(mean: Tensor, scale: Tensor) -> Tensor:
    return -0.5 * (1 + 2 * scale.log() - mean**2 - scale**2).sum(-1)


def lower_bound(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "L #M n_latent"],
) -> Bound:
    """Eq. 3 with z = μ + σ ⊙ ε: the KL in closed form, the reconstruction at the given noise.

    Args:
        x: `(M, n_pixels)`.
        epsilon: standard normal noise `(L, M, n_latent)`; the reconstruction is averaged over L.

    Returns:
        a Bound of tensors `(M,)`.

    Raises:
        UserError: if x or epsilon has a wrong shape or, on a CPU, is not finite.
        DivergedError: on a CPU, if q(z|x) or p(x|z) has parameters that it cannot have.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, init_std=1.0, generator=generator(0))
    >>> epsilon = torch.empty(100, 1, 2).normal_(generator=generator(0, "noise"))
    >>> parts = lower_bound(model, torch.ones(1, 4), epsilon)
    >>> [round(part.item(), 1) for part in parts]
    [-13.3, -4.3, 9.0]
    """
    mean, scale = gaussian_parameters(model.encode(x))
    check_noise(epsilon, like=mean)
    reconstruction = model.log_likelihood(x, mean + scale * epsilon).mean(0)
    check_log_likelihood(reconstruction)
    kl = _kl(mean, scale)
    return Bound(reconstruction - kl, reconstruction, kl)


def log_weights(
    model: VariationalAutoencoder,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "L #M n_latent"],
) -> Float[Tensor, "L M"]:
    """log p(x, z) − log q(z|x) at z = μ + σ ⊙ ε: the integrand of Eq. 2, `(L, M)`, in nats.

    Its mean over ε is the bound; the log of the mean of its exponential is importance sampling.

    Raises:
        UserError, DivergedError: as `lower_bound`.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, init_std=1.0, generator=generator(0))
    >>> epsilon = torch.empty(1000, 1, 2).normal_(generator=generator(0, "noise"))
    >>> log_weight = log_weights(model, torch.ones(1, 4), epsilon).detach()
    >>> log_likelihood = log_weight.exp().mean().log()
    >>> f"bound {log_weight.mean():.1f}, log p(x) {log_likelihood:.1f}"
    'bound -13.2, log p(x) -4.8'
    """
    mean, scale = gaussian_parameters(model.encode(x))
    check_noise(epsilon, like=mean)
    # log q at z = μ + σ ⊙ ε is log N(ε; 0, I) − Σ log σ, by the change of variables.
    log_q = log_standard_normal(epsilon) - scale.log().sum(-1)
    log_joint = model.log_joint(x, mean + scale * epsilon)
    check_log_likelihood(log_joint)
    return log_joint - log_q


@checked
@torch.no_grad()
def evaluate(
    model: VariationalAutoencoder,
    x: Data,
    *,
    generator: torch.Generator,
    n_samples: Count = 1,
    batch_size: Count = 2000,
) -> float:
    """The average lower bound over a data set, the y-axis of Fig. 2, in nats per datapoint.

    Args:
        x: `(N, n_pixels)`, on the model's device; floats of another size, and NumPy's, are taken.
        generator: the noise, on the model's device.
        n_samples: L, noise draws for each datapoint.
        batch_size: datapoints held at once; it changes memory, and the order of the noise.

    Raises:
        UserError: for data that `datapoints` refuses, or n_samples or batch_size below one.
        DivergedError: if the bound is not finite.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> round(evaluate(model, torch.ones(10, 4), generator=generator(0, "evaluation")), 1)
    -2.8
    """
    x = datapoints(model, x)
    total = 0.0
    for batch in x.split(batch_size):
        shape = (n_samples, len(batch), model.n_latent)
        epsilon = torch.empty(shape, device=x.device, dtype=x.dtype).normal_(generator=generator)
        total += lower_bound(model, batch, epsilon).bound.double().sum().item()
    if not math.isfinite(total):
        raise DivergedError(
            f"the bound of the data set is {total}: check the model's weights, or train with a "
            "smaller stepsize"
        )
    return total / len(x)


@checked
@torch.no_grad()
def evaluation_noise(
    model: VariationalAutoencoder,
    x: Data,
    *,
    generator: torch.Generator,
    batch_size: Count = 2000,
) -> float:
    """The standard deviation of `evaluate` with L = 1 over its noise, in nats per datapoint.

    The KL of Eq. 3 is exact, so that only the reconstruction varies, and it does so independently
    for each of the N datapoints: the variance of their average is the sum of their variances over
    N². Each is estimated from two draws; their sum is as good as the many datapoints make it.

    Args:
        x: `(N, n_pixels)`, on the model's device; floats of another size, and NumPy's, are taken.
        generator: the noise, on the model's device.
        batch_size: datapoints held at once; it changes memory, and the order of the noise.

    Raises:
        UserError: for data that `datapoints` refuses, or batch_size below one.
        DivergedError: on a CPU, if q(z|x) or p(x|z) has parameters that it cannot have.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, init_std=1.0, generator=generator(0))
    >>> x = torch.ones(1000, 4)
    >>> noise = evaluation_noise(model, x, generator=generator(0, "noise"))
    >>> draws = [evaluate(model, x, generator=generator(0, "draw", k)) for k in range(100)]
    >>> f"{noise:.3f} against {torch.tensor(draws).std():.3f} over a hundred draws"
    '0.042 against 0.045 over a hundred draws'
    """
    x = datapoints(model, x)
    total = 0.0
    for batch in x.split(batch_size):
        mean, scale = gaussian_parameters(model.encode(batch))
        shape = (2, *mean.shape)
        epsilon = torch.empty(shape, device=x.device, dtype=x.dtype).normal_(generator=generator)
        reconstruction = model.log_likelihood(batch, mean + scale * epsilon)
        check_log_likelihood(reconstruction)
        total += reconstruction.double().var(0).sum().item()
    return math.sqrt(total) / len(x)
