"""How noisy an estimate of the bound itself is: sections 2.3 and 5."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from vaelib.elbo import evaluate
from vaelib.model import VariationalAutoencoder
from vaelib.sgvb import estimator_a, estimator_b, noise


@torch.no_grad()
def estimator_variance(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: int = 500,
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


def bound_noise(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: int = 20,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C6: repeated evaluations of the average bound of one data set, only the noise differs.

    Returns:
        columns repetition, value (nats per datapoint).
    """
    values = [evaluate(model, x, generator=generator) for _ in range(repetitions)]
    return pd.DataFrame({"value": values}).rename_axis("repetition").reset_index()
