"""C6: the variance of the average bound against 1, panel by panel."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from companion.claims import precise_bound
from companion.claims.claim import World
from companion.claims.precise_bound import C6, BoundNoise, judge_bound_noise, measure_bound_noise
from companion.claims.verdict import MOSTLY, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from companion.experiments import paper_grid
from tests.companion.claims.paper_by_hand import evidence
from vaelib import datasets


def noise(
    digits: float, faces: float, *, spread: float = 0.05, repetitions: int = 20
) -> BoundNoise:
    """All panels of Fig. 2; repetitions lie `spread` above and below, by turns."""
    panels = [("mnist", n_latent, digits) for n_latent in paper_grid.MNIST_LATENT]
    panels += [("frey_face", n_latent, faces) for n_latent in paper_grid.FREY_LATENT]
    rows = [
        (dataset, n_latent, 10**7, variance * (1 + spread * (-1) ** repetition))
        for dataset, n_latent, variance in panels
        for repetition in range(repetitions)
    ]
    return BoundNoise(pd.DataFrame(rows, columns=["dataset", "n_latent", "samples", "variance"]))


@pytest.mark.parametrize(
    ("digits", "faces", "spread", "verdict"),
    [
        (0.003, 0.8, 0.05, REPRODUCED),
        (0.003, 1.2, 0.05, MOSTLY),
        (2.0, 1.2, 0.05, NOT_REPRODUCED),
        (0.95, 0.95, 0.5, NOT_JUDGED),
    ],
)
def test_variances_decide(digits: float, faces: float, spread: float, verdict: str) -> None:
    assert judge_bound_noise(noise(digits, faces, spread=spread)).verdict == verdict


def test_a_panel_that_was_not_measured_is_open() -> None:
    known = noise(0.003, 0.8).table
    verdict = judge_bound_noise(BoundNoise(known[known["n_latent"] != 200]))
    assert verdict.verdict == MOSTLY
    assert "MNIST, N_z = 200: not computed" in verdict.evidence
    digits = judge_bound_noise(BoundNoise(known[known["dataset"] == "mnist"]))
    assert [part.found for part in digits.parts] == ["holds"] * 5 + ["open"] * 4


@pytest.mark.parametrize("world", C6.worlds, ids=lambda world: world.words)
def test_worlds(world: World[BoundNoise]) -> None:
    assert C6.judge(world.altered(noise(0.003, 0.8))).verdict in world.expected


def test_models_that_are_too_young_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(samples: int) -> BoundNoise:
        return measure_bound_noise(
            evidence(longest_trained=lambda *panel: SimpleNamespace(samples=samples))
        )

    monkeypatch.setattr(datasets, "load", lambda name: SimpleNamespace(test=None))
    table = pd.DataFrame({"variance": [0.1, 0.2]})
    monkeypatch.setattr(precise_bound, "bound_noise", lambda run, x: table)
    young = measured(10**5)
    assert young.table.empty
    assert judge_bound_noise(young).verdict == NOT_JUDGED
    old = measured(10**6).table
    panels = len(paper_grid.MNIST_LATENT) + len(paper_grid.FREY_LATENT)
    assert len(old.drop_duplicates(["dataset", "n_latent"])) == panels
