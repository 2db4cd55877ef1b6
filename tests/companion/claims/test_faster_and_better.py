"""AEVB is faster and better if its seeds agree on it, and not where it only ends ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.claims.claim import World
from companion.claims.faster_and_better import C4, measure_side_by_side
from companion.claims.verdict import MOSTLY_NOT, NOT_JUDGED, REPRODUCED, Part
from tests.companion.claims.paper_by_hand import (
    as_curves,
    evidence,
    paper_runs,
    reference_alone,
    with_seeds,
)

PAPER = as_curves(paper_runs("figure2", until=1.01e8))
# A fifth of the smallest lead, so that five seeds agree on all of them.
SEEDS = with_seeds(PAPER, {"mnist": 0.3, "frey_face": 5.0})


def parts_of(curves: pd.DataFrame) -> dict[str, Part]:
    return {part.what: part for part in C4.check(evidence(figure2_curves=curves)).parts}


def test_a_lead_that_all_seeds_have_is_better() -> None:
    found = C4.check(evidence(figure2_curves=SEEDS))
    assert found.verdict == REPRODUCED
    assert len(found.parts) == 18
    assert "better, of 9 panels 9 hold" in found.evidence
    assert "over 5 seeds" in found.evidence


def test_the_paper_s_one_run_tells_nothing_of_its_noise() -> None:
    found = C4.check(evidence(figure2_curves=PAPER))
    assert found.verdict == NOT_JUDGED
    assert "without seeds to compare" in found.evidence


def test_one_long_run_has_the_spread_of_the_short_ones() -> None:
    short = SEEDS[(SEEDS["training_samples"] <= 1e7) | (SEEDS["seed"] == 0)]
    part = parts_of(short)["better: mnist, N_z = 20"]
    assert part.over.startswith("one seed, with the spread of 5 at 10")
    # Student's t of the five leads of this panel where all seeds end.
    panel = SEEDS.query("dataset == 'mnist' and n_latent == 20 and split == 'test'")
    panel = panel[panel["training_samples"] <= 1e7]
    wide = panel.pivot_table(
        index="training_samples", columns=["seed", "algorithm"], values="value"
    ).dropna()
    last = wide.iloc[-1].unstack()
    deviation = (last["aevb"] - last["wake_sleep"]).std()
    expected = deviation * stats.t.ppf(0.975, 4)
    assert (part.high - part.low) / 2 == pytest.approx(expected)


def rising(head_start: float) -> pd.DataFrame:
    """Wake-sleep's bound is log₁₀ of the samples, AEVB's that of so many times as many."""
    places = np.arange(4.0, 6.01, 0.25)
    tables = [
        pd.DataFrame(
            {
                "dataset": "mnist",
                "n_latent": 20,
                "n_train": 50_000,
                "seed": seed,
                "split": "test",
                "algorithm": algorithm,
                "training_samples": 10**places,
                "value": places + ahead,
            }
        )
        for seed in range(2)
        for algorithm, ahead in (("aevb", head_start), ("wake_sleep", 0.0))
    ]
    return pd.concat(tables, ignore_index=True)


def test_faster_is_told_from_better() -> None:
    """Ten times as fast; at the beginning it can only be seen to be as fast as it is measured."""
    found = parts_of(rising(1.0))["faster: mnist, N_z = 20"]
    assert found.effect == pytest.approx(np.mean([0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1]))
    assert found.found == "holds"
    # What AEVB does not reach, it reaches at the end: that flatters it.
    slow = parts_of(rising(-10.0))["faster: mnist, N_z = 20"]
    assert slow.effect == pytest.approx(-1.0)
    assert slow.found == "fails"


def test_a_bound_that_wake_sleep_had_before_is_no_record() -> None:
    """Wake-sleep falls back after its first point, and so does its equal."""
    curves = rising(0.0)
    curves.loc[curves["training_samples"] < 10**4.1, "value"] = 5.5
    assert parts_of(curves)["faster: mnist, N_z = 20"].effect == pytest.approx(0.0)


def test_runs_are_compared_where_both_have_come() -> None:
    """Wake-sleep's longer run would overtake AEVB's last point."""
    longer = SEEDS[(SEEDS["training_samples"] <= 1e7) | (SEEDS["algorithm"] == "wake_sleep")]
    assert C4.check(evidence(figure2_curves=longer)).verdict == REPRODUCED
    assert measure_side_by_side(longer)["training_samples"].max() <= 1e7


def test_short_runs_are_not_judged() -> None:
    short = SEEDS.assign(training_samples=SEEDS["training_samples"] // 1000)
    found = C4.check(evidence(figure2_curves=short))
    assert found.verdict == NOT_JUDGED
    assert "judged from" in found.evidence


def test_a_panel_that_is_missing_is_open() -> None:
    found = C4.check(evidence(figure2_curves=SEEDS, figure2_as_run=SEEDS.query("n_latent == 3")))
    assert "As run (not judged, 16 of 18 runs are missing): better, of 9 panels 1 holds and 8 " in (
        found.evidence
    )
    mnist = SEEDS[SEEDS["dataset"] == "mnist"]
    assert C4.check(evidence(figure2_curves=mnist)).verdict != MOSTLY_NOT


@pytest.mark.parametrize("world", C4.worlds, ids=lambda world: world.words)
@pytest.mark.parametrize("shown", ["by hand", "reference"])
def test_each_world_is_judged_rightly(world: World[Any], shown: str) -> None:
    given = reference_alone() if shown == "reference" else evidence(figure2_curves=SEEDS)
    found = C4.judge(world.altered(C4.measure(given)))
    assert found.verdict in world.expected, found.evidence
