"""C12: how smooth the sheets are, and how well the codes keep digits together."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from companion.claims import manifold
from companion.claims.claim import World
from companion.claims.manifold import C12, Manifold, judge_manifold, measure_manifold
from companion.claims.verdict import MOSTLY, MOSTLY_NOT, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from companion.experiments import paper_grid, reference
from companion.studies.latent_space import Roughness, manifold_roughness
from tests.companion.claims.paper_by_hand import evidence
from vaelib import datasets


def around(values: dict[str, float], name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {row: {name: v, "low": v - 0.01, "high": v + 0.01} for row, v in values.items()}
    ).T


def planes(
    digits: float, faces: float, right: float, pca: float = 0.4, *, samples: int = 10**7
) -> Manifold:
    return Manifold(
        around({"mnist": digits, "frey_face": faces}, "roughness"),
        around({"VAE": right, "PCA": pca, "pixels": 0.9}, "accuracy"),
        samples,
        10_000,
    )


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (planes(0.2, 0.2, 0.7), REPRODUCED),
        (planes(0.2, 0.9, 0.7), MOSTLY),
        (planes(0.2, 0.9, 0.3), MOSTLY_NOT),
        # The codes beat PCA's, and yet most neighbours are of another kind.
        (planes(0.9, 0.9, 0.3, pca=0.1), MOSTLY_NOT),
        (planes(0.9, 0.9, 0.3), NOT_REPRODUCED),
        (planes(0.2, 0.2, 0.7, samples=10**5), NOT_JUDGED),
    ],
)
def test_smoothness_and_grouping_decide(measured: Manifold, verdict: str) -> None:
    assert judge_manifold(measured).verdict == verdict


@pytest.fixture(scope="module")
def sheets() -> pd.DataFrame:
    """Of the published models with a plane of codes."""
    published = reference.known([paper_grid.mnist(2), paper_grid.frey_face(2)])
    rough = {run.config.dataset: manifold_roughness(run.model())._asdict() for run in published}
    return pd.DataFrame(rough).T


@pytest.mark.parametrize("world", C12.worlds, ids=lambda world: world.words)
def test_worlds(world: World[Manifold], sheets: pd.DataFrame) -> None:
    made_up = planes(0.2, 0.2, 0.7)
    for measured in (made_up, made_up._replace(smoothness=sheets)):
        assert C12.judge(world.altered(measured)).verdict in world.expected


def test_both_planes_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    grouping = pd.DataFrame(
        [("VAE", 2, 0.7, 0.69, 0.71), ("PCA", 2, 0.4, 0.39, 0.41)],
        columns=["representation", "dimensions", "accuracy", "low", "high"],
    )
    monkeypatch.setattr(datasets, "load", lambda name: SimpleNamespace(test=range(50)))
    monkeypatch.setattr(manifold, "latent_accuracy", lambda models, data: grouping)
    monkeypatch.setattr(manifold, "manifold_roughness", lambda model: Roughness(*model))
    digits, faces = (
        SimpleNamespace(
            config=SimpleNamespace(dataset=name), samples=samples, model=lambda sheet=sheet: sheet
        )
        for name, samples, sheet in (
            ("mnist", 10**7, (0.2, 0.19, 0.21)),
            ("frey_face", 10**8, (0.3, 0.29, 0.31)),
        )
    )
    measured = measure_manifold(
        evidence(manifold=digits, longest_trained=lambda dataset, n_latent: faces)
    )
    assert measured.smoothness["roughness"].to_dict() == {"mnist": 0.2, "frey_face": 0.3}
    assert (measured.samples, measured.images) == (10**7, 50)
    assert judge_manifold(measured).verdict == REPRODUCED
