"""Where Appendix D's estimator breaks as the latent dimensions grow (claim C9), in one table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from scipy.special import digamma
from torch import Tensor

from companion.measurements.kept import kept
from companion.studies.fitted_proposal import posterior_importance_sampling
from companion.studies.quadrature import SCAN_POINTS_PER_AXIS, quadrature
from vaelib.checks.limits import Count, checked
from vaelib.likelihood.marginal_likelihood import posterior_density_estimator
from vaelib.model import VariationalAutoencoder

LIKELIHOOD_TOLERANCE = 1.0  # nats: the size of the differences that Fig. 3 is about
REFERENCE_SAMPLES = 1000
LATTICE_TOLERANCE = 0.01  # nats
MEANS = ("decodings", "seconds", "weights", "chains", "reference_error", "reference_weights")


@kept
@checked
def likelihood_by_dimension(
    models: Mapping[int, VariationalAutoencoder],
    x: Tensor,
    *,
    generator: torch.Generator,
    n_samples: Sequence[Count] = (50, 200),
) -> pd.DataFrame:
    """Claim C9: Appendix D's estimator against a reference, as the latent dimensions grow.

    Args:
        models: by their n_latent.
        x: `(M, n_pixels)`.
        n_samples: the values of L; the other settings are those of Fig. 3.

    Returns:
        columns n_latent, n_samples, datapoint, value, exact (the reference's, in nats: quadrature
        in up to three dimensions, beyond them long importance sampling), error = value − exact,
        weights (effective sample size of Appendix D's weights), chains (that of its draws, both
        rounds together, in the worst dimension), reference_error (of quadrature the difference of
        two lattices, of importance sampling its standard error; nats), reference_weights
        (effective sample size of the latter's weights; NaN for quadrature).
    """
    tables = []
    for n_latent, model in models.items():
        exact = _reference(model, x, generator=generator)
        for n in n_samples:
            value, own = posterior_density_estimator(model, x, n_samples=n, generator=generator)
            columns = {
                "value": value,
                "exact": exact["value"],
                "error": value.double() - exact["value"].double(),
                "weights": own.weight_effective_sample_size,
                "chains": own.chain_effective_sample_size,
                "reference_error": exact["error"],
                "reference_weights": exact["weights"],
            }
            table = pd.DataFrame({name: column.double() for name, column in columns.items()})
            table = table.rename_axis("datapoint").reset_index()
            tables.append(table.assign(n_latent=n_latent, n_samples=n))
    return pd.concat(tables, ignore_index=True)


@checked
def divergence_of_fit(n_dimensions: Count, n_draws: Count, *, unbiased: bool = False) -> float:
    """How far the Gaussian fitted to L draws of a Gaussian p is from p, on average: E[KL(p‖q)].

    Both in d dimensions; q has the draws' mean, and as covariance their scatter W over c. W is
    Wishart with L − 1 degrees of freedom, of which E[W⁻¹] = I/(L − d − 2) and
    E[log det W] = Σᵢ ψ((L − 1 − i)/2) + d log 2, i from 0 to d − 1, are known. So

        E[KL] = ½ [ c d/(L − d − 2) · (1 + 1/L) − d + Σᵢ ψ((L − 1 − i)/2) + d log(2/c) ].

    It begins as d(d + 3)/(4L) for large L.

    Args:
        n_dimensions: d.
        n_draws: L, of independent draws.
        unbiased: whether c is L − 1, as in `posterior_density_estimator`, or L, maximum likelihood.

    Returns:
        nats; infinite where L ≤ d + 2, since E[W⁻¹] is.

    Source:
        R. J. Muirhead, Aspects of Multivariate Statistical Theory, 1982, chapter 3.

    >>> [round(divergence_of_fit(d, 50), 2) for d in (3, 20, 50)]
    [0.11, 5.49, inf]
    >>> round(divergence_of_fit(20, 50, unbiased=True), 2)
    5.33
    """
    d, n = n_dimensions, n_draws
    if n <= d + 2:
        return math.inf
    c = n - 1 if unbiased else n
    log_determinant = float(digamma((n - 1 - np.arange(d)) / 2).sum()) + d * math.log(2 / c)
    return (c * d / (n - d - 2) * (1 + 1 / n) - d + log_determinant) / 2


def _reference(
    model: VariationalAutoencoder, x: Tensor, *, generator: torch.Generator
) -> dict[str, Tensor]:
    """log p(x), its error, and the effective number of weights, `(M,)` each."""
    if model.n_latent in SCAN_POINTS_PER_AXIS:
        value, lattice = quadrature(model, x, tolerance=LATTICE_TOLERANCE)
        return {"value": value, "error": lattice.error, "weights": torch.full_like(value, math.nan)}
    value, sampled = posterior_importance_sampling(
        model, x, n_samples=REFERENCE_SAMPLES, generator=generator
    )
    return {
        "value": value,
        "error": sampled.standard_error,
        "weights": sampled.effective_sample_size,
    }


def likelihood_summary(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Bias, noise and cost of the estimates in each group of rows.

    Args:
        table: from `likelihood_estimators` or `likelihood_by_dimension`.
        by: columns that tell the groups apart, such as estimator and setting.

    Returns:
        a row for each group, in the order of the table: bias (mean error), bias_error (its
        standard error over datapoints), spread (standard deviation of the error), noise (the part
        of it that another seed would change, from the repetitions; NaN where there is one only),
        largest (error in size), all in nats and over finite estimates; failed (the number of the
        others); good (whether bias and spread are below LIKELIHOOD_TOLERANCE in size and none
        failed); and the mean of each further column of numbers that the table has.
    """
    means = [name for name in MEANS if name in table]
    summaries = []
    for key, rows in table.groupby(list(by), sort=False):
        finite = rows[rows["error"].abs() < math.inf]
        error, of_datapoint = finite["error"], finite.groupby("datapoint")["error"]
        failed = len(rows) - len(finite)
        summaries.append(
            {
                **dict(zip(by, key, strict=True)),
                "bias": error.mean(),
                "bias_error": of_datapoint.mean().std() / math.sqrt(max(1, of_datapoint.ngroups)),
                "spread": error.std(),
                "noise": math.sqrt(of_datapoint.var().mean()),
                "largest": error.abs().max(),
                "failed": failed,
                "good": failed == 0 and abs(error.mean()) < LIKELIHOOD_TOLERANCE > error.std(),
                **rows[means].mean(),
            }
        )
    return pd.DataFrame(summaries)
