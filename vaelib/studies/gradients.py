"""How noisy the gradient of the bound is, by estimator: sections 2.2 and 2.3."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd
import torch
from torch import Tensor

from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.sgvb import estimator_a, estimator_b, noise, score_function_surrogate

SCORE, BASELINE = "score function", "score function with baseline"
A, B = "estimator A", "estimator B"


def gradient_variance(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: int = 200,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C1: mean and variance of each component of the bound's gradient in φ, by estimator.

    The gradient is of the minibatch average with respect to the encoder's mean and log-variance
    layers, for L = 1. The baseline is the average of f(z) over the minibatch's other datapoints.

    Args:
        x: a fixed minibatch `(M, n_pixels)`, M at least 2, so that only the noise varies.
        repetitions: gradients drawn from each estimator.

    Returns:
        columns estimator, parameter, component, mean, variance; nats per datapoint and unit of
        the parameter.
    """
    if len(x) < 2:
        raise UserError(f"the minibatch has {len(x)} datapoints: the baseline needs at least 2")

    def pathwise(estimator: Callable[..., Tensor]) -> Callable[[], Tensor]:
        return lambda: estimator(model, x, noise(model, x, generator=generator))

    def score(with_baseline: bool) -> Callable[[], Tensor]:
        def surrogate() -> Tensor:
            baseline: Tensor | float = 0.0
            if with_baseline:
                baseline = _leave_one_out_mean(model, x, generator)
            return score_function_surrogate(model, x, baseline=baseline, generator=generator)

        return surrogate

    estimators = {
        SCORE: score(False),
        BASELINE: score(True),
        A: pathwise(estimator_a),
        B: pathwise(estimator_b),
    }
    parameters = {
        name: parameter
        for name, parameter in model.encoder.named_parameters()
        if name.startswith(("mean.", "log_variance."))
    }
    tables = []
    for estimator, draw in estimators.items():
        for name, draws in _gradients(draw, parameters, repetitions):
            table = pd.DataFrame({"mean": draws.mean(0), "variance": draws.var(0)})
            table = table.rename_axis("component").reset_index()
            tables.append(table.assign(estimator=estimator, parameter=name))
    return pd.concat(tables, ignore_index=True)


def _leave_one_out_mean(
    model: VariationalAutoencoder, x: Tensor, generator: torch.Generator
) -> Tensor:
    # Drawn with its own noise: the baseline must not depend on the z that it stands beside.
    with torch.no_grad():
        value = estimator_a(model, x, noise(model, x, generator=generator))
    return (value.sum() - value) / (len(value) - 1)


def _gradients(
    draw: Callable[[], Tensor], parameters: dict[str, torch.nn.Parameter], repetitions: int
) -> Iterator[tuple[str, Tensor]]:
    """For each parameter the gradients of `draw().mean()`, `(repetitions, components)`."""
    rows = [
        torch.autograd.grad(draw().mean(), list(parameters.values())) for _ in range(repetitions)
    ]
    for name, column in zip(parameters, zip(*rows, strict=True), strict=True):
        yield name, torch.stack([gradient.flatten() for gradient in column])
