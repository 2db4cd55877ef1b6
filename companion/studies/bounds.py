"""How noisy an estimate of the bound itself is: sections 2.3 and 5."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import torch
from scipy import stats
from torch import Tensor

from vaelib.checks.limits import Several, checked
from vaelib.elbo import evaluate
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.sgvb import estimator_a, estimator_b, noise


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


@checked
def bound_noise(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: Several = 20,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C6: repeated evaluations of the average bound of one data set, only the noise differs.

    Returns:
        columns repetition, value (nats per datapoint).
    """
    values = [evaluate(model, x, generator=generator) for _ in range(repetitions)]
    return pd.DataFrame({"value": values}).rename_axis("repetition").reset_index()


class Variance(NamedTuple):
    """A sample variance, and the 95 % interval for the variance of normal values."""

    variance: float
    low: float
    high: float


def variance_with_interval(values: pd.Series[float]) -> Variance:
    """The variance of independent values, which are averages of many terms and so near normal.

    The sample variance of n normal values, times n − 1, is χ² with n − 1 degrees of freedom times
    the variance.

    Raises:
        UserError: for fewer than two values.
    """
    n = len(values)
    if n < 2:
        raise UserError(f"there are {n} values: a variance needs at least 2")
    variance = float(values.var())
    low, high = ((n - 1) * variance / stats.chi2.ppf(p, n - 1) for p in (0.975, 0.025))
    return Variance(variance, float(low), float(high))
