"""Verdicts follow from the numbers, and from nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch

from tests.helpers import rng
from vaelib import claims, datasets, experiments, paper, studies
from vaelib.claims import curves, estimators, representation
from vaelib.claims.sources import check_source, links, listing, source_of_test
from vaelib.config import RunConfig
from vaelib.errors import UserError
from vaelib.evaluation import CurvePoint
from vaelib.evidence import NOT_REPRODUCED, NOT_RUN, PARTLY, REPRODUCED, Evidence, judged
from vaelib.model import build
from vaelib.record import Record
from vaelib.store import Run


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
    assert curves.aevb_over_wake_sleep(own).verdict == REPRODUCED
    assert curves.agreement(own).verdict == REPRODUCED
    own = evidence(figure3=paper_runs("figure3", until=6e7))
    assert curves.marginal_likelihood_order(own).verdict == REPRODUCED
    assert curves.mcem_at_scale(own).verdict == REPRODUCED


def test_curves_that_swap_places_fail() -> None:
    swapped = paper_runs("figure2", shift={"aevb": -2000.0}, until=1e8)
    assert curves.aevb_over_wake_sleep(evidence(figure2=swapped)).verdict == NOT_REPRODUCED
    assert curves.agreement(evidence(figure2=swapped)).verdict == PARTLY
    moved = paper_runs("figure3", shift={"aevb": -100.0}, until=6e7)
    assert curves.marginal_likelihood_order(evidence(figure3=moved)).verdict == NOT_REPRODUCED


def test_curves_far_from_the_paper_s_disagree() -> None:
    far = paper_runs("figure2", shift={"aevb": -2000.0, "wake_sleep": 2000.0}, until=1e8)
    assert curves.agreement(evidence(figure2=far)).verdict == NOT_REPRODUCED


def test_short_runs_are_not_judged() -> None:
    short = [
        run(config, [CurvePoint(100_000, split, "value", -1.0) for split in ("train", "test")])
        for config in experiments.figure2()
    ]
    for check in (curves.aevb_over_wake_sleep, curves.agreement):
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

    assert curves.superfluous_latents(runs_with_gap(2.5)).verdict == REPRODUCED
    assert curves.superfluous_latents(runs_with_gap(20.0)).verdict == NOT_REPRODUCED


def gradient_table(ratios: dict[str, float]) -> pd.DataFrame:
    """Thirty units of four components each; every estimator's variance is B's times its ratio."""
    rows = [
        (name, unit, "mean.weight", component, 0.0, ratio * (1 + unit / 30))
        for name, ratio in ratios.items()
        for unit in range(30)
        for component in range(4)
    ]
    columns = ["estimator", "unit", "parameter", "component", "mean", "variance"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    ("naive", "a", "quieter", "first", "second"),
    [
        (500.0, 2.0, 0.9, REPRODUCED, REPRODUCED),
        (5.0, 2.0, 0.1, PARTLY, PARTLY),
        (0.5, 0.5, 0.1, NOT_REPRODUCED, NOT_REPRODUCED),
    ],
)
def test_gradient_variance_decides_c1_and_c2(
    naive: float,
    a: float,
    quieter: float,
    first: str,
    second: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`quieter` is the share of datapoints at which the value of B varies less than that of A."""
    values = pd.DataFrame(
        [
            (point, estimator, 1.0 if (estimator == "A") == (point < 100 * quieter) else 0.5)
            for point in range(100)
            for estimator in "AB"
        ],
        columns=["datapoint", "estimator", "variance"],
    )
    monkeypatch.setattr(studies, "estimator_variance", lambda *args, **settings: values)
    ratios = {studies.SCORE: naive, studies.RAO_BLACKWELL_CONTROLLED: 1.5, studies.A: a}
    shown = evidence(
        gradient_variance=gradient_table({**ratios, studies.B: 1.0}),
        aevb=lambda dataset, n_latent: SimpleNamespace(model=lambda: None),
        test_points=lambda dataset, n: None,
    )
    assert estimators.score_function_variance(shown).verdict == first
    assert f"{naive:.3g} (" in estimators.score_function_variance(shown).evidence
    assert estimators.estimator_b_variance(shown).verdict == second


def test_the_gradients_that_c1_and_c2_compare_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(5, 6, generator=rng(1))
    monkeypatch.setattr(Evidence, "aevb", lambda *names: SimpleNamespace(model=lambda: model))
    monkeypatch.setattr(Evidence, "test_points", lambda *names: x)
    measured = Evidence("quick", 0, "cpu")
    assert "times that of B" in estimators.estimator_b_variance(measured).evidence
    assert "control variates" in estimators.score_function_variance(measured).evidence


@pytest.mark.parametrize(
    ("won", "verdict"),
    [
        ({4: -3.0, 10: -5.0}, REPRODUCED),
        ({4: 2.0, 10: -5.0}, PARTLY),
        ({4: 2.0, 10: 5.0}, NOT_REPRODUCED),
    ],
)
def test_draws_that_pay_refute_c3(won: dict[int, float], verdict: str) -> None:
    """`won` is what L draws win over one at equal work, give or take a little by the seed."""
    group = []
    for config, samples in experiments.requests("minibatches", "quick"):
        level = -100.0 + won.get(config.n_samples, 0.0) + 0.1 * (config.seed * config.n_samples % 7)
        points = [p for p in (15_800, 39_800, 158_500) if p <= samples]
        curve = [CurvePoint(p, "test", "lower_bound", level) for p in points]
        group.append(run(config, curve))
    found = estimators.one_draw_suffices(evidence(minibatches=group))
    assert found.verdict == verdict
    assert "3 seeds" in found.evidence


