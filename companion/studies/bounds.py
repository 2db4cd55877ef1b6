"""How noisy an estimate of the bound itself is: sections 2.3 and 5."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from companion.runs.store import Run
from vaelib.checks.limits import Count, Several, checked
from vaelib.elbo import evaluation_noise
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator as make_generator
from vaelib.sgvb import estimator_a, estimator_b, noise


@kept
@checked
@torch.no_grad()
def estimator_variance(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: Several = 500,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C2: mean and variance over the noise of the estimates A and B of each bound, L = 1.

    Both see the same noise.

    Args:
        x: `(M, n_pixels)`.

    Returns:
        columns datapoint, estimator ("A" or "B"), mean (nats), variance (nats²).
    """
    epsilon = [noise(model, x, generator=generator) for _ in range(repetitions)]
    tables = []
    for name, estimator in (("A", estimator_a), ("B", estimator_b)):
        draws = torch.stack([estimator(model, x, e) for e in epsilon]).double()
        table = pd.DataFrame({"mean": draws.mean(0), "variance": draws.var(0)})
        tables.append(table.rename_axis("datapoint").reset_index().assign(estimator=name))
    return pd.concat(tables, ignore_index=True)


# Of `bound_noise`, so many that its interval is narrower than a tenth on either side: the faces are
# few, and a handful of them has most of the variance.
NOISE_REPETITIONS = {"mnist": 3, "frey_face": 400}


def bound_noise(run: Run, x: Tensor) -> pd.DataFrame:
    """Claim C6: the variance over the noise of the average bound of a data set, with L = 1.

    `vaelib.elbo.evaluation_noise` squared, each repetition with noise of its own, which depends on
    the run alone: it is one number wherever it is shown.

    Args:
        x: `(N, n_pixels)`.

    Returns:
        columns repetition, variance (nats²).
    """
    draws = make_generator(run.config.seed, "noise of the bound", run.config.slug)
    repetitions = NOISE_REPETITIONS[run.config.dataset]
    return repeated_noise(run.model(), x, repetitions=repetitions, generator=draws)


@kept
@checked
def repeated_noise(
    model: VariationalAutoencoder, x: Tensor, *, repetitions: Count, generator: torch.Generator
) -> pd.DataFrame:
    """The square of `vaelib.elbo.evaluation_noise`, over and over.

    Args:
        x: `(N, n_pixels)`.

    Returns:
        columns repetition, variance (nats²).
    """
    variances = [evaluation_noise(model, x, generator=generator) ** 2 for _ in range(repetitions)]
    return pd.DataFrame({"variance": variances}).rename_axis("repetition").reset_index()
