"""C13: how the grey of samples, and their distance from the data, change with N_z."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from companion.claims import sharper_samples
from companion.claims.claim import World
from companion.claims.sharper_samples import (
    C13,
    Sharpness,
    judge_sharpness,
    measure_sharpness,
)
from companion.claims.verdict import MOSTLY, MOSTLY_NOT, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from companion.experiments import paper_grid
from tests.companion.claims.paper_by_hand import evidence

GREYS, DISTANCES = (160.0, 120.0, 100.0, 85.0), (26.0, 11.0, 8.0, 5.0)


def sharpness(
    greys: tuple[float, ...], distances: tuple[float, ...] = DISTANCES, *, samples: int = 10**7
) -> Sharpness:
    rows = [
        (draw, n, grey + 0.1 * draw, distance + 0.1 * draw * place)
        for place, (n, grey, distance) in enumerate(
            zip(paper_grid.MANIFOLD_LATENT, greys, distances, strict=True)
        )
        for draw in range(3)
    ]
    columns = ["draw", "n_latent", "grey", "frechet"]
    return Sharpness(pd.DataFrame(rows, columns=columns), samples)


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (sharpness(GREYS), REPRODUCED),
        (sharpness((160.0, 120.0, 140.0, 85.0)), MOSTLY),
        # Grey is lost because samples go blank.
        (sharpness((160.0, 100.0, 40.0, 0.0), DISTANCES[::-1]), MOSTLY_NOT),
        (sharpness(GREYS[::-1], DISTANCES[::-1]), NOT_REPRODUCED),
        (sharpness(GREYS, samples=10**5), NOT_JUDGED),
    ],
)
def test_each_step_decides(measured: Sharpness, verdict: str) -> None:
    assert judge_sharpness(measured).verdict == verdict


def test_every_draw_of_samples_counts() -> None:
    measured = sharpness(GREYS)
    assert judge_sharpness(measured).parts[0].effect == pytest.approx(40.0)
    table = measured.table
    blurred = table["grey"].where(table["draw"] > 0, 2 * table["grey"].max() - table["grey"])
    told = judge_sharpness(measured._replace(table=table.assign(grey=blurred)))
    assert told.verdict not in (REPRODUCED, MOSTLY)


@pytest.mark.parametrize("world", C13.worlds, ids=lambda world: world.words)
def test_worlds(world: World[Sharpness]) -> None:
    assert C13.judge(world.altered(sharpness(GREYS))).verdict in world.expected


def test_draws_differ_in_their_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def quality(models: dict[int, Any], x: Any, *, seed: int) -> pd.DataFrame:
        return pd.DataFrame({"n_latent": list(models), "grey": 10.0 + seed})

    monkeypatch.setattr(sharper_samples, "sample_quality", quality)
    group = [
        SimpleNamespace(config=config, samples=10**6, model=lambda: None)
        for config in paper_grid.figure5()
    ]
    shown = evidence(figure5=group, test_points=lambda dataset, n: None, seed=4)
    table = measure_sharpness(shown).table
    assert table.groupby("draw")["grey"].first().to_dict() == {0: 14.0, 1: 15.0, 2: 16.0}
    assert list(table["n_latent"][:4]) == list(paper_grid.MANIFOLD_LATENT)
