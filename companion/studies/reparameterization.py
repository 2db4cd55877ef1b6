"""Section 2.4: every distribution that the paper names, drawn, differentiated, and checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import special
from torch import Tensor

from companion.studies.marginals import exact_marginals
from companion.studies.moments import EXAMPLES, Example
from vaelib.checks.limits import Count, Whole, checked
from vaelib.distributions.families import FAMILIES
from vaelib.distributions.pathwise import Reparameterization
from vaelib.randomness import generator
from vaelib.reparameterization import REPARAMETERIZATIONS

_SYMBOLS = {
    "loc": "m",
    "scale": "s",
    "scale_tril": "S",
    "rate": r"\lambda",
    "low": "a",
    "high": "b",
    "concentration": r"\alpha",
    "concentration1": r"\alpha_1",
    "concentration0": r"\alpha_0",
    "df": r"\nu",
    "df1": r"\nu_1",
    "df2": r"\nu_2",
}


def reparameterization_table() -> pd.DataFrame:
    """Section 2.4 as a table, a row for each distribution under each family that names it.

    Columns: distribution, family, parameters, noise, g, gradient (exact, or in which parameters
    it is implicit or does not exist), note.
    """
    return pd.DataFrame(
        [
            {
                "distribution": r.title,
                "family": family,
                "parameters": ", ".join(f"{p} ${_SYMBOLS[p]}$" for p in r.parameters),
                "noise": r.noise.label,
                "g": f"${r.formula}$",
                "gradient": _gradient(r),
                "note": r.note,
            }
            for family, members in FAMILIES.items()
            for r in members
        ]
    )


def _gradient(r: Reparameterization) -> str:
    kinds = {
        "exact": [p for p in r.parameters if p not in r.implicit + r.constant],
        "implicit": r.implicit,
        "none": r.constant,
    }
    if len(kinds["exact"]) == len(r.parameters):
        return "exact"
    return "; ".join(
        f"{kind} in {', '.join(f'${_SYMBOLS[p]}$' for p in names)}"
        for kind, names in kinds.items()
        if names
    )


@checked
def reparameterization_checks(*, n: Count = 20_000, seed: Whole = 0) -> pd.DataFrame:
    """Section 2.4: draws against exact distributions, and gradients against exact gradients.

    A row for each distribution of `vaelib.reparameterization`, at the parameters of `EXAMPLES`:

    - the largest Kolmogorov–Smirnov distance of n draws to scipy's CDF over the marginals of z,
      and the probability of a larger one, with Bonferroni's factor where there are several;
    - the largest error of a derivative of tanh z at fixed noise, against a central difference of
      g, over draws and parameters;
    - the average pathwise gradient of a moment against the derivative of its closed form: the
      largest distance in standard errors over the entries of the parameters.

    Returns:
        columns distribution, family, draws ("formula", or "solver" where z is found numerically),
        gradient (exact, or in which parameters it is implicit or does not exist), ks (distance
        times √n), p_value, gradient_error, moment (LaTeX), entries (compared), deviation.
    """
    described = reparameterization_table().groupby("distribution")
    rows = []
    for name, r in REPARAMETERIZATIONS.items():
        numbers = generator(seed, "reparameterization", name)
        ks, p_value = _distance(r, EXAMPLES[name], n, numbers)
        deviations = _deviations(r, EXAMPLES[name], n, numbers)
        rows.append(
            {
                "distribution": r.title,
                "family": " and ".join(described.get_group(r.title)["family"]),
                "draws": "solver" if r.implicit else "formula",
                "gradient": described.get_group(r.title)["gradient"].iloc[0],
                "ks": ks,
                "p_value": p_value,
                "gradient_error": _gradient_error(r, EXAMPLES[name], n, numbers),
                "moment": EXAMPLES[name].label,
                "entries": len(deviations),
                "deviation": max(deviations),
            }
        )
    return pd.DataFrame(rows)


def _distance(
    r: Reparameterization, example: Example, n: int, numbers: torch.Generator
) -> tuple[float, float]:
    values = {p: torch.tensor(v, dtype=torch.float64) for p, v in example.values.items()}
    columns = r.sample((n,), generator=numbers, **values).reshape(n, -1).numpy().T
    steps = np.arange(n + 1) / n
    distance = 0.0
    for column, marginal in zip(columns, exact_marginals(r.name, **values), strict=True):
        exact = marginal.cdf(np.sort(column))
        largest = max(np.abs(exact - steps[1:]).max(), np.abs(exact - steps[:-1]).max())
        distance = max(distance, float(largest))
    scaled = distance * math.sqrt(n)
    # Kolmogorov's limit for large n.
    return scaled, min(1.0, len(columns) * float(special.kolmogorov(scaled)))


def _leaves(r: Reparameterization, example: Example, n: int) -> dict[str, Tensor]:
    """A copy of the parameters for each draw, so that gradients come apart draw by draw."""
    values = {p: torch.tensor(v, dtype=torch.float64) for p, v in example.values.items()}
    return {
        p: v if p in r.constant else v.expand(n, *v.shape).clone().requires_grad_()
        for p, v in values.items()
    }


def _entries(r: Reparameterization, example: Example) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every number that g is differentiated in; the zeros of a triangular matrix are none."""
    for parameter, value in example.values.items():
        if parameter not in r.constant:
            for index in np.ndindex(np.shape(value)):
                if len(index) < 2 or index[0] >= index[1]:
                    yield parameter, index


def _gradient_error(
    r: Reparameterization, example: Example, n: int, numbers: torch.Generator
) -> float:
    leaves = _leaves(r, example, n)
    epsilon = r.draw_noise((), generator=numbers, **leaves)

    def squashed() -> Tensor:
        # Smooth and bounded, so that heavy tails do no harm.
        return torch.tanh(r(epsilon, **leaves)).reshape(n, -1).sum(-1)

    squashed().sum().backward()
    largest, h = 0.0, 1e-5
    with torch.no_grad():
        for parameter, index in _entries(r, example):
            leaf = leaves[parameter]
            place: Any = (slice(None), *index)
            gradient = leaf.grad
            assert gradient is not None
            leaf[place] += h
            above = squashed()
            leaf[place] -= 2 * h
            difference = (above - squashed()) / (2 * h)
            leaf[place] += h
            largest = max(largest, (gradient[place] - difference).abs().max().item())
    return largest


def _deviations(
    r: Reparameterization, example: Example, n: int, numbers: torch.Generator
) -> list[float]:
    leaves = _leaves(r, example, n)
    example.f(r(r.draw_noise((), generator=numbers, **leaves), **leaves)).sum().backward()
    found = []
    for parameter, index in _entries(r, example):
        gradient = leaves[parameter].grad
        assert gradient is not None
        place: Any = (slice(None), *index)
        draws = gradient[place]
        error = abs(draws.mean().item() - _slope(example, parameter, index))
        # A gradient that is the same for every draw, such as that of a location, has no error.
        found.append(error / max(draws.std().item() / math.sqrt(n), 1e-9))
    return found


def _slope(example: Example, parameter: str, index: tuple[int, ...]) -> float:
    """The derivative of the moment's closed form, by a central difference."""

    def moment(shift: float) -> float:
        values = {p: np.array(v, dtype=np.float64) for p, v in example.values.items()}
        values[parameter][index] += shift
        return float(example.moment(**values))

    h = 1e-5
    return (moment(h) - moment(-h)) / (2 * h)
