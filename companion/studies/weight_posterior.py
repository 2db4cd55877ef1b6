"""What a posterior over a decoder's weights knows: its price, its predictions, its doubts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence
from torch.nn.functional import softplus

from vaelib.checks.limits import Count, NotNegative, checked
from vaelib.elbo import gaussian_kl, gaussian_parameters
from vaelib.errors import UserError
from vaelib.global_posterior import GlobalPosterior
from vaelib.model import VariationalAutoencoder
from vaelib.networks import BernoulliMLP

GAUSS_HERMITE_NODES = 20


@checked
@torch.no_grad()
def mixed_predictive_bound(
    model: VariationalAutoencoder,
    posterior: GlobalPosterior,
    x: Tensor,
    *,
    n_samples: Count = 5,
    generator: torch.Generator,
) -> Tensor:
    """A bound on log ∫ q(θ) p_θ(x) dθ that mixes predictions before the logarithm; `(M,)`, nats.

    `predictive_bound` averages log p_θ(x|z) over θ. But given z and the hidden layer, a pixel's
    logit is a Gaussian under q(θ), independent of the other pixels', so that the output layer can
    be averaged over inside the logarithm, by Gauss-Hermite quadrature for each pixel. The result
    lies between `predictive_bound` and the log predictive density, by Jensen's inequality twice.

    Args:
        model: with a BernoulliMLP as decoder.
        posterior: over it.
        x: `(M, n_pixels)`.
        n_samples: draws of z and of the hidden layer's weights.
        generator: draws them.

    Raises:
        UserError: for another decoder.
    """
    marginals = posterior.marginals()
    _check_decoder(posterior)
    weight, bias = marginals["logits.weight"], marginals["logits.bias"]
    node, log_weight = (t[:, None, None] for t in _gauss_hermite(x))
    q = model.encode(x)
    mean, scale = gaussian_parameters(q)
    total = torch.zeros_like(x[:, 0])
    for _ in range(n_samples):
        theta = posterior.sample(generator=generator)
        z = mean + scale * torch.empty_like(mean).normal_(generator=generator)
        hidden = torch.tanh(z @ theta["hidden.weight"].T + theta["hidden.bias"])
        centre = hidden @ weight.mean.T + bias.mean
        variance = hidden.square() @ weight.variance.T + bias.variance
        logits = centre + variance.sqrt() * node
        log_pixel = (x * logits - softplus(logits) + log_weight).logsumexp(0)
        total += log_pixel.sum(-1)
    return total / n_samples - gaussian_kl(q)


def best_without_codes(train: Tensor, test: Tensor) -> pd.Series:
    """The best that full VB can do with a decoder of biases alone: one image for every code.

    Every pixel's bias has a Gaussian posterior, against the prior N(0, 1); nothing is random,
    since the expectations are by Gauss-Hermite quadrature.

    Args:
        train: `(N, n_pixels)`, with intensities in [0, 1].
        test: `(N_test, n_pixels)`.

    Returns:
        full_bound, L(φ; X)/N, and train_bound and test_bound, nats per datapoint, as in `Fitted`.
    """
    mean = torch.zeros_like(train[0], requires_grad=True)
    log_std = torch.zeros_like(train[0], requires_grad=True)
    node, log_weight = (t[:, None] for t in _gauss_hermite(train))
    lbfgs = torch.optim.LBFGS([mean, log_std], max_iter=200, line_search_fn="strong_wolfe")

    def bound(x: Tensor) -> Tensor:
        partition = log_weight.exp() * softplus(mean + log_std.exp() * node)
        return x.mean(0) @ mean - partition.sum()

    def kl() -> Tensor:
        q = Normal(mean, log_std.exp(), validate_args=False)
        return gaussian_kl(Independent(q, 1, validate_args=False)) / len(train)

    def loss() -> Tensor:
        lbfgs.zero_grad()
        value = kl() - bound(train)
        value.backward()
        return value

    lbfgs.step(loss)
    return pd.Series(
        {
            "full_bound": (bound(train) - kl()).item(),
            "train_bound": bound(train).item(),
            "test_bound": bound(test).item(),
        }
    )


def unit_prices(posterior: GlobalPosterior) -> pd.DataFrame:
    """What each hidden unit of the decoder costs in KL(q(θ) ‖ p(θ)), in nats, dearest first.

    Args:
        posterior: over a BernoulliMLP.

    Returns:
        columns unit, incoming (its weights from z, and its bias) and outgoing (its weights to the
        pixels). A unit whose outgoing weights stay at the prior says nothing about the pixels.

    Raises:
        UserError: for another decoder.
    """
    _check_decoder(posterior)
    price = {
        name: kl_divergence(q, Normal(torch.zeros_like(q.mean), posterior.prior_std))
        for name, q in posterior.marginals().items()
    }
    table = pd.DataFrame(
        {
            "incoming": (price["hidden.weight"].sum(1) + price["hidden.bias"]).numpy(),
            "outgoing": price["logits.weight"].sum(0).numpy(),
        }
    )
    table = table.rename_axis("unit").reset_index()
    return table.sort_values("outgoing", ascending=False, ignore_index=True)


@checked
@torch.no_grad()
def decodings(
    posterior: GlobalPosterior, z: Tensor, *, n_theta: Count, generator: torch.Generator
) -> Tensor:
    """The means of p_θ(x|z) under draws from q(θ): codes `(K, n_latent)` to `(L, K, n_pixels)`.

    Args:
        posterior: over a decoder.
        z: the codes.
        n_theta: L, draws of θ, each shared by all codes.
        generator: draws them.
    """
    zetas = posterior.noise(n_theta, generator=generator)
    return torch.stack([posterior(z, posterior.reparameterize(zeta)).mean for zeta in zetas])


@checked
def spread(
    posterior: GlobalPosterior,
    radii: Sequence[NotNegative],
    *,
    n_theta: Count = 30,
    n_directions: Count = 16,
    generator: torch.Generator,
) -> pd.DataFrame:
    """How far decodings of one code differ between draws of θ, by the code's distance from 0.

    Args:
        posterior: over a decoder of two latent dimensions.
        radii: the lengths of z, in latent units.
        n_theta: draws of θ.
        n_directions: codes on each circle, evenly spaced.
        generator: draws θ.

    Returns:
        columns radius and spread: the standard deviation over θ of a pixel's mean, averaged over
        pixels and directions; intensities lie between 0 and 1.
    """
    angle = 2 * math.pi * torch.arange(n_directions) / n_directions
    circle = torch.stack([angle.cos(), angle.sin()], -1)
    z = torch.tensor(radii)[:, None, None] * circle
    means = decodings(posterior, z.flatten(0, 1), n_theta=n_theta, generator=generator)
    deviation = means.std(0).mean(-1).reshape(len(radii), n_directions)
    return pd.DataFrame({"radius": list(radii), "spread": deviation.mean(1).tolist()})


def _gauss_hermite(like: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes and log weights, `(GAUSS_HERMITE_NODES,)`, of the mean over a standard normal."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(GAUSS_HERMITE_NODES)
    return torch.tensor(nodes).to(like), torch.tensor(np.log(weights / weights.sum())).to(like)


def _check_decoder(posterior: GlobalPosterior) -> None:
    if not isinstance(posterior.module, BernoulliMLP):
        raise UserError(
            f"the decoder is a {type(posterior.module).__name__}: this needs a BernoulliMLP"
        )
