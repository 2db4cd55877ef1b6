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
    UNIFORM,
    Reparameterization,
)

Family = Literal["inverse CDF", "location-scale", "composition"]


def _cauchy(epsilon: Tensor) -> Tensor:
    # tan(π(ε − ½)), by the distance to the nearer end, which keeps its accuracy in both tails.
    return (epsilon - 0.5).sign() / torch.tan(math.pi * torch.minimum(epsilon, 1 - epsilon))


def _log_gamma_ratio(epsilon: Tensor, above: Tensor, below: Tensor) -> Tensor:
    return log_gamma_quantile(epsilon[..., 0], above) - log_gamma_quantile(epsilon[..., 1], below)


def _students_t(epsilon: Tensor, *, df: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    log_gamma = log_gamma_quantile(epsilon[..., 1], df / 2)
    return loc + scale * epsilon[..., 0] * torch.exp(((df / 2).log() - log_gamma) / 2)


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
    UNIFORM,
    lambda e, *, loc, scale: loc + scale * torch.logit(e),
    r"m + s \log(\epsilon / (1 - \epsilon))",
    lambda s, *, loc, scale: [s.logistic(loc, scale)],
)

FAMILIES: dict[Family, tuple[Reparameterization, ...]] = {
    "inverse CDF": (
        Reparameterization(
            "Exponential",
            UNIFORM,
            lambda e, *, rate: -torch.log1p(-e) / rate,
            r"-\log(1 - \epsilon) / \lambda",
            lambda s, *, rate: [s.expon(scale=1 / rate)],
        ),
        Reparameterization(
            "Cauchy",
            UNIFORM,
            lambda e, *, loc, scale: loc + scale * _cauchy(e),
            r"m + s \tan(\pi(\epsilon - 1/2))",
            lambda s, *, loc, scale: [s.cauchy(loc, scale)],
        ),
        _LOGISTIC,
        Reparameterization(
            "Rayleigh",
            UNIFORM,
            lambda e, *, scale: scale * torch.sqrt(-2 * torch.log1p(-e)),
            r"s \sqrt{-2 \log(1 - \epsilon)}",
            lambda s, *, scale: [s.rayleigh(scale=scale)],
        ),
        Reparameterization(
            "Pareto",
            UNIFORM,
            lambda e, *, scale, concentration: scale * torch.exp(-torch.log1p(-e) / concentration),
            r"s (1 - \epsilon)^{-1/\alpha}",
            lambda s, *, scale, concentration: [s.pareto(concentration, scale=scale)],
        ),
        Reparameterization(
            "Weibull",
            UNIFORM,
            lambda e, *, scale, concentration: scale * (-torch.log1p(-e)) ** (1 / concentration),
            r"s (-\log(1 - \epsilon))^{1/\alpha}",
            lambda s, *, scale, concentration: [s.weibull_min(concentration, scale=scale)],
        ),
        Reparameterization(
            "Reciprocal",
            UNIFORM,
            lambda e, *, low, high: torch.exp((1 - e) * low.log() + e * high.log()),
            r"a^{1 - \epsilon} b^\epsilon",
            lambda s, *, low, high: [s.loguniform(low, high)],
            check=_check_positive_interval,
        ),
        Reparameterization(
            "Gompertz",
            UNIFORM,
            lambda e, *, concentration, rate: torch.log1p(-torch.log1p(-e) / concentration) / rate,
            r"\log(1 - \log(1 - \epsilon) / \alpha) / \lambda",
            lambda s, *, concentration, rate: [s.gompertz(concentration, scale=1 / rate)],
        ),
        Reparameterization(
            "Gumbel",
            UNIFORM,
            lambda e, *, loc, scale: loc - scale * torch.log(-torch.log(e)),
            r"m - s \log(-\log \epsilon)",
            lambda s, *, loc, scale: [s.gumbel_r(loc, scale)],
        ),
        Reparameterization(
            "Erlang",
            UNIFORM,
            lambda e, *, concentration, rate: -torch.log1p(-e).sum(-1) / rate,
            r"-\sum_{k=1}^{\alpha} \log(1 - \epsilon_k) / \lambda",
            lambda s, *, concentration, rate: [s.gamma(concentration, scale=1 / rate)],
            constant=("concentration",),
            note="The inverse CDF has a closed form for shape 1 only; "
            "a sum of exponentials is exact for every integer shape.",
            event=lambda p: (int(p["concentration"]),),
            check=_check_integer,
        ),
    ),
    "location-scale": (
        Reparameterization(
            "Laplace",
            LAPLACE,
            lambda e, *, loc, scale: loc + scale * e,
            r"m + s \epsilon",
            lambda s, *, loc, scale: [s.laplace(loc, scale)],
        ),
        Reparameterization(
            "Elliptical",
            BALL,
            lambda e, *, loc, scale_tril: loc + (scale_tril @ e.unsqueeze(-1)).squeeze(-1),
            r"m + S \epsilon",
            lambda s, *, loc, scale_tril: [
                s.beta((len(loc) + 1) / 2, (len(loc) + 1) / 2, loc=m - width, scale=2 * width)
                for m, width in zip(loc, (scale_tril**2).sum(-1) ** 0.5, strict=True)
            ],
            note="A family: any spherical noise will do. Here z is uniform in an ellipsoid.",
            event=lambda p: (p["loc"].shape[-1],),
            vectors={"loc": 1, "scale_tril": 2},
            check=_check_scale_tril,
        ),
        Reparameterization(
            "Student's t",
            NORMAL_AND_UNIFORM,
            _students_t,
            r"m + s \epsilon_1 \sqrt{\nu / 2G^{-1}_{\nu/2}(\epsilon_2)}",
            lambda s, *, df, loc, scale: [s.t(df, loc, scale)],
            implicit=("df",),
            note="Location and scale alone leave the degrees of freedom fixed.",
            event=lambda p: (2,),
        ),
        _LOGISTIC,
        Reparameterization(
            "Uniform",
            UNIFORM,
            lambda e, *, low, high: low + (high - low) * e,
            r"a + (b - a) \epsilon",
            lambda s, *, low, high: [s.uniform(low, high - low)],
            check=_check_interval,
        ),
        Reparameterization(
            "Triangular",
            TRIANGULAR,
            lambda e, *, loc, scale: loc + scale * e,
            r"m + s \epsilon",
            lambda s, *, loc, scale: [s.triang(0.5, loc=loc - scale, scale=2 * scale)],
            note="Location and scale alone leave the mode in the middle.",
        ),
        Reparameterization(
            "Gaussian",
            NORMAL,
            lambda e, *, loc, scale: loc + scale * e,
            r"m + s \epsilon",
            lambda s, *, loc, scale: [s.norm(loc, scale)],
        ),
    ),
    "composition": (
        Reparameterization(
            "Log-Normal",
            NORMAL,
            lambda e, *, loc, scale: torch.exp(loc + scale * e),
            r"\exp(m + s \epsilon)",
            lambda s, *, loc, scale: [s.lognorm(scale, scale=math.exp(loc))],
        ),
        Reparameterization(
            "Gamma",
            UNIFORM,
            lambda e, *, concentration, rate: log_gamma_quantile(e, concentration).exp() / rate,
            r"G^{-1}_\alpha(\epsilon) / \lambda",
            lambda s, *, concentration, rate: [s.gamma(concentration, scale=1 / rate)],
            implicit=("concentration",),
            note="A sum of exponentials reaches integer shapes only. "
            "$G^{-1}_\\alpha$, the inverse CDF of Gamma(α, 1), is found numerically.",
        ),
        Reparameterization(
            "Dirichlet",
            UNIFORM,
            lambda e, *, concentration: torch.softmax(log_gamma_quantile(e, concentration), -1),
            r"z_k \propto G^{-1}_{\alpha_k}(\epsilon_k)",
            lambda s, *, concentration: [s.beta(a, concentration.sum() - a) for a in concentration],
            implicit=("concentration",),
            event=lambda p: (p["concentration"].shape[-1],),
            vectors={"concentration": 1},
        ),
        Reparameterization(
            "Beta",
            UNIFORM,
            lambda e, *, concentration1, concentration0: torch.sigmoid(
                _log_gamma_ratio(e, concentration1, concentration0)
            ),
            r"\gamma_1 / (\gamma_1 + \gamma_0), \; \gamma_k = G^{-1}_{\alpha_k}(\epsilon_k)",
            lambda s, *, concentration1, concentration0: [s.beta(concentration1, concentration0)],
            implicit=("concentration1", "concentration0"),
            event=lambda p: (2,),
        ),
        Reparameterization(
            "Chi-squared",
            UNIFORM,
            lambda e, *, df: 2 * log_gamma_quantile(e, df / 2).exp(),
            r"2 G^{-1}_{\nu/2}(\epsilon)",
            lambda s, *, df: [s.chi2(df)],
            implicit=("df",),
            note="A sum of ν squared Gaussians has no gradient in ν.",
        ),
        Reparameterization(
            "F",
            UNIFORM,
            lambda e, *, df1, df2: torch.exp(_log_gamma_ratio(e, df1 / 2, df2 / 2)) * (df2 / df1),
            r"\nu_2 G^{-1}_{\nu_1/2}(\epsilon_1) / (\nu_1 G^{-1}_{\nu_2/2}(\epsilon_2))",
            lambda s, *, df1, df2: [s.f(df1, df2)],
            implicit=("df1", "df2"),
            event=lambda p: (2,),
        ),
    ),
}
