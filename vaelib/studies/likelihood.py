"""Estimates of log p(x) against an exact answer: Appendix D."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from vaelib.elbo import lower_bound
from vaelib.marginal_likelihood import importance_sampling, posterior_density_estimator
from vaelib.model import VariationalAutoencoder
from vaelib.quadrature import quadrature
from vaelib.sgvb import noise


def likelihood_estimators(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    importance_samples: int = 1000,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Appendix D: three estimates of log p(x) against quadrature, datapoint by datapoint.

    The estimators are the bound (100 noise draws), importance sampling, and Appendix D's own.

    Args:
        model: with at most three latent dimensions.
        x: `(M, n_pixels)`.
        importance_samples: draws for each datapoint.

    Returns:
        columns datapoint, estimator, value, exact, error; in nats, error = value − exact.
    """
    exact, _ = quadrature(model, x)
    epsilon = noise(model, x, n_samples=100, generator=generator)
    with torch.no_grad():
        bound = lower_bound(model, x, epsilon).bound
    weighted, _ = importance_sampling(model, x, n_samples=importance_samples, generator=generator)
    fitted, _ = posterior_density_estimator(model, x, generator=generator)
    estimates = {
        "lower bound": bound,
        "importance sampling": weighted,
        "Appendix D": fitted,
    }
    tables = [
        pd.DataFrame({"value": value.double(), "exact": exact.double()})
        .rename_axis("datapoint")
        .reset_index()
        .assign(estimator=estimator)
        for estimator, value in estimates.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(error=table["value"] - table["exact"])
