"""How noisy the gradient of the bound is, by estimator: sections 2.2 and 2.3."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from vaelib.checks.limits import Several, Whole, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.score_function import Signal, optimal_baseline, score_function_surrogate
from vaelib.sgvb import estimator_a, estimator_b, noise
from vaelib.training import Trainer

SCORE, BASELINE = "score function", "score function with baseline"
CONTROLLED = "score function with control variate"
RAO_BLACKWELL, EXACT_KL = "Rao-Blackwellised", "exact KL"
RAO_BLACKWELL_CONTROLLED = "Rao-Blackwellised with control variate"
A, B = "estimator A", "estimator B"
# The score function, and what the literature does to it: the signal of each.
SCORES: dict[str, Signal] = {
    SCORE: "full",
    RAO_BLACKWELL: "rao_blackwell",
    EXACT_KL: "exact_kl",
    BASELINE: "full",
    CONTROLLED: "full",
    RAO_BLACKWELL_CONTROLLED: "rao_blackwell",
}
PATHWISE = {A: estimator_a, B: estimator_b}
# Draws of a pilot for each datapoint, from which the control variate is scaled.
PILOT = 100

Estimate = Callable[[], Tensor]


@kept
@checked
def gradient_variance(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    estimators: Collection[str] = (SCORE, BASELINE, A, B),
    layers: Collection[str] = ("mean", "log_variance"),
    repetitions: Several = 200,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C1: mean and variance of each component of the bound's gradient in φ, by estimator.

    The gradient is of the minibatch average with respect to the encoder, for L = 1. The baseline is
    the average of f(z) over the minibatch's other datapoints, with noise of its own. The control
    variate is the score of each q(z_j|x), scaled by `optimal_baseline` from a pilot of `PILOT`
    draws that is not counted: it shows the best that a constant for each score can do.

    Args:
        x: a fixed minibatch `(M, n_pixels)`, M at least 2, so that only the noise varies.
        estimators: of `SCORES` and `PATHWISE`.
        layers: of the encoder: "hidden", "mean", "log_variance".
        repetitions: gradients drawn from each estimator.

    Returns:
        columns estimator, parameter, component, unit (the output unit that the component feeds),
        mean, variance; nats per datapoint and unit of the parameter.

    Raises:
        UserError: for one datapoint, or an unknown estimator or layer.
    """
    if len(x) < 2:
        raise UserError(f"the minibatch has {len(x)} datapoints: the baseline needs at least 2")
    parameters = {
        name: parameter
        for name, parameter in model.encoder.named_parameters()
        if name.split(".")[0] in layers
    }
    missing = set(layers) - {name.split(".")[0] for name in parameters}
    if missing:
        raise UserError(f"the encoder has no layer {', '.join(sorted(missing))}: use its names")
    tables = []
    for name in estimators:
        draw = _estimate(name, model, x, generator)
        moments = _moments(draw, list(parameters.values()), repetitions)
        for (parameter, tensor), (mean, variance) in zip(parameters.items(), moments, strict=True):
            unit = np.repeat(np.arange(len(tensor)), tensor[0].numel())
            columns = {
                "unit": unit,
                "mean": mean.flatten().numpy(),
                "variance": variance.flatten().numpy(),
            }
            table = pd.DataFrame(columns).rename_axis("component").reset_index()
            tables.append(table.assign(estimator=name, parameter=parameter))
    return pd.concat(tables, ignore_index=True)


@checked
def gradient_variance_in_training(
    trainer: Trainer,
    x: Tensor,
    *,
    at: Sequence[Whole],
    estimators: Collection[str],
    repetitions: Several = 50,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C1 while a model learns: `gradient_variance` of its output layers along the way.

    The estimators are measured on the model as it is; what trains it is the trainer's own.

    Args:
        trainer: of a model with an encoder; it is advanced.
        x: a fixed minibatch `(M, n_pixels)`, as in `gradient_variance`.
        at: counts of training samples in rising order, 0 being the start.

    Returns:
        the columns of `gradient_variance`, and training_samples.
    """
    tables = []
    for samples in at:
        # The steps happen as the iterator is used up.
        for _ in trainer.advance(samples):
            pass
        table = gradient_variance(
            trainer.algorithm.model,
            x,
            estimators=estimators,
            repetitions=repetitions,
            generator=generator,
        )
        tables.append(table.assign(training_samples=trainer.samples))
    return pd.concat(tables, ignore_index=True)


def _estimate(
    name: str, model: VariationalAutoencoder, x: Tensor, generator: torch.Generator
) -> Estimate:
    """Draws of the bound's minibatch average; the estimator is its gradient."""
    draw = partial(noise, model, x, generator=generator)
    if name in PATHWISE:
        return lambda: PATHWISE[name](model, x, draw()).mean()
    if name not in SCORES:
        known = ", ".join([*SCORES, *PATHWISE])
        raise UserError(f"gradient estimator {name!r} is not known: use one of {known}")
    surrogate = partial(score_function_surrogate, model, x, signal=SCORES[name])
    if name == BASELINE:
        return lambda: surrogate(draw(), baseline=_leave_one_out(model, x, draw())).mean()
    if name in (CONTROLLED, RAO_BLACKWELL_CONTROLLED):
        best = optimal_baseline(model, x, signal=SCORES[name], n_samples=PILOT, generator=generator)
        return lambda: surrogate(draw(), baseline=best).mean()
    return lambda: surrogate(draw()).mean()


@torch.no_grad()
def _leave_one_out(model: VariationalAutoencoder, x: Tensor, epsilon: Tensor) -> Tensor:
    """For each datapoint the average of f over the others, `(M, 1)`."""
    value = estimator_a(model, x, epsilon)
    return ((value.sum() - value) / (len(value) - 1)).unsqueeze(-1)


def _moments(
    draw: Estimate, parameters: Sequence[Tensor], repetitions: int
) -> list[tuple[Tensor, Tensor]]:
    """Mean and variance of each parameter's gradient, by Welford's updates in float64."""
    means = [torch.zeros_like(p, dtype=torch.float64) for p in parameters]
    squares = [torch.zeros_like(mean) for mean in means]
    for count in range(1, repetitions + 1):
        gradients = torch.autograd.grad(draw(), parameters)
        for mean, square, gradient in zip(means, squares, gradients, strict=True):
            difference = gradient - mean
            mean += difference / count
            square += difference * (gradient - mean)
    return [(mean, square / (repetitions - 1)) for mean, square in zip(means, squares, strict=True)]
