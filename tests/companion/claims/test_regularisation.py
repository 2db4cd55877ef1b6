"""C10: what the KL term does, and whether anything is left for other regularisation."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from companion.claims.claim import World
from companion.claims.regularisation import (
    C10A,
    C10B,
    OVERFITTING_FROM,
    KLWeights,
    Needs,
    judge_needs,
    judge_regularising,
    measure_kl_weights,
    measure_needs,
)
from companion.claims.verdict import (
    MOSTLY,
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
)
from companion.experiments import paper_grid, reference
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.studies.overfitting import lost_to_overfitting
from tests.companion.claims.paper_by_hand import as_curves, evidence, paper_runs, run
from tests.helpers import rng
from vaelib import datasets
from vaelib.model import build


def weights(
    without: float,
    other: float,
    kls: tuple[float, ...] = (90.0, 30.0, 18.0, 11.0),
    *,
    spread: float = 0.3,
) -> KLWeights:
    """The bound of weight 1 is −100; those of 0 and of the others stray between three seeds."""
    rows = [
        (weight, seed, level + spread * (seed - 1) * (weight != 1), kl)
        for weight, level, kl in zip(
            paper_grid.KL_WEIGHTS, (without, other, -100.0, other), kls, strict=True
        )
        for seed in range(3)
    ]
    return KLWeights(pd.DataFrame(rows, columns=["kl_weight", "seed", "bound", "kl"]), 10**5)


def needs(
    other: float, digits: tuple[float, ...], faces: tuple[float, ...], *, spread: float = 0.3
) -> Needs:
    rows = [
        (dataset, n, 10**7, lost)
        for dataset, losses in (("mnist", digits), ("frey_face", faces))
        for n, lost in enumerate(losses)
    ]
    losses = pd.DataFrame(rows, columns=["dataset", "n_latent", "training_samples", "lost"])
    return Needs(weights(-300.0, other, spread=spread), losses, losses)


@pytest.fixture(scope="module")
def losses() -> pd.DataFrame:
    """Of the reference runs of Fig. 2 as written."""
    curves = as_curves(reference.known(paper_grid.figure2()))
    return lost_to_overfitting(curves, needed=OVERFITTING_FROM)


@pytest.mark.parametrize(
    ("without", "kls", "verdict"),
    [
        (-300.0, (90.0, 30.0, 18.0, 11.0), REPRODUCED),
        (-90.0, (90.0, 30.0, 18.0, 11.0), MOSTLY),
        (-90.0, (11.0, 18.0, 30.0, 20.0), MOSTLY_NOT),
        (-90.0, (11.0, 18.0, 30.0, 90.0), NOT_REPRODUCED),
    ],
)
def test_bounds_by_weight_decide(without: float, kls: tuple[float, ...], verdict: str) -> None:
    assert judge_regularising(weights(without, -105.0, kls)).verdict == verdict


@pytest.mark.parametrize(
    ("other", "digits", "faces", "spread", "verdict"),
    [
        (-105.0, (-0.1, -0.2), (1.0, 2.0), 0.3, REPRODUCED),
        (-105.0, (-0.1, -0.2), (60.0, 80.0, 70.0), 0.3, MOSTLY),
        (-95.0, (-0.1, -0.2), (60.0, 80.0, 70.0), 0.3, MOSTLY_NOT),
        (-95.0, (5.0, 6.0, 7.0), (60.0, 80.0, 70.0), 0.3, NOT_REPRODUCED),
        # Another weight is 5 nats better, which three seeds that differ by 10 do not show.
        (-95.0, (-0.1, -0.2), (60.0, 80.0, 70.0), 10.0, NOT_JUDGED),
    ],
)
def test_what_is_worth_having_decides(
    other: float,
    digits: tuple[float, ...],
    faces: tuple[float, ...],
    spread: float,
    verdict: str,
) -> None:
    found = judge_needs(needs(other, digits, faces, spread=spread))
    assert found.verdict == verdict
    assert "As run: " in found.evidence


def test_runs_that_are_too_short_leave_stopping_open() -> None:
    measured = needs(-105.0, (-0.1, -0.2), (1.0, 2.0))
    short = measured._replace(written=measured.written[:0], as_run=measured.as_run[:0])
    found = judge_needs(short)
    assert "needs runs of 10 000 000 samples" in found.evidence.replace("\u202f", " ")
    assert len(found.parts) == 2


@pytest.mark.parametrize("world", C10A.worlds, ids=lambda world: world.words)
def test_worlds_of_the_term(world: World[KLWeights]) -> None:
    assert C10A.judge(world.altered(weights(-300.0, -105.0))).verdict in world.expected


@pytest.mark.parametrize("world", C10B.worlds, ids=lambda world: world.words)
def test_worlds_of_other_regularisation(world: World[Needs], losses: pd.DataFrame) -> None:
    made_up = needs(-105.0, (-0.1, -0.2, -0.1), (50.0, 70.0, 60.0))
    for measured in (made_up, made_up._replace(written=losses)):
        assert C10B.judge(world.altered(measured)).verdict in world.expected


def test_the_reference_runs_on_faces_lose_to_overfitting(losses: pd.DataFrame) -> None:
    """What they lost: every one of them more than 30 nats since its best point."""
    lost = losses.set_index("dataset")["lost"]
    assert lost["frey_face"].min() > 30
    assert lost["mnist"].max() < 0
    digits, faces = judge_needs(needs(-105.0, (), ())._replace(written=losses)).parts[2:]
    assert (digits.found, faces.found) == ("holds", "fails")


def test_bounds_codes_and_curves_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand(8, 6, generator=rng(1))
    monkeypatch.setattr(datasets, "load", lambda name: SimpleNamespace(test=x))
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())

    def trained(config: RunConfig) -> SimpleNamespace:
        stored = run(config, [CurvePoint(10**5, "test", "lower_bound", -100.0 - config.kl_weight)])
        return SimpleNamespace(config=config, curve=stored.curve, model=lambda: model)

    group = [trained(config) for config in paper_grid.kl_weights()]
    paper = as_curves(paper_runs("figure2", until=1.01e8))
    shown = evidence(kl_weights=group, figure2_curves=paper, figure2_as_run=paper[:0])
    table = measure_kl_weights(shown).table
    assert len(table) == 3 * len(paper_grid.KL_WEIGHTS)
    assert (table["bound"] == -100.0 - table["kl_weight"]).all()
    assert (table["kl"] > 0).all()
    measured = measure_needs(shown)
    assert len(measured.written) == 9
    assert measured.as_run.empty
    assert "As run: not computed" in judge_needs(measured).evidence
