"""Appendix F on images: the same small model with point estimates of θ, and with a posterior."""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from companion.runs.evaluation import evaluation_grid
from companion.studies.quadrature import quadrature
from vaelib import elbo
from vaelib.aevb import AEVB
from vaelib.arithmetic.products import fast_products
from vaelib.checks.limits import Count, Positive, Whole, checked
from vaelib.errors import UserError
from vaelib.full_vb import FullVB, predictive_bound
from vaelib.global_posterior import GlobalPosterior
from vaelib.model import VariationalAutoencoder, build
from vaelib.randomness import generator
from vaelib.training import Trainer

ML, MAP, FULL_VB = "maximum likelihood", "MAP", "full VB"
# Precision of the prior that the point estimates have on their weights.
PRIOR_PRECISION = {ML: 0.0, MAP: 1.0}


class Fitted(NamedTuple):
    """A model after training, by one method.

    Attributes:
        curve: columns method, n_train, training_samples, train_bound, test_bound, kl_theta,
            full_bound, in nats per datapoint. For full VB the bounds are averages over q(θ),
            kl_theta is KL(q(θ) ‖ p(θ))/N and full_bound is L(φ; X)/N; NaN for a point estimate.
        model: encoder and decoder; the decoder holds θ, or the mean of q(θ).
        posterior: q(θ), or None for a point estimate.
    """

    curve: pd.DataFrame
    model: VariationalAutoencoder
    posterior: GlobalPosterior | None


@checked
def fit_by(
    method: str,
    train: Tensor,
    test: Tensor,
    *,
    until: Whole,
    stepsize: Positive,
    n_hidden: Count = 30,
    n_latent: Count = 2,
    initial_std: Positive = 0.1,
    minibatch_size: Count = 100,
    seed: Whole,
) -> Fitted:
    """Train one small Bernoulli model, and look at it on the grid of `evaluation_grid`.

    The three methods start from the same weights and meet the same minibatches.

    Args:
        method: ML or MAP, which are Algorithm 1 without and with the prior on θ, or FULL_VB,
            which is Algorithm 2 with one θ a step.
        train: `(N, n_pixels)`.
        test: `(N_test, n_pixels)`.
        until: training samples to evaluate.
        stepsize: Adagrad's.
        n_hidden, n_latent: sizes of both networks.
        initial_std: σ_θ at the start, for full VB.
        minibatch_size: M.
        seed: of everything.

    Raises:
        UserError: for an unknown method.
    """
    model = build(
        n_pixels=train.shape[1],
        n_hidden=n_hidden,
        n_latent=n_latent,
        generator=generator(seed, "appendix f", "initialise"),
    )
    noise = generator(seed, "appendix f", "noise", method)
    posterior = None
    algorithm: AEVB | FullVB
    if method == FULL_VB:
        algorithm = FullVB(
            model, n_train=len(train), stepsize=stepsize, initial_std=initial_std, generator=noise
        )
        posterior = algorithm.posterior
    elif method in PRIOR_PRECISION:
        algorithm = AEVB(
            model,
            n_train=len(train),
            stepsize=stepsize,
            prior_precision=PRIOR_PRECISION[method],
            generator=noise,
        )
    else:
        known = ", ".join((*PRIOR_PRECISION, FULL_VB))
        raise UserError(f"method {method!r} is not known: use one of {known}")
    trainer = Trainer(
        algorithm,
        train,
        minibatch_size=minibatch_size,
        generator=generator(seed, "appendix f", "minibatches"),
        within=fast_products,
    )
    rows = []
    for point in evaluation_grid(until):
        for _ in trainer.advance(point):
            pass
        noise = generator(seed, "appendix f", "evaluation", trainer.samples)
        bounds = [_bound(model, posterior, x, noise) for x in (train, test)]
        kl = math.nan if posterior is None else posterior.kl().item() / len(train)
        rows.append((trainer.samples, *bounds, kl, bounds[0] - kl))
    columns = ["training_samples", "train_bound", "test_bound", "kl_theta", "full_bound"]
    curve = pd.DataFrame(rows, columns=columns).assign(method=method, n_train=len(train))
    return Fitted(curve, model, posterior)


def _bound(
    model: VariationalAutoencoder,
    posterior: GlobalPosterior | None,
    x: Tensor,
    noise: torch.Generator,
) -> float:
    """The bound of Eq. 16, over q(θ) where there is one; ten draws of the noise."""
    if posterior is None:
        return elbo.evaluate(model, x, n_samples=10, generator=noise)
    return predictive_bound(model, posterior, x, n_samples=10, generator=noise).mean().item()


@checked
def exact_log_likelihood(
    fitted: Fitted, x: Tensor, *, n_theta: Count = 3, generator: torch.Generator
) -> Tensor:
    """The left-hand side of Eq. 15, log p_θ(x), by quadrature over z; `(M,)`.

    It is averaged over draws from q(θ) if there is a q(θ). What the bound misses of it is the
    divergence of Eq. 15: the fault of the encoder.

    Args:
        fitted: with at most three latent dimensions.
        x: `(M, n_pixels)`.
        n_theta: draws of θ.
        generator: draws them.
    """
    if fitted.posterior is None:
        return quadrature(fitted.model, x)[0]
    drawn = copy.deepcopy(fitted.model)
    total = torch.zeros_like(x[:, 0])
    for _ in range(n_theta):
        drawn.decoder.load_state_dict(fitted.posterior.sample(generator=generator))
        total += quadrature(drawn, x)[0]
    return total / n_theta
