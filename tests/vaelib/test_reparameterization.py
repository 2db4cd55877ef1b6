"""Section 2.4: what g and its noise are given. Of every g by itself: laws/test_distributions.py."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.helpers import rng
from vaelib.distributions.families import FAMILIES
from vaelib.errors import UserError
from vaelib.reparameterization import gaussian, get, reparameterize

# The lists of section 2.4, in the paper's words and order.
PAPER = {
    "inverse CDF": "Exponential, Cauchy, Logistic, Rayleigh, Pareto, Weibull, Reciprocal, "
    "Gompertz, Gumbel, Erlang",
    "location-scale": "Laplace, Elliptical, Student's t, Logistic, Uniform, Triangular, Gaussian",
    "composition": "Log-Normal, Gamma, Dirichlet, Beta, Chi-squared, F",
}


def test_every_distribution_of_the_paper_is_there_under_its_family() -> None:
    assert {f: ", ".join(r.title for r in members) for f, members in FAMILIES.items()} == PAPER


def test_uniform_noise_never_reaches_an_end() -> None:
    """All of the 128 values that bfloat16 noise can take appear, and none is 0 or 1."""
    uniform = get("uniform").noise
    u = uniform.draw((20_000,), generator=rng(), dtype=torch.bfloat16).float()
    cells = round(1 / torch.finfo(torch.bfloat16).eps)
    torch.testing.assert_close(u.unique(), (torch.arange(cells) + 0.5) / cells)


def test_each_value_of_a_parameter_gets_its_own_noise() -> None:
    z = reparameterize(
        "gaussian", (2,), generator=rng(), loc=torch.zeros(3, 1).double(), scale=torch.ones(4)
    )
    assert z.shape == (2, 3, 4)
    assert len(z.unique()) == 24
    assert reparameterize("erlang", generator=rng(), concentration=4, rate=torch.ones(5)).shape == (
        5,
    )
    x = reparameterize("dirichlet", (2,), generator=rng(), concentration=torch.ones(5, 3))
    assert x.shape == (2, 5, 3)
    torch.testing.assert_close(x.sum(-1), torch.ones(2, 5))


def test_gaussian_is_the_encoders_transformation() -> None:
    mean, scale, epsilon = torch.randn(3, 4, 2, generator=rng())
    torch.testing.assert_close(gaussian(mean, scale.exp(), epsilon), mean + scale.exp() * epsilon)
    torch.testing.assert_close(
        gaussian(mean, scale.exp(), epsilon), get("gaussian")(epsilon, loc=mean, scale=scale.exp())
    )


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("gausian", {}, "'gausian' is not known: use exponential, "),
        ("gaussian", {"loc": 0.0}, "was given loc: give loc, scale"),
        ("gaussian", {}, "was given nothing"),
        ("gaussian", {"loc": 0.0, "scale": 1.0, "df": 2.0}, "was given loc, scale, df"),
        ("gaussian", {"loc": 0.0, "scale": 0.0}, "scale is 0: give positive"),
        ("gaussian", {"loc": 0.0, "scale": torch.tensor([1.0, -2.0])}, "scale is -2"),
        ("gaussian", {"loc": torch.tensor(math.nan), "scale": 1.0}, "loc is not finite"),
        ("gaussian", {"loc": "abc", "scale": 1.0}, "loc is 'abc'"),
        ("gaussian", {"loc": None, "scale": 1.0}, "loc is None"),
        ("gaussian", {"loc": 0.0, "scale": True}, "scale is True"),
        (
            "gaussian",
            {"loc": math.nan, "scale": 1.0},
            "loc is nan: give a finite number, or a Tensor",
        ),
        (
            "gamma",
            {"concentration": math.inf, "rate": 1.0},
            "concentration is inf: give a finite number, or a Tensor",
        ),
        ("uniform", {"low": 1.0, "high": 1.0}, "give low < high"),
        ("reciprocal", {"low": 0.0, "high": 1.0}, "low is 0: give positive"),
        ("reciprocal", {"low": 2.0, "high": 1.0}, "give low < high"),
        ("erlang", {"concentration": 2.5, "rate": 1.0}, r"concentration is 2\.5: give one integer"),
        ("dirichlet", {"concentration": 1.0}, "give 1 dimensions or more"),
        ("elliptical", {"loc": torch.zeros(2), "scale_tril": torch.eye(3)}, r"give \(2, 2\)"),
        (
            "elliptical",
            {"loc": torch.zeros(2), "scale_tril": torch.ones(2, 2)},
            "no Cholesky factor",
        ),
        ("elliptical", {"loc": torch.zeros(2), "scale_tril": -torch.eye(2)}, "no Cholesky factor"),
        ("gaussian", {"loc": torch.zeros(2), "scale": torch.ones(3)}, "do not broadcast"),
    ],
)
def test_bad_parameters(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        reparameterize(name, (2,), generator=rng(), **parameters)


def test_bad_noise() -> None:
    for epsilon in (0.0, 1.0, math.nan):
        with pytest.raises(UserError, match=r"epsilon leaves \(0, 1\)"):
            get("exponential")(torch.tensor(epsilon), rate=1.0)
    with pytest.raises(UserError, match=r"takes noise of shape \(2,\)"):
        get("beta")(torch.tensor([0.5]), concentration1=1.0, concentration0=1.0)
