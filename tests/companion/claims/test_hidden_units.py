"""A lead matters little less or more with other widths if it keeps its size, and nothing less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from companion.claims.claim import World
from companion.claims.evidence import Evidence
from companion.claims.hidden_units import C11, CHANGES_LITTLE
from companion.claims.verdict import MOSTLY, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED, Verdict
from companion.experiments import reference
from tests.companion.claims.paper_by_hand import evidence, reference_alone

Leads = dict[int, float]


def curves(leads: Leads, *, noise: float = 0.5, seeds: int = 3, seed: int = 0) -> pd.DataFrame:
    """AEVB and wake-sleep after a million samples, with each number of hidden units."""
    rng = np.random.default_rng(seed)
    rows = [
        (n_hidden, of_seed, algorithm, "test", 10**6, -100.0 + lead * (algorithm == "aevb"))
        for n_hidden, mean in leads.items()
        for of_seed in range(seeds)
        for lead in [mean + rng.normal(0.0, noise)]
        for algorithm in ("aevb", "wake_sleep")
    ]
    columns = ["n_hidden", "seed", "algorithm", "split", "training_samples", "value"]
    return pd.DataFrame(rows, columns=columns)


ALIKE = {100: 10.0, 200: 10.0, 500: 10.0, 1000: 10.0}


def check(leads: Leads, **settings: Any) -> Verdict:
    return C11.check(evidence(hidden_units_curves=curves(leads, **settings)))


@pytest.mark.parametrize(
    ("leads", "verdict"),
    [
        (ALIKE, REPRODUCED),
        ({100: 12.0, 200: 11.0, 500: 10.0, 1000: 9.0}, REPRODUCED),
        ({100: 200.0, 200: 60.0, 500: 10.0, 1000: 1.0}, NOT_REPRODUCED),
        (ALIKE | {200: -10.0}, MOSTLY),
    ],
)
def test_a_lead_that_shrinks_with_the_units_refutes(leads: Leads, verdict: str) -> None:
    assert check(leads).verdict == verdict


def test_a_trend_is_told_whatever_the_verdict() -> None:
    exact = {n: 10.0 - 3.0 * float(np.log10(n)) for n in ALIKE}
    found = check(exact, noise=1e-3)
    assert "ten times the units change it by −3.0 (−3.0 to −3.0); " in found.evidence


def test_a_lead_that_may_be_none_is_no_measure() -> None:
    found = check(dict.fromkeys(ALIKE, 0.1), noise=1.0)
    assert found.verdict == NOT_JUDGED
    assert {part.found for part in found.parts} == {"open"}


def test_the_interval_of_a_change_covers() -> None:
    """Of 200 experiments 95 % are expected; 6.2 % are four standard errors: one alarm in 16 000.

    A change is counted by its size, so that the interval of a ratio may cover a little more.
    """
    rng = np.random.default_rng(0)
    means = pd.Series(ALIKE | {100: 10.0 * (1 + CHANGES_LITTLE)}).repeat(3)
    covered = []
    for _ in range(200):
        lead = means.to_numpy() + rng.normal(0.0, 1.5, len(means))
        part = C11.judge(pd.DataFrame({"n_hidden": means.index, "lead": lead})).parts[0]
        covered.append(part.low < CHANGES_LITTLE < part.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.062)


def test_one_width_or_one_seed_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check({500: 6.0}).verdict == NOT_JUDGED
    assert check(ALIKE, seeds=1).verdict == NOT_JUDGED
    monkeypatch.setattr(reference, "known", lambda configs: [])
    assert C11.check(Evidence("quick", 0, "cpu")).verdict == NOT_JUDGED


@pytest.mark.parametrize("world", C11.worlds, ids=lambda world: world.words)
@pytest.mark.parametrize("shown", ["by hand", "reference"])
def test_each_world_is_judged_rightly(world: World[Any], shown: str) -> None:
    by_hand = evidence(hidden_units_curves=curves(ALIKE, noise=3.0))
    measured = C11.measure(reference_alone() if shown == "reference" else by_hand)
    found = C11.judge(world.altered(measured))
    assert found.verdict in world.expected, found.evidence
