"""Intervals over few seeds, and over one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from companion.experiments.seeds import (
    Spread,
    around,
    interval,
    mean_over_seeds,
    own_or_pooled,
    spread_of,
)


def test_a_spread_is_pooled_over_groups_with_different_means() -> None:
    assert spread_of([[0.0, 2.0], [10.0, 12.0, 14.0], [99.0]]) == Spread(
        pytest.approx(math.sqrt((2 + 8) / 3)), 3
    )
    assert spread_of([[1.0], []]).freedom == 0


def test_one_run_has_the_spread_of_its_kind_and_several_their_own() -> None:
    spread = Spread(2.0, 8)
    half = stats.t.ppf(0.975, 8) * 2.0
    assert mean_over_seeds([5.0], spread) == pytest.approx((5.0, 5.0 - half, 5.0 + half))
    assert mean_over_seeds([5.0, 6.0, 8.0], spread) == interval([5.0, 6.0, 8.0])
    assert around(5.0, spread, 0.5) == pytest.approx((5.0, 5.0 - half / 2, 5.0 + half / 2))


def test_without_seeds_no_interval_ends() -> None:
    assert mean_over_seeds([5.0], spread_of([[5.0]])) == (5.0, -math.inf, math.inf)
    assert all(map(math.isnan, mean_over_seeds([], Spread(1.0, 4))))


def test_the_interval_of_one_run_covers() -> None:
    """Of 1000 runs 95 % are expected; 2.8 % are four standard errors: one alarm in 16 000."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(1000):
        spread = spread_of(rng.normal(0.0, 3.0, (4, 5)))
        found = mean_over_seeds([rng.normal(0.0, 3.0)], spread)
        covered.append(found.low < 0 < found.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.028)


def test_a_spread_of_one_s_own_goes_before_a_pooled_one() -> None:
    own, loud = [1.0, 1.2, 0.8], [10.0, -10.0, 0.0]
    assert own_or_pooled(own, [own, loud]) == spread_of([own])
    assert own_or_pooled(own[:2], [own[:2], loud]) == spread_of([own[:2], loud])
    assert own_or_pooled([], [own, loud]) == spread_of([own, loud])
