"""Moments with a closed form for every distribution of section 2.4."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import special
from torch import Tensor

Value = float | list[float] | list[list[float]]


class Example(NamedTuple):
    """Parameters to check a distribution at, and a moment with a closed form.

    Attributes:
        values: the parameters.
        label: the moment, in LaTeX.
        f: what is averaged, `(n, ...)` to `(n,)`.
        moment: E[f(z)] as a function of the parameters.
    """

    values: dict[str, Value]
    label: str
    f: Callable[[Tensor], Tensor]
    moment: Callable[..., Any]


def _total_square(z: Tensor) -> Tensor:
    return z.square().sum(-1)


# Moments whose pathwise gradient has a finite variance; the Cauchy has none but its cosine's.
EXAMPLES: Mapping[str, Example] = {
    "exponential": Example({"rate": 1.5}, r"\mathbb{E}[z]", torch.clone, lambda rate: 1 / rate),
    "cauchy": Example(
        {"loc": 0.5, "scale": 0.8},
        r"\mathbb{E}[\cos z]",
        torch.cos,
        lambda loc, scale: np.cos(loc) * np.exp(-scale),
    ),
    "logistic": Example(
        {"loc": 0.5, "scale": 0.8},
        r"\mathbb{E}[z^2]",
        torch.square,
        lambda loc, scale: loc**2 + (math.pi * scale) ** 2 / 3,
    ),
    "rayleigh": Example(
        {"scale": 2.0}, r"\mathbb{E}[z^2]", torch.square, lambda scale: 2 * scale**2
    ),
    "pareto": Example(
        {"scale": 1.0, "concentration": 3.0},
        r"\mathbb{E}[\log z]",
        torch.log,
        lambda scale, concentration: np.log(scale) + 1 / concentration,
    ),
    "weibull": Example(
        {"scale": 1.2, "concentration": 1.7},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda scale, concentration: scale * special.gamma(1 + 1 / concentration),
    ),
    "reciprocal": Example(
        {"low": 0.5, "high": 4.0},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda low, high: (high - low) / np.log(high / low),
    ),
    "gompertz": Example(
        {"concentration": 0.8, "rate": 1.2},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda concentration, rate: np.exp(concentration) * special.exp1(concentration) / rate,
    ),
    "gumbel": Example(
        {"loc": 0.5, "scale": 2.0},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda loc, scale: loc + np.euler_gamma * scale,
    ),
    "erlang": Example(
        {"concentration": 3.0, "rate": 1.5},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda concentration, rate: concentration / rate,
    ),
    "laplace": Example(
        {"loc": 0.5, "scale": 0.8},
        r"\mathbb{E}[z^2]",
        torch.square,
        lambda loc, scale: loc**2 + 2 * scale**2,
    ),
    # Uniform in an ellipsoid of three dimensions: the covariance is S Sᵀ/5.
    "elliptical": Example(
        {
            "loc": [0.5, -1.0, 0.2],
            "scale_tril": [[1.5, 0.0, 0.0], [-0.7, 0.8, 0.0], [0.3, 0.4, 0.6]],
        },
        r"\mathbb{E}[\lVert z \rVert^2]",
        _total_square,
        lambda loc, scale_tril: (loc**2).sum() + (scale_tril**2).sum() / 5,
    ),
    "students_t": Example(
        {"df": 12.0, "loc": 0.5, "scale": 2.0},
        r"\mathbb{E}[z^2]",
        torch.square,
        lambda df, loc, scale: loc**2 + scale**2 * df / (df - 2),
    ),
    "uniform": Example(
        {"low": -1.0, "high": 2.0},
        r"\mathbb{E}[z^2]",
        torch.square,
        lambda low, high: (low**2 + low * high + high**2) / 3,
    ),
    "triangular": Example(
        {"loc": 0.5, "scale": 2.0},
        r"\mathbb{E}[z^2]",
        torch.square,
        lambda loc, scale: loc**2 + scale**2 / 6,
    ),
    "gaussian": Example(
        {"loc": 0.5, "scale": 2.0},
        r"\mathbb{E}[z^2]",
        torch.square,
        lambda loc, scale: loc**2 + scale**2,
    ),
    "log_normal": Example(
        {"loc": 0.1, "scale": 0.5},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda loc, scale: np.exp(loc + scale**2 / 2),
    ),
    "gamma": Example(
        {"concentration": 0.7, "rate": 1.3},
        r"\mathbb{E}[\log z]",
        torch.log,
        lambda concentration, rate: special.digamma(concentration) - np.log(rate),
    ),
    "dirichlet": Example(
        {"concentration": [0.5, 1.7, 3.0]},
        r"\mathbb{E}[\lVert z \rVert^2]",
        _total_square,
        lambda concentration: (
            (concentration * (concentration + 1)).sum()
            / (concentration.sum() * (concentration.sum() + 1))
        ),
    ),
    "beta": Example(
        {"concentration1": 0.7, "concentration0": 2.2},
        r"\mathbb{E}[z]",
        torch.clone,
        lambda concentration1, concentration0: concentration1 / (concentration1 + concentration0),
    ),
    "chi_squared": Example(
        {"df": 3.0},
        r"\mathbb{E}[\log z]",
        torch.log,
        lambda df: special.digamma(df / 2) + np.log(2),
    ),
    "f": Example(
        {"df1": 5.0, "df2": 9.0},
        r"\mathbb{E}[\log z]",
        torch.log,
        lambda df1, df2: special.digamma(df1 / 2) - special.digamma(df2 / 2) + np.log(df2 / df1),
    ),
}
