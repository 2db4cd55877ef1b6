"""Section 2.4: the distributions that the paper names, each as noise and a function g of it.

Every one stands under the family in which the paper names it; the logistic stands under two.
G⁻¹ is the inverse CDF of Gamma(α, 1). Where it enters, the derivative in its shape is implicit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from vaelib.distributions.gamma_quantile import log_gamma_quantile
from vaelib.distributions.pathwise import (
    BALL,
    LAPLACE,
    NORMAL,
    NORMAL_AND_UNIFORM,
    TRIANGULAR,
    Reparameterization,
)

Family = Literal["inverse CDF", "location-scale", "composition"]


def _shift_and_scale(epsilon: Tensor, *, loc: Tensor, scale: Tensor) -> Tensor:
    return loc + scale * epsilon


def _exponential(epsilon: Tensor) -> Tensor:
    return -torch.log1p(-epsilon)


def _cauchy(epsilon: Tensor) -> Tensor:
    # tan(π(ε − ½)), by the distance to the nearer end, which keeps its accuracy in both tails.
    return (epsilon - 0.5).sign() / torch.tan(math.pi * torch.minimum(epsilon, 1 - epsilon))


def _log_gamma_ratio(epsilon: Tensor, above: Tensor, below: Tensor) -> Tensor:
    return log_gamma_quantile(epsilon[..., 0], above) - log_gamma_quantile(epsilon[..., 1], below)


def _students_t(epsilon: Tensor, *, df: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    log_gamma = log_gamma_quantile(epsilon[..., 1], df / 2)
    return loc + scale * epsilon[..., 0] * torch.exp(((df / 2).log() - log_gamma) / 2)


def _beta(epsilon: Tensor, *, concentration1: Tensor, concentration0: Tensor) -> Tensor:
    return torch.sigmoid(_log_gamma_ratio(epsilon, concentration1, concentration0))


def _check_interval(p: Mapping[str, Tensor]) -> str:
    return "" if (p["low"] < p["high"]).all() else "low is not below high: give low < high"


def _check_positive_interval(p: Mapping[str, Tensor]) -> str:
    if not (p["low"] > 0).all():
        return f"low is {p['low'].min().item():g}: give positive numbers"
    return _check_interval(p)


def _check_integer(p: Mapping[str, Tensor]) -> str:
    k = p["concentration"]
    if k.ndim == 0 and k.item() == round(k.item()):
        return ""
    return f"concentration is {k.tolist()}: give one integer, or use gamma for other shapes"


def _check_scale_tril(p: Mapping[str, Tensor]) -> str:
    tril, d = p["scale_tril"], p["loc"].shape[-1]
    if tril.shape[-2:] != (d, d):
        return f"scale_tril has shape {tuple(tril.shape)}: give ({d}, {d}), to go with loc"
    if (tril != tril.tril()).any() or not (tril.diagonal(dim1=-2, dim2=-1) > 0).all():
        return "scale_tril is no Cholesky factor: give a lower triangle with a positive diagonal"
    return ""


_LOGISTIC = Reparameterization(
    "Logistic",
    r"m + s \log(\epsilon / (1 - \epsilon))",
    lambda e, *, loc, scale: loc + scale * torch.logit(e),
)

FAMILIES: dict[Family, tuple[Reparameterization, ...]] = {
    "inverse CDF": (
        Reparameterization(
            "Exponential",
            r"-\log(1 - \epsilon) / \lambda",
            lambda e, *, rate: _exponential(e) / rate,
        ),
        Reparameterization(
            "Cauchy",
            r"m + s \tan(\pi(\epsilon - 1/2))",
            lambda e, *, loc, scale: loc + scale * _cauchy(e),
        ),
        _LOGISTIC,
        Reparameterization(
            "Rayleigh",
            r"s \sqrt{-2 \log(1 - \epsilon)}",
            lambda e, *, scale: scale * torch.sqrt(2 * _exponential(e)),
        ),
        Reparameterization(
            "Pareto",
            r"s (1 - \epsilon)^{-1/\alpha}",
            lambda e, *, scale, concentration: scale * torch.exp(_exponential(e) / concentration),
        ),
        Reparameterization(
            "Weibull",
            r"s (-\log(1 - \epsilon))^{1/\alpha}",
            lambda e, *, scale, concentration: scale * _exponential(e) ** (1 / concentration),
        ),
        Reparameterization(
            "Reciprocal",
            r"a^{1 - \epsilon} b^\epsilon",
            lambda e, *, low, high: torch.exp((1 - e) * low.log() + e * high.log()),
            check=_check_positive_interval,
        ),
        Reparameterization(
            "Gompertz",
            r"\log(1 - \log(1 - \epsilon) / \alpha) / \lambda",
            lambda e, *, concentration, rate: torch.log1p(_exponential(e) / concentration) / rate,
        ),
        Reparameterization(
            "Gumbel",
            r"m - s \log(-\log \epsilon)",
            lambda e, *, loc, scale: loc - scale * torch.log(-torch.log(e)),
        ),
        Reparameterization(
            "Erlang",
            r"-\sum_{k=1}^{\alpha} \log(1 - \epsilon_k) / \lambda",
            lambda e, *, concentration, rate: _exponential(e).sum(-1) / rate,
            constant=("concentration",),
            event=lambda p: (int(p["concentration"]),),
            check=_check_integer,
            note="The inverse CDF has a closed form for shape 1 only; "
            "a sum of exponentials is exact for every integer shape.",
        ),
    ),
    "location-scale": (
        Reparameterization("Laplace", r"m + s \epsilon", _shift_and_scale, LAPLACE),
        Reparameterization(
            "Elliptical",
            r"m + S \epsilon",
            lambda e, *, loc, scale_tril: loc + (scale_tril @ e.unsqueeze(-1)).squeeze(-1),
            BALL,
            event=lambda p: (p["loc"].shape[-1],),
            vectors={"loc": 1, "scale_tril": 2},
            check=_check_scale_tril,
            note="A family: any spherical noise will do. Here z is uniform in an ellipsoid.",
        ),
        Reparameterization(
            "Student's t",
            r"m + s \epsilon_1 \sqrt{\nu / (2 G^{-1}_{\nu/2}(\epsilon_2))}",
            _students_t,
            NORMAL_AND_UNIFORM,
            implicit=("df",),
            event=lambda p: (2,),
            note="Location and scale alone leave the degrees of freedom fixed.",
        ),
        _LOGISTIC,
        Reparameterization(
            "Uniform",
            r"a + (b - a) \epsilon",
            lambda e, *, low, high: low + (high - low) * e,
            check=_check_interval,
        ),
        Reparameterization(
            "Triangular",
            r"m + s \epsilon",
            _shift_and_scale,
            TRIANGULAR,
            note="Location and scale alone leave the mode in the middle.",
        ),
        Reparameterization("Gaussian", r"m + s \epsilon", _shift_and_scale, NORMAL),
    ),
    "composition": (
        Reparameterization(
            "Log-Normal",
            r"\exp(m + s \epsilon)",
            lambda e, *, loc, scale: torch.exp(loc + scale * e),
            NORMAL,
        ),
        Reparameterization(
            "Gamma",
            r"G^{-1}_\alpha(\epsilon) / \lambda",
            lambda e, *, concentration, rate: log_gamma_quantile(e, concentration).exp() / rate,
            implicit=("concentration",),
            note="A sum of exponentials reaches integer shapes only. "
            "$G^{-1}_\\alpha$, the inverse CDF of Gamma(α, 1), is found numerically.",
        ),
        Reparameterization(
            "Dirichlet",
            r"z_k \propto G^{-1}_{\alpha_k}(\epsilon_k)",
            lambda e, *, concentration: torch.softmax(log_gamma_quantile(e, concentration), -1),
            implicit=("concentration",),
            event=lambda p: (p["concentration"].shape[-1],),
            vectors={"concentration": 1},
        ),
        Reparameterization(
            "Beta",
            r"\gamma_1 / (\gamma_1 + \gamma_0), \; \gamma_k = G^{-1}_{\alpha_k}(\epsilon_k)",
            _beta,
            implicit=("concentration1", "concentration0"),
            event=lambda p: (2,),
        ),
        Reparameterization(
            "Chi-squared",
            r"2 G^{-1}_{\nu/2}(\epsilon)",
            lambda e, *, df: 2 * log_gamma_quantile(e, df / 2).exp(),
            implicit=("df",),
            note="A sum of ν squared Gaussians has no gradient in ν.",
        ),
        Reparameterization(
            "F",
            r"\nu_2 G^{-1}_{\nu_1/2}(\epsilon_1) / (\nu_1 G^{-1}_{\nu_2/2}(\epsilon_2))",
            lambda e, *, df1, df2: torch.exp(_log_gamma_ratio(e, df1 / 2, df2 / 2)) * (df2 / df1),
            implicit=("df1", "df2"),
            event=lambda p: (2,),
        ),
    ),
}
