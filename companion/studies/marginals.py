"""The exact marginals of section 2.4's distributions, as SciPy has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scipy import stats
from torch import Tensor

# From the parameters to the distribution of each component of z, by the paper's names.
_MARGINALS: dict[str, Callable[..., list[Any]]] = {
    "exponential": lambda rate: [stats.expon(scale=1 / rate)],
    "cauchy": lambda loc, scale: [stats.cauchy(loc, scale)],
    "logistic": lambda loc, scale: [stats.logistic(loc, scale)],
    "rayleigh": lambda scale: [stats.rayleigh(scale=scale)],
    "pareto": lambda scale, concentration: [stats.pareto(concentration, scale=scale)],
    "weibull": lambda scale, concentration: [stats.weibull_min(concentration, scale=scale)],
    "reciprocal": lambda low, high: [stats.loguniform(low, high)],
    "gompertz": lambda concentration, rate: [stats.gompertz(concentration, scale=1 / rate)],
    "gumbel": lambda loc, scale: [stats.gumbel_r(loc, scale)],
    "erlang": lambda concentration, rate: [stats.gamma(concentration, scale=1 / rate)],
    "laplace": lambda loc, scale: [stats.laplace(loc, scale)],
    "elliptical": lambda loc, scale_tril: [
        stats.beta((len(loc) + 1) / 2, (len(loc) + 1) / 2, loc=m - width, scale=2 * width)
        for m, width in zip(loc, (scale_tril**2).sum(-1) ** 0.5, strict=True)
    ],
    "students_t": lambda df, loc, scale: [stats.t(df, loc, scale)],
    "uniform": lambda low, high: [stats.uniform(low, high - low)],
    "triangular": lambda loc, scale: [stats.triang(0.5, loc=loc - scale, scale=2 * scale)],
    "gaussian": lambda loc, scale: [stats.norm(loc, scale)],
    "log_normal": lambda loc, scale: [stats.lognorm(scale, scale=math.exp(loc))],
    "gamma": lambda concentration, rate: [stats.gamma(concentration, scale=1 / rate)],
    "dirichlet": lambda concentration: [
        stats.beta(a, concentration.sum() - a) for a in concentration
    ],
    "beta": lambda concentration1, concentration0: [stats.beta(concentration1, concentration0)],
    "chi_squared": lambda df: [stats.chi2(df)],
    "f": lambda df1, df2: [stats.f(df1, df2)],
}


def exact_marginals(name: str, **parameters: Tensor) -> list[Any]:
    """The exact distribution of each component of z, as frozen `scipy.stats` distributions.

    Args:
        name: of the distribution, a key of `vaelib.reparameterization.REPARAMETERIZATIONS`.
        parameters: one value of each.
    """
    return _MARGINALS[name](**{n: t.detach().cpu().numpy() for n, t in parameters.items()})
