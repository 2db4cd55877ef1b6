"""C3: what more draws than one win at equal work."""

from __future__ import annotations

import pandas as pd
import pytest

from companion.claims.claim import World
from companion.claims.one_draw import (
    C3,
    DrawsAgainstOne,
    judge_draws_against_one,
    measure_draws_against_one,
)
from companion.claims.verdict import MOSTLY_NOT, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from companion.experiments import paper_grid
from companion.runs.evaluation import CurvePoint
from tests.companion.claims.paper_by_hand import evidence, run


def leads(four: float, ten: float, *, spread: float = 0.2) -> DrawsAgainstOne:
    rows = [
        (n, seed, won + spread * (seed - 1), 7.0 + seed)
        for n, won in ((4, four), (10, ten))
        for seed in range(3)
    ]
    columns = ["n_samples", "seed", "equal_cost", "equal_data"]
    return DrawsAgainstOne(pd.DataFrame(rows, columns=columns), 10**5)


@pytest.mark.parametrize(
    ("four", "ten", "spread", "verdict"),
    [
        (-3.0, -5.0, 0.2, REPRODUCED),
        (3.0, -5.0, 0.2, MOSTLY_NOT),
        (3.0, 5.0, 0.2, NOT_REPRODUCED),
        # A gain of 5 nats that is lost in the seeds' noise is not taken for none.
        (5.0, 5.0, 3.0, NOT_JUDGED),
    ],
)
def test_draws_that_pay_refute_it(four: float, ten: float, spread: float, verdict: str) -> None:
    assert judge_draws_against_one(leads(four, ten, spread=spread)).verdict == verdict


def test_the_power_is_stated() -> None:
    """Three seeds with a deviation of 0.2: the interval's half is 4.30 · 0.2 / √3 = 0.497."""
    found = judge_draws_against_one(leads(-3.0, -5.0))
    assert "L = 4: -3 (-3.5 to -2.5)" in found.evidence.replace("−", "-")
    assert found.parts[0].seen == pytest.approx(0.497 * (1.96 + 0.8416) / 1.96, abs=1e-3)
    assert "four of five repetitions would see an effect 0.71 nats" in found.evidence


@pytest.mark.parametrize("world", C3.worlds, ids=lambda world: world.words)
def test_worlds(world: World[DrawsAgainstOne]) -> None:
    assert C3.judge(world.altered(leads(-3.0, -5.0))).verdict in world.expected


def test_the_runs_of_section_2_3_are_measured() -> None:
    """With a hundred images more draws win 2 nats, whatever L is; smaller minibatches are left."""
    group = []
    for config, samples in paper_grid.requests("minibatches", "quick"):
        level = -100.0 + 2.0 * (config.n_samples > 1) * (config.minibatch_size == 100)
        points = [p for p in (15_800, 39_800, 158_500) if p <= samples]
        group.append(run(config, [CurvePoint(p, "test", "lower_bound", level) for p in points]))
    measured = measure_draws_against_one(evidence(minibatches=group))
    assert sorted(measured.lead["n_samples"]) == [4, 4, 4, 10, 10, 10]
    assert (measured.lead["equal_cost"] == 2.0).all()
