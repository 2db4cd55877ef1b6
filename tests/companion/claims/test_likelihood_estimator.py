"""C9: Appendix D's estimator on each side of five dimensions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.claims import likelihood_estimator
from companion.claims.claim import World
from companion.claims.likelihood_estimator import (
    C9,
    LikelihoodErrors,
    judge_likelihood_errors,
    measure_likelihood_errors,
)
from companion.claims.verdict import MOSTLY, MOSTLY_NOT, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from companion.experiments import paper_grid
from tests.companion.claims.paper_by_hand import evidence
from tests.helpers import rng


def errors(two: float, three: float, ten: float, twenty: float) -> LikelihoodErrors:
    """The quantiles of normal errors with these deviations, on a hundred images for each model."""
    sizes = ((2, two, 10**7), (3, three, 10**8), (10, ten, 10**7), (20, twenty, 10**7))
    normal = stats.norm.ppf((np.arange(100) + 0.5) / 100)
    tables = [
        pd.DataFrame({"n_latent": n, "samples": samples, "place": place, "error": spread * normal})
        .rename_axis("datapoint")
        .reset_index()
        for place, (n, spread, samples) in enumerate(sizes)
    ]
    return LikelihoodErrors(pd.concat(tables, ignore_index=True))


@pytest.mark.parametrize(
    ("spreads", "verdict"),
    [
        ((0.1, 0.2, 1.5, 4.0), REPRODUCED),
        ((0.1, 3.0, 1.5, 4.0), MOSTLY),
        ((0.1, 0.2, 0.4, 0.5), MOSTLY_NOT),
        ((2.0, 2.0, 0.4, 0.5), NOT_REPRODUCED),
        ((1.0, 1.0, 1.0, 1.0), NOT_JUDGED),
    ],
)
def test_errors_by_dimension_decide(spreads: tuple[float, ...], verdict: str) -> None:
    assert judge_likelihood_errors(errors(*spreads)).verdict == verdict


def test_a_bias_counts_as_a_spread_does() -> None:
    table = errors(0.1, 0.1, 3.0, 3.0).table
    biased = table.assign(error=table["error"] + 2.0 * (table["n_latent"] == 3))
    found = judge_likelihood_errors(LikelihoodErrors(biased))
    assert [part.found for part in found.parts] == ["holds", "fails", "holds", "holds"]


def test_an_estimate_that_is_no_number_is_an_infinite_error() -> None:
    table = errors(0.1, 0.1, 3.0, 3.0).table
    few = table["datapoint"] < 30
    broken = table.assign(error=table["error"].where((table["n_latent"] != 2) | ~few, -np.inf))
    part = judge_likelihood_errors(LikelihoodErrors(broken)).parts[0]
    assert (part.effect, part.found) == (np.inf, "fails")


def test_the_bootstrap_s_interval_is_that_of_a_normal_spread() -> None:
    """Of 100 normal errors the spread has a standard error of 1 / √200."""
    (part, *_) = judge_likelihood_errors(errors(1.0, 1.0, 1.0, 1.0)).parts
    assert part.high - part.low == pytest.approx(2 * 1.96 / 200**0.5, rel=0.1)
    assert part.low < part.effect < part.high


@pytest.mark.parametrize("world", C9.worlds, ids=lambda world: world.words)
def test_worlds(world: World[LikelihoodErrors]) -> None:
    measured = errors(0.1, 0.9, 1.5, 4.0)
    assert C9.judge(world.altered(measured)).verdict in world.expected


def test_every_model_but_those_at_the_edge_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_dimension(models: dict[int, Any], *arguments: Any, **settings: Any) -> pd.DataFrame:
        ((n_latent, spread),) = models.items()
        return pd.DataFrame({"n_latent": n_latent, "datapoint": range(3), "error": spread})

    monkeypatch.setattr(likelihood_estimator, "likelihood_by_dimension", by_dimension)
    trained = [
        SimpleNamespace(
            config=paper_grid.mnist(n), samples=samples, model=lambda error=error: error
        )
        for n, samples, error in ((2, 10**7, 0.1), (3, 10**7, 0.2), (3, 10**8, 0.3), (5, 1, 9.0))
    ]
    shown = evidence(by_training=trained, test_points=lambda dataset, n: rng())
    table = measure_likelihood_errors(shown).table
    found = table.groupby("place")[["n_latent", "samples", "error"]].first()
    assert found.to_numpy().tolist() == [[2, 1e7, 0.1], [3, 1e7, 0.2], [3, 1e8, 0.3]]
