"""Verdicts follow from the numbers, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from companion import runs
from companion.claims import agreement, curves, scoreboard
from companion.claims.evidence import (
    NOT_REPRODUCED,
    NOT_RUN,
    PARTLY,
    REPRODUCED,
    Evidence,
    furthest_curves,
    judged,
)
from companion.claims.sources import links, listing, source_of_test
from companion.experiments import paper_grid, reference
from companion.runs.evaluation import CurvePoint
from companion.wording import number
from tests.companion.claims.paper_by_hand import as_curves, evidence, paper_runs, run
from vaelib import datasets
from vaelib.errors import UserError


def test_the_paper_s_own_curves_pass() -> None:
    own = evidence(
        figure2_curves=as_curves(paper_runs("figure2", until=1.01e8)),
        figure3_curves=as_curves(paper_runs("figure3", until=6e7)),
    )
    assert curves.aevb_over_wake_sleep(own).verdict == REPRODUCED
    assert curves.marginal_likelihood_order(own).verdict == REPRODUCED
    assert curves.mcem_at_scale(own).verdict == REPRODUCED


def test_curves_that_swap_places_fail() -> None:
    swapped = evidence(
        figure2_curves=as_curves(paper_runs("figure2", shift={"aevb": -2000.0}, until=1e8)),
        figure3_curves=as_curves(paper_runs("figure3", shift={"aevb": -100.0}, until=6e7)),
    )
    assert curves.aevb_over_wake_sleep(swapped).verdict == NOT_REPRODUCED
    assert curves.marginal_likelihood_order(swapped).verdict == NOT_REPRODUCED


def test_the_order_of_figure_3_says_how_far_seeds_are_apart() -> None:
    first = as_curves(paper_runs("figure3", until=6e7))
    small = first[first["n_train"] == 1000]
    seeds = [small.assign(seed=seed, value=small["value"] + 2.0 * seed) for seed in (1, 2)]
    alone = curves.marginal_likelihood_order(evidence(figure3_curves=first))
    assert "seeds" not in alone.evidence
    # A seed that stopped early is not compared.
    seeds.append(small[small["training_samples"] < 1e7].assign(seed=3, value=0.0))
    together = pd.concat([first, *seeds], ignore_index=True)
    found = curves.marginal_likelihood_order(evidence(figure3_curves=together))
    assert found.verdict == alone.verdict
    ends = small[small["split"] == "test"].sort_values("training_samples").groupby("algorithm")
    apart = ends["value"].last().agg(lambda end: end.max() - end.min())
    assert f"over 3 seeds the three end {apart:.1f} nats apart" in found.evidence
    assert "differs between seeds by 4.0. As run" in found.evidence


def test_short_runs_are_not_judged() -> None:
    short = {
        f"{figure}_curves": as_curves(
            [
                run(config, [CurvePoint(100_000, split, "v", -1.0) for split in ("train", "test")])
                for config in paper_grid.GROUPS[figure](0)
            ]
        )
        for figure in ("figure2", "figure3")
    }
    for check in (
        curves.aevb_over_wake_sleep,
        curves.superfluous_latents,
        curves.marginal_likelihood_order,
        curves.mcem_at_scale,
        agreement.distance_from_curves,
    ):
        assert check(evidence(**short)).verdict == NOT_RUN


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
    def with_gap(gap: float) -> Any:
        group = []
        for seed in range(3):
            for n_latent in (20, 200):
                extra = gap + 0.1 * seed if n_latent == 200 else 2.0
                curve = [
                    CurvePoint(samples, split, "value", -100.0 - extra * (split == "test"))
                    for samples in (10**6, 10**7)
                    for split in ("train", "test")
                ]
                group.append(run(paper_grid.mnist(n_latent, seed=seed), curve))
        return evidence(figure2_curves=as_curves(group))

    assert curves.superfluous_latents(with_gap(2.5)).verdict == REPRODUCED
    found = curves.superfluous_latents(with_gap(20.0))
    assert found.verdict == NOT_REPRODUCED
    assert "larger by 18.10 (" in found.evidence


def test_runs_are_compared_where_both_have_come() -> None:
    """AEVB is ahead to the end; wake-sleep's longer run would overtake its last point."""
    aevb, wake_sleep = paper_grid.mnist(3), paper_grid.mnist(3, "wake_sleep")
    group = [
        run(aevb, [CurvePoint(10**6, "test", "v", -140.0)]),
        run(
            wake_sleep, [CurvePoint(n, "test", "v", v) for n, v in ((10**6, -150.0), (10**7, -1.0))]
        ),
    ]
    found = curves.aevb_over_wake_sleep(evidence(figure2_curves=as_curves(group)))
    assert found.verdict == REPRODUCED
    assert f"1 of 1 panels at {number(10**6)}" in found.evidence


