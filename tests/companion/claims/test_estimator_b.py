"""C2: the value and the gradient of estimators A and B, size by size."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from companion.claims.claim import World
from companion.claims.estimator_b import C2, AAgainstB, judge_a_against_b, measure_a_against_b
from companion.claims.verdict import MOSTLY, MOSTLY_NOT, NOT_REPRODUCED, REPRODUCED, TIED
from companion.experiments import paper_grid
from tests.companion.claims.paper_by_hand import evidence
from tests.helpers import rng
from vaelib.model import build


def sizes(
    quieter: tuple[int, ...], ratios: tuple[float, ...], *, spread: float = 1.05
) -> AAgainstB:
    """For each N_z: of 200 images, those on which B is quieter; the ratio, known to a factor."""
    rows = [
        (n, 10**7, 200, count, ratio, ratio / spread, ratio * spread)
        for n, count, ratio in zip(paper_grid.MNIST_LATENT, quieter, ratios, strict=False)
    ]
    columns = ["n_latent", "samples", "images", "quieter", "ratio", "low", "high"]
    return AAgainstB(pd.DataFrame(rows, columns=columns))


@pytest.mark.parametrize(
    ("quieter", "ratios", "verdict"),
    [
        ((180, 170, 190), (1.5, 1.3, 1.4), REPRODUCED),
        ((180, 170, 20), (1.5, 1.3, 1.4), MOSTLY),
        ((20, 30, 20), (1.5, 1.3, 0.7), MOSTLY_NOT),
        ((20, 30, 20), (0.5, 0.3, 0.7), NOT_REPRODUCED),
        ((100, 99, 101), (1.0, 1.01, 0.99), TIED),
    ],
)
def test_shares_and_ratios_decide(
    quieter: tuple[int, ...], ratios: tuple[float, ...], verdict: str
) -> None:
    found = judge_a_against_b(sizes(quieter, ratios))
    assert found.verdict == verdict
    assert [part.what for part in found.parts] == [
        f"{kind}, N_z = {n}" for kind in ("value", "gradient") for n in (3, 5, 10)
    ]


@pytest.mark.parametrize("world", C2.worlds, ids=lambda world: world.words)
def test_worlds(world: World[AAgainstB]) -> None:
    measured = sizes((180, 100, 60, 20, 10), (1.5, 1.3, 1.2, 1.4, 1.1))
    assert C2.judge(world.altered(measured)).verdict in world.expected


def test_every_size_is_measured() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())
    shown = evidence(
        longest_trained=lambda *panel: SimpleNamespace(model=lambda: model, samples=10**6),
        test_points=lambda dataset, n: torch.rand(5, 6, generator=rng(1)),
    )
    table = measure_a_against_b(shown).table
    assert list(table["n_latent"]) == list(paper_grid.MNIST_LATENT)
    assert table["quieter"].between(0, 5).all()
    assert table["ratio"].between(table["low"], table["high"]).all()
