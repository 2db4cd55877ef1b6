"""Verdicts follow from the numbers, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from companion import runs
from companion.claims import scoreboard
from companion.claims.claim import Claim
from companion.claims.evidence import Evidence, furthest_curves
from companion.claims.sources import listing, source_of_test
from companion.claims.verdict import NOT_JUDGED
from companion.experiments import paper_grid, reference
from companion.runs.evaluation import CurvePoint
from tests.companion.claims.paper_by_hand import run
from vaelib import datasets
from vaelib.errors import UserError


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
def test_every_verdict_can_be_followed_to_code(claim: Claim[Any]) -> None:
    assert claim.tests
    for function in (claim.measure, claim.judge):
        assert f"def {function.__name__}(" in listing(claim)
    for name in claim.tests:
        source = source_of_test(name)
        assert f"def {name.split('::')[1]}(" in source
        assert "assert" in source
        assert source in listing(claim)


@pytest.mark.parametrize("claim", scoreboard.CLAIMS, ids=lambda claim: claim.id)
def test_every_claim_has_worlds_in_which_it_is_false_and_in_which_noise_decides(
    claim: Claim[Any],
) -> None:
    kinds = {world.kind for world in claim.worlds}
    assert {"false", "half true", "noise"} <= kinds
    assert len({world.words for world in claim.worlds}) == len(claim.worlds) >= 3


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
        "companion.claims.score_function_variance.measured_ratios",
        lambda *a, **k: pytest.fail("called"),
    )
    judged = list(scoreboard.verdicts(Evidence("quick", 0, "cpu")))
    ids = [f"C{n}" for n in range(1, 15)]
    ids[9:10] = ["C10a", "C10b"]
    assert [one.claim.id for one in judged] == [*ids, "R1"]
    assert {one.verdict.verdict for one in judged} == {NOT_JUDGED}
    assert all(one.verdict.evidence and not one.worlds for one in judged)