@pytest.mark.parametrize(
    ("spreads", "verdict"),
    [
        ({2: 0.1, 3: 0.2, 5: 0.4, 10: 1.5, 20: 4.0}, REPRODUCED),
        ({2: 0.1, 3: 0.2, 5: 0.3, 10: 0.4, 20: 0.5}, PARTLY),
        ({2: 2.0, 3: 2.0, 5: 0.3, 10: 0.4, 20: 0.5}, NOT_REPRODUCED),
    ],
)
def test_errors_by_dimension_decide_c9(
    spreads: dict[int, float], verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        (n_latent, point, (-1) ** point * spread)
        for n_latent, spread in spreads.items()
        for point in range(100)
    ]
    table = pd.DataFrame(rows, columns=["n_latent", "datapoint", "error"])
    asked = []

    def by_dimension(models: dict[int, Any], *arguments: Any, **settings: Any) -> pd.DataFrame:
        asked.extend(models)
        return table

    monkeypatch.setattr(studies, "likelihood_by_dimension", by_dimension)

    def fitted(n_latent: int) -> Any:
        return SimpleNamespace(config=experiments.mnist(n_latent), model=lambda: None)

    shown = evidence(
        aevb=lambda dataset, n_latent: fitted(n_latent),
        figure5=[fitted(n) for n in (2, 5, 10, 20)],
        test_points=lambda dataset, n: None,
    )
    assert estimators.likelihood_estimator_by_dimension(shown).verdict == verdict
    assert asked == [2, 3, 5, 10, 20]


@pytest.mark.parametrize(
    ("spread", "verdict"), [(0.1, REPRODUCED), (0.9, PARTLY), (3.0, NOT_REPRODUCED)]
)
def test_noise_of_the_bound_decides_c6(
    spread: float, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample deviation of 0.9 in 10 values leaves it open on which side of 1 the variance is."""
    values = pd.DataFrame({"value": [-100 - spread, -100 + spread] * 5})
    monkeypatch.setattr(studies, "bound_noise", lambda *args, **settings: values)
    monkeypatch.setattr(datasets, "load", lambda name: SimpleNamespace(test=None))
    shown = evidence(aevb=lambda dataset, n_latent: SimpleNamespace(model=lambda: None))
    assert estimators.bound_noise(shown).verdict == verdict


@pytest.mark.parametrize(
    ("without", "other", "verdict"),
    [(-300.0, -105.0, REPRODUCED), (-300.0, -90.0, PARTLY), (-90.0, -90.0, NOT_REPRODUCED)],
)
def test_bounds_by_weight_decide_c10(without: float, other: float, verdict: str) -> None:
    """With weight 1 the test bound is −100, without the KL and with other weights as given."""
    group = []
    for config in experiments.kl_weights():
        level = {0.0: without, 1.0: -100.0}.get(config.kl_weight, other)
        noisy = level + 0.1 * (config.seed * (1 + config.kl_weight) % 3)
        group.append(run(config, [CurvePoint(100_000, "test", "lower_bound", noisy)]))
    found = representation.kl_regularises(evidence(kl_weights=group))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("samples", "vae", "roughness", "greys", "map_verdict", "sample_verdict"),
    [
        (10**6, 0.7, 0.2, (200, 150, 120, 100), REPRODUCED, REPRODUCED),
        (10**6, 0.3, 0.2, (200, 150, 190, 100), PARTLY, PARTLY),
        (10**6, 0.3, 0.9, (100, 120, 150, 200), NOT_REPRODUCED, NOT_REPRODUCED),
        (10**5, 0.7, 0.2, (200, 150, 120, 100), NOT_RUN, NOT_RUN),
    ],
)
def test_map_and_samples_decide_c12_and_c13(
    samples: int,
    vae: float,
    roughness: float,
    greys: tuple[float, ...],
    map_verdict: str,
    sample_verdict: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accuracy = pd.DataFrame(
        [("VAE", 2, vae, vae - 0.01, vae + 0.01), ("PCA", 2, 0.4, 0.39, 0.41)],
        columns=["representation", "dimensions", "accuracy", "low", "high"],
    )
    quality = pd.DataFrame(
        {"n_latent": [2, 5, 10, 20], "grey": greys, "grey_error": 1.0, "frechet": 30.0}
    )
    monkeypatch.setattr(datasets, "load", lambda name: None)
    monkeypatch.setattr(studies, "latent_accuracy", lambda models, data: accuracy)
    monkeypatch.setattr(studies, "manifold_roughness", lambda model: roughness)
    monkeypatch.setattr(studies, "sample_quality", lambda models, x, seed: quality)
    fitted = [
        SimpleNamespace(config=config, until=samples, model=lambda: None)
        for config in experiments.figure5()
    ]
    shown = evidence(manifold=fitted[0], figure5=fitted, test_points=lambda dataset, n: None)
    assert representation.similar_digits_together(shown).verdict == map_verdict
    assert representation.samples_sharpen(shown).verdict == sample_verdict


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_every_verdict_can_be_followed_to_code(claim: claims.Claim) -> None:
    assert bool(claim.check) == bool(claim.tests) == bool(check_source(claim))
    for name in claim.tests:
        source = source_of_test(name)
        assert f"def {name.split('::')[1]}(" in source
        assert "assert" in source
        assert source in listing(claim)
    assert f"`{claim.figure}`" in links(claim)
    assert listing(claim).startswith(f"(check-{claim.id.lower()})=")


def test_a_test_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="no function test_nothing"):
        source_of_test("test_claims.py::test_nothing")
    with pytest.raises(UserError, match=r"test_none\.py does not exist"):
        source_of_test("test_none.py::test_nothing")


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
