"""C1: the naive estimator against the reparameterized one, and the best of its repairs."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from companion.claims.claim import World
from companion.claims.score_function_variance import (
    C1,
    VarianceRatios,
    judge_variance_ratios,
    measure_variance_ratios,
)
from companion.claims.verdict import MOSTLY_NOT, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from companion.studies.gradients import BASELINE, CONTROLLED, SCORE, SCORES
from tests.companion.claims.paper_by_hand import evidence
from tests.helpers import rng
from vaelib.model import build


def ratios(
    naive: float, baseline: float, controlled: float, *, spread: float = 1.2
) -> pd.DataFrame:
    """By estimator, each known to a factor; those not given are as noisy as the naive one."""
    given = {**dict.fromkeys(SCORES, naive), BASELINE: baseline, CONTROLLED: controlled}
    return pd.DataFrame(
        {name: {"ratio": r, "low": r / spread, "high": r * spread} for name, r in given.items()}
    ).T


@pytest.mark.parametrize(
    ("naive", "controlled", "spread", "verdict"),
    [
        (500.0, 8.0, 1.2, REPRODUCED),
        (5.0, 8.0, 1.2, MOSTLY_NOT),
        (500.0, 0.8, 1.1, MOSTLY_NOT),
        (5.0, 1.0, 1.05, NOT_REPRODUCED),
        (20.0, 2.0, 10.0, NOT_JUDGED),
    ],
)
def test_ratios_decide(naive: float, controlled: float, spread: float, verdict: str) -> None:
    table = ratios(naive, 50.0, controlled, spread=spread)
    assert judge_variance_ratios(VarianceRatios(table, 10**7)).verdict == verdict


def test_the_repair_that_is_named_is_the_least_noisy_in_the_table() -> None:
    for best, pair in ((BASELINE, (7.0, 8.0)), (CONTROLLED, (8.0, 7.0))):
        found = judge_variance_ratios(VarianceRatios(ratios(500.0, *pair), 10**7))
        assert f"least noisy repair ({best}) 7 (" in found.evidence
        assert found.parts[1].what == f"least noisy repair ({best})"


@pytest.mark.parametrize("world", C1.worlds, ids=lambda world: world.words)
def test_worlds(world: World[VarianceRatios]) -> None:
    measured = VarianceRatios(ratios(500.0, 50.0, 8.0), 10**7)
    assert C1.judge(world.altered(measured)).verdict in world.expected


def test_every_estimator_is_measured() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())
    shown = evidence(
        longest_trained=lambda *panel: SimpleNamespace(model=lambda: model, samples=10**6),
        test_points=lambda dataset, n: torch.rand(5, 6, generator=rng(1)),
    )
    measured = measure_variance_ratios(shown)
    assert list(measured.ratios.index) == list(SCORES)
    assert measured.ratios.loc[SCORE, "ratio"] > 0
    assert "1 000 000 training samples" in judge_variance_ratios(measured).evidence.replace(
        "\u202f", " "
    )