def test_seeds_give_the_lead_an_interval() -> None:
    def found(spread: float) -> str:
        group = [
            run(
                paper_grid.mnist(3, algorithm, seed=seed),  # type: ignore[arg-type]
                [CurvePoint(10**6, "test", "v", lead + spread * (seed - 1))],
            )
            for seed in range(3)
            for algorithm, lead in (("aevb", -140.0), ("wake_sleep", -141.0 - spread * seed))
        ]
        return curves.aevb_over_wake_sleep(evidence(figure2_curves=as_curves(group))).evidence

    assert "over 3 seeds lies above zero in 1 of 1" in found(0.01)
    assert "over 3 seeds lies above zero in 0 of 1" in found(-3.0)


def test_a_seed_with_one_algorithm_only_has_no_lead() -> None:
    group = [
        run(paper_grid.mnist(3, algorithm), [CurvePoint(10**6, "test", "v", value)])  # type: ignore[arg-type]
        for algorithm, value in (("aevb", -140.0), ("wake_sleep", -150.0))
    ]
    alone = run(paper_grid.mnist(3, seed=1), [CurvePoint(10**6, "test", "v", -141.0)])
    found = curves.aevb_over_wake_sleep(evidence(figure2_curves=as_curves([*group, alone])))
    assert found.verdict == REPRODUCED
    assert "seeds" not in found.evidence


def test_without_reference_runs_c11_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "known", lambda configs: [])
    assert curves.few_or_many_hidden_units(Evidence("quick", 0, "cpu")).verdict == NOT_RUN


@pytest.mark.parametrize(
    ("leads", "verdict"),
    [
        ({100: 8.0, 200: 7.0, 500: 6.0, 1000: 5.0}, REPRODUCED),
        ({100: 8.0, 200: -7.0, 500: 6.0, 1000: 5.0}, PARTLY),
        ({100: -8.0, 200: -7.0, 500: -6.0, 1000: -5.0}, NOT_REPRODUCED),
        ({500: 6.0}, NOT_RUN),
    ],
)
def test_leads_by_hidden_units_decide_c11(leads: dict[int, float], verdict: str) -> None:
    rows = [
        (n_hidden, seed, algorithm, "test", 10**6, lead * (algorithm == "aevb") + 0.1 * seed**2)
        for n_hidden, lead in leads.items()
        for seed in range(3)
        for algorithm in ("aevb", "wake_sleep")
    ]
    columns = ["n_hidden", "seed", "algorithm", "split", "training_samples", "value"]
    found = curves.few_or_many_hidden_units(
        evidence(hidden_units_curves=pd.DataFrame(rows, columns=columns))
    )
    assert found.verdict == verdict


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
        "companion.claims.score_function_variance.gradient_variance",
        lambda *a, **k: pytest.fail("called"),
    )
    table = scoreboard.scoreboard("quick")
    ids = [f"C{n}" for n in range(1, 15)]
    ids[9:10] = ["C10a", "C10b"]
    assert list(table["id"]) == [*ids, "R1"]
    assert set(table["verdict"]) == {NOT_RUN}
    assert table["evidence"].str.len().min() > 0
