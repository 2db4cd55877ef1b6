"""Verdicts follow from the numbers, and from nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vaelib import claims, experiments, paper, studies
from vaelib.config import RunConfig
from vaelib.evaluation import CurvePoint
from vaelib.evidence import NOT_REPRODUCED, NOT_RUN, PARTLY, REPRODUCED, Evidence, judged
from vaelib.store import Record, Run


def run(config: RunConfig, curve: list[CurvePoint], *, stand_in: bool = False) -> Run:
    record = Record(
        config=config,
        samples=curve[-1].training_samples,
        stepsize=0.01,
        stepsizes_compared={},
        data={"name": config.dataset, "source": "", "sha256": "", "stand_in": stand_in},
        model={},
        source="",
        curve=curve,
    )
    return Run(record, Path())


def paper_runs(figure: str, *, shift: dict[str, float] | None = None, until: float) -> list[Run]:
    """Runs that repeat the paper's own curves, each algorithm's moved by so many nats."""
    table = paper.curves(figure)  # type: ignore[arg-type]
    found = []
    for config in experiments.GROUPS[figure](0):
        rows = table[
            (table["dataset"] == config.dataset)
            & (table["n_latent"] == config.n_latent)
            & (table["algorithm"] == config.algorithm)
            & (table["n_train"] == config.n_train)
            & (table["training_samples"] <= until)
        ].sort_values("training_samples")
        move = (shift or {}).get(config.algorithm, 0.0)
        curve = [
            CurvePoint(int(row.training_samples), str(row.split), "value", row.value + move)
            for row in rows.itertuples()
        ]
        found.append(run(config, curve))
    return found


def evidence(**groups: Any) -> Any:
    return SimpleNamespace(seed=0, **groups)


def test_the_paper_s_own_curves_pass() -> None:
    own = evidence(figure2=paper_runs("figure2", until=1.01e8))
    assert claims.aevb_over_wake_sleep(own).verdict == REPRODUCED
    assert claims.agreement(own).verdict == REPRODUCED
    own = evidence(figure3=paper_runs("figure3", until=6e7))
    assert claims.marginal_likelihood_order(own).verdict == REPRODUCED
    assert claims.mcem_at_scale(own).verdict == REPRODUCED


def test_curves_that_swap_places_fail() -> None:
    swapped = paper_runs("figure2", shift={"aevb": -2000.0}, until=1e8)
    assert claims.aevb_over_wake_sleep(evidence(figure2=swapped)).verdict == NOT_REPRODUCED
    assert claims.agreement(evidence(figure2=swapped)).verdict == PARTLY
    moved = paper_runs("figure3", shift={"aevb": -100.0}, until=6e7)
    assert claims.marginal_likelihood_order(evidence(figure3=moved)).verdict == NOT_REPRODUCED


def test_curves_far_from_the_paper_s_disagree() -> None:
    far = paper_runs("figure2", shift={"aevb": -2000.0, "wake_sleep": 2000.0}, until=1e8)
    assert claims.agreement(evidence(figure2=far)).verdict == NOT_REPRODUCED


def test_short_runs_are_not_judged() -> None:
    short = [
        run(config, [CurvePoint(100_000, split, "value", -1.0) for split in ("train", "test")])
        for config in experiments.figure2()
    ]
    for check in (claims.aevb_over_wake_sleep, claims.agreement):
        assert check(evidence(figure2=short)).verdict == NOT_RUN


@pytest.mark.parametrize(
    ("samples", "holds", "partly", "verdict"),
    [
        (999, True, True, NOT_RUN),
        (1000, True, False, REPRODUCED),
        (1000, False, True, PARTLY),
        (1000, False, False, NOT_REPRODUCED),
    ],
)
def test_judged(samples: int, holds: bool, partly: bool, verdict: str) -> None:
    assert judged(samples, holds, "text", needed=1000, partly=partly).verdict == verdict


def test_superfluous_latents() -> None:
    def runs_with_gap(gap: float) -> Any:
        def aevb(dataset: str, n_latent: int) -> Run:
            extra = gap if n_latent == 200 else 2.0
            curve = [
                CurvePoint(10**7, "train", "value", -100.0),
                CurvePoint(10**7, "test", "value", -100.0 - extra),
            ]
            return run(experiments.mnist(n_latent), curve)

        return evidence(aevb=aevb)

    assert claims.superfluous_latents(runs_with_gap(2.5)).verdict == REPRODUCED
    assert claims.superfluous_latents(runs_with_gap(20.0)).verdict == NOT_REPRODUCED


def test_every_claim_of_the_paper_has_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in no check is called, and no claim passes."""
    stand_ins = [
        dataclasses.replace(
            r, record=dataclasses.replace(r.record, data={**r.record.data, "stand_in": True})
        )
        for r in paper_runs("figure2", until=1e8)
    ]
    monkeypatch.setattr(Evidence, "_ensure", lambda self, group: stand_ins)
    monkeypatch.setattr(studies, "gradient_variance", lambda *a, **k: pytest.fail("called"))
    table = claims.scoreboard("quick")
    assert list(table["id"]) == [f"C{n}" for n in range(1, 15)]
    assert set(table["verdict"]) == {NOT_RUN}
    assert table["evidence"].str.len().min() > 0
