"""Verdicts follow from the numbers, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch

from companion import runs
from companion.claims import estimators, representation, scoreboard
from companion.claims.evidence import (
    NOT_REPRODUCED,
    PARTLY,
    REPRODUCED,
    Evidence,
    furthest_curves,
    judged,
)
from companion.claims.sources import links, listing, source_of_test
from companion.claims.verdict import NOT_JUDGED
from companion.experiments import paper_grid, reference
from companion.runs.evaluation import CurvePoint
from companion.studies.gradients import RAO_BLACKWELL_CONTROLLED, SCORE, A, B
from tests.companion.claims.paper_by_hand import evidence, run
from tests.helpers import rng
from vaelib import datasets
from vaelib.errors import UserError
from vaelib.model import build


@pytest.mark.parametrize(
    ("samples", "holds", "partly", "verdict"),
    [
        (999, True, True, "not run"),
        (1000, True, False, REPRODUCED),
        (1000, False, True, PARTLY),
        (1000, False, False, NOT_REPRODUCED),
    ],
)
def test_judged(samples: int, holds: bool, partly: bool, verdict: str) -> None:
    assert judged(samples, holds, "text", needed=1000, partly=partly).verdict == verdict


def test_the_furthest_run_of_each_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seed 0's reference run goes further than the reader's, seed 1's is the only one."""
    one, two = paper_grid.mnist(3), paper_grid.mnist(3, seed=1)
    points = {n: CurvePoint(n, "test", "v", -100.0) for n in (10**5, 10**6)}
    own = run(one, [points[10**5]])
    published = {c.slug: run(c, list(points.values())) for c in (one, two)}
    monkeypatch.setattr(
        reference,
        "known",
        lambda configs: [published[c.slug] for c in configs if c.slug in published],
    )
    table = furthest_curves([own], lambda seed: [paper_grid.mnist(3, seed=seed)])
    assert table["reference"].all()
    assert sorted(set(table["seed"])) == [0, 1]
    assert len(table) == 4
    longer = run(one, [*points.values(), CurvePoint(10**7, "test", "v", -90.0)])
    table = furthest_curves([longer], lambda seed: [paper_grid.mnist(3, seed=seed)])
    assert table.query("seed == 0")["training_samples"].max() == 10**7
    assert not table.query("seed == 0")["reference"].any()


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
    monkeypatch.setattr(estimators, "estimator_variance", lambda *args, **settings: values)
    ratios = {SCORE: naive, RAO_BLACKWELL_CONTROLLED: 1.5, A: a}
    shown = evidence(
        gradient_variance=gradient_table({**ratios, B: 1.0}),
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
    for config, samples in paper_grid.requests("minibatches", "quick"):
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
        # One of three dimensions that was trained for longer: good no more.
        ({2: 0.1, 3: 0.2, 3.5: 3.0, 5: 0.4, 10: 1.5, 20: 4.0}, PARTLY),
    ],
)
def test_errors_by_dimension_decide_c9(
    spreads: dict[float, float], verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_dimension(models: dict[int, Any], *arguments: Any, **settings: Any) -> pd.DataFrame:
        ((n_latent, spread),) = models.items()
        rows = [(n_latent, point, (-1) ** point * spread) for point in range(100)]
        return pd.DataFrame(rows, columns=["n_latent", "datapoint", "error"])

    monkeypatch.setattr(estimators, "likelihood_by_dimension", by_dimension)
    shown = evidence(
        by_training=[
            SimpleNamespace(
                config=paper_grid.mnist(int(n_latent)),
                samples=10**7 if n_latent == int(n_latent) else 10**8,
                model=lambda spread=spread: spread,
            )
            for n_latent, spread in spreads.items()
        ],
        test_points=lambda dataset, n: None,
    )
    found = estimators.likelihood_estimator_by_dimension(shown)
    assert found.verdict == verdict
    assert found.evidence.count("N_z = 3, ") == 1 + (3.5 in spreads)
    failing = any(spread > 1 for n_latent, spread in spreads.items() if n_latent < 5)
    assert ("fails on single images" in found.evidence) == failing


@pytest.mark.parametrize(
    ("spread", "verdict"), [(0.1, REPRODUCED), (0.9, PARTLY), (3.0, NOT_REPRODUCED)]
)
def test_noise_of_the_bound_decides_c6(
    spread: float, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample deviation of 0.9 in 10 values leaves it open on which side of 1 the variance is."""
    values = pd.DataFrame({"value": [-100 - spread, -100 + spread] * 5})
    monkeypatch.setattr(estimators, "bound_noise", lambda *args, **settings: values)
    monkeypatch.setattr(datasets, "load", lambda name: SimpleNamespace(test=None))
    shown = evidence(aevb=lambda dataset, n_latent: SimpleNamespace(model=lambda: None))
    assert estimators.little_bound_noise(shown).verdict == verdict


@pytest.mark.parametrize(
    ("without", "other", "verdict"),
    [(-300.0, -105.0, REPRODUCED), (-300.0, -90.0, PARTLY), (-90.0, -90.0, NOT_REPRODUCED)],
)
def test_bounds_by_weight_decide_c10(without: float, other: float, verdict: str) -> None:
    """With weight 1 the test bound is −100, without the KL and with other weights as given."""
    group = []
    for config in paper_grid.kl_weights():
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
        (10**5, 0.7, 0.2, (200, 150, 120, 100), "not run", "not run"),
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
    monkeypatch.setattr(representation, "latent_accuracy", lambda models, data: accuracy)
    monkeypatch.setattr(representation, "manifold_roughness", lambda model: roughness)
    monkeypatch.setattr(representation, "sample_quality", lambda models, x, seed: quality)
    fitted = [
        SimpleNamespace(config=config, samples=samples, model=lambda: None)
        for config in paper_grid.figure5()
    ]
    shown = evidence(manifold=fitted[0], figure5=fitted, test_points=lambda dataset, n: None)
    assert representation.similar_digits_together(shown).verdict == map_verdict
    assert representation.samples_sharpen(shown).verdict == sample_verdict


@pytest.mark.parametrize("claim", scoreboard.CLAIMS, ids=lambda claim: claim.id)
def test_every_verdict_can_be_followed_to_code(claim: scoreboard.Claim) -> None:
    assert claim.tests
    assert f"def {claim.judge.__name__}(" in listing(claim)
    for name in claim.tests:
        source = source_of_test(name)
        assert f"def {name.split('::')[1]}(" in source
        assert "assert" in source
        assert source in listing(claim)
    assert f"`{claim.figure}`" in links(claim)
    assert listing(claim).startswith(f"(check-{claim.id.lower()})=")


def test_an_installed_package_names_its_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.claims.sources.project_root", lambda: tmp_path)
    claim = scoreboard.CLAIMS[0]
    for name in claim.tests:
        assert f"`tests/{name}`, in the project's own folder." in listing(claim)


def test_a_test_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="no function test_nothing"):
        source_of_test("companion/claims/test_scoreboard.py::test_nothing")
    with pytest.raises(UserError, match=r"test_none\.py does not exist"):
        source_of_test("test_none.py::test_nothing")


def test_every_claim_of_the_paper_has_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in no check is called, and no claim passes."""
    monkeypatch.setattr(
        datasets, "locate", lambda name, **settings: SimpleNamespace(stand_in=name == "frey_face")
    )
    monkeypatch.setattr(runs, "ensure", lambda *a, **k: pytest.fail("called"))
    monkeypatch.setattr(
        "companion.claims.evidence.gradient_variance", lambda *a, **k: pytest.fail("called")
    )
    table = scoreboard.scoreboard("quick")
    assert list(table["id"]) == [*(f"C{n}" for n in range(1, 15)), "R1"]
    assert set(table["verdict"]) == {NOT_JUDGED}
    assert table["evidence"].str.len().min() > 0
