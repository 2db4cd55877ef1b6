"""The checks of section 2.4 pass for what is right, and see what is wrong."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy import special

from companion.studies import reparameterization as checks
from companion.studies.marginals import exact_marginals
from companion.studies.moments import EXAMPLES
from companion.studies.reparameterization import reparameterization_checks, reparameterization_table
from tests.helpers import rng
from tests.vaelib.test_reparameterization import PAPER
from vaelib import reparameterization


@pytest.mark.statistical(1e-6)
def test_every_distribution_of_the_paper_passes() -> None:
    """22 distances with p above 1e-8, and 49 gradients within 6.2 standard errors (6e-10 each).

    The finite differences of the slopes err by 1e-9, whatever the draws.
    """
    table = reparameterization_checks(seed=rng().initial_seed())
    assert list(table["distribution"]) == [
        r.title for r in reparameterization.REPARAMETERIZATIONS.values()
    ]
    assert table["p_value"].min() > 1e-8
    assert table["gradient_error"].max() < 1e-8
    assert table["deviation"].max() < 6.2
    assert set(table.loc[table["draws"] == "solver", "distribution"]) == {
        "Student's t",
        "Gamma",
        "Dirichlet",
        "Beta",
        "Chi-squared",
        "F",
    }
    family = table.set_index("distribution")["family"]
    assert family["Logistic"] == "inverse CDF and location-scale"


def test_the_same_seed_gives_the_same_table() -> None:
    first, second = (reparameterization_checks(n=50, seed=3) for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        # Twice the scale; a detached scale; a shape that moves nothing in the gradient.
        (lambda e, *, loc, scale: loc + 2 * scale * e, "p_value"),
        (lambda e, *, loc, scale: loc + scale.detach() * e + 0 * scale, "deviation"),
        (lambda e, *, loc, scale: loc + scale.detach() * e + 0 * scale, "gradient_error"),
    ],
)
def test_a_wrong_g_is_seen(monkeypatch: pytest.MonkeyPatch, broken: object, column: str) -> None:
    wrong = dataclasses.replace(reparameterization.get("gaussian"), transform=broken)
    monkeypatch.setattr(checks, "REPARAMETERIZATIONS", {"gaussian": wrong})
    row = reparameterization_checks(n=5_000).iloc[0]
    seen = {
        "p_value": row["p_value"] < 1e-10,
        "deviation": row["deviation"] > 20,
        "gradient_error": row["gradient_error"] > 0.1,
    }
    assert seen[column]


def test_closed_forms_are_those_of_the_exact_distributions() -> None:
    """Every moment by quadrature of scipy's quantile function, over the marginals of z."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    # ε = Φ(t) with t in (−8, 8): the tails get their share of nodes.
    t = 8 * nodes
    density = 8 * weights * np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
    for name, example in EXAMPLES.items():
        if name == "cauchy":
            continue  # Its moment is its characteristic function; the cosine has no end.
        values = {p: np.array(v, dtype=np.float64) for p, v in example.values.items()}
        marginals = exact_marginals(name, **{p: torch.as_tensor(v) for p, v in values.items()})
        total = 0.0
        for marginal in marginals:
            z = np.where(t < 0, marginal.ppf(special.ndtr(t)), marginal.isf(special.ndtr(-t)))
            column = torch.as_tensor(z)
            f = example.f(column.unsqueeze(-1)) if len(marginals) > 1 else example.f(column)
            total += float((density * f.numpy()).sum())
        assert total == pytest.approx(float(example.moment(**values)), rel=1e-6), name


def test_table_says_which_gradients_are_implicit() -> None:
    rows = reparameterization_table()
    assert rows.groupby("family", sort=False)["distribution"].apply(", ".join).to_dict() == PAPER
    gradient = rows.set_index("distribution")["gradient"]
    assert gradient["Gaussian"] == "exact"
    assert gradient["Gamma"] == r"exact in $\lambda$; implicit in $\alpha$"
    assert gradient["Erlang"] == r"exact in $\lambda$; none in $\alpha$"
    implicit = {r.title for r in reparameterization.REPARAMETERIZATIONS.values() if r.implicit}
    assert implicit == {"Student's t", "Gamma", "Dirichlet", "Beta", "Chi-squared", "F"}
    # A pipe would break the Markdown table of the chapter.
    assert not rows.map(lambda cell: "|" in cell).any(axis=None)
