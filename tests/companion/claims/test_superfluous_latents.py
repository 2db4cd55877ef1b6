"""Overfitting is a gap of any origin that many latent variables have, on either data set."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from companion.claims.claim import World
from companion.claims.superfluous_latents import C5, OVERFITTING, measure_gaps
from companion.claims.verdict import (
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    Part,
    Verdict,
)
from tests.companion.claims.paper_by_hand import evidence, reference_alone

LATENT = {"mnist": (3, 5, 10, 20, 200), "frey_face": (2, 5, 10, 20)}
SHORT, LONG = 10**6, 10**8
Gaps = dict[tuple[str, int], float]


def curves(gaps: Gaps, *, seeds: int = 5, until: int = LONG) -> pd.DataFrame:
    """Five seeds at a million samples and one further; there each gap is as given, or none.

    They differ by up to half a tenth of what counts as overfitting.
    """
    rows = [
        (
            dataset,
            n_latent,
            50_000,
            "aevb",
            split,
            seed,
            samples,
            (gaps.get((dataset, n_latent), 0.0) + 0.05 * OVERFITTING[dataset] * math.sin(seed))
            * (split == "train"),
        )
        for dataset, sizes in LATENT.items()
        for n_latent in sizes
        for seed in range(seeds)
        for samples in ([SHORT, until] if seed == 0 else [SHORT])
        for split in ("train", "test")
    ]
    names = ["dataset", "n_latent", "n_train", "algorithm", "split", "seed", "training_samples"]
    return pd.DataFrame(rows, columns=[*names, "value"])


def check(gaps: Gaps, **settings: Any) -> Verdict:
    return C5.check(evidence(figure2_curves=curves(gaps, **settings)))


def everywhere(gap: float) -> Gaps:
    return {(name, n): gap for name, sizes in LATENT.items() for n in sizes}


def test_a_gap_of_any_size_is_overfitting() -> None:
    """The same for every size, or growing with it."""
    assert check({}).verdict == REPRODUCED
    assert check(everywhere(50.0)).verdict == NOT_REPRODUCED
    growing = {(name, n): 30.0 * i for name, sizes in LATENT.items() for i, n in enumerate(sizes)}
    assert check(growing).verdict == NOT_REPRODUCED
    on_faces = {key: gap for key, gap in growing.items() if key[0] == "frey_face"}
    assert check(on_faces).verdict == MOSTLY_NOT


def test_a_gap_counts_from_the_smallest_model_s_where_test_data_are_easier() -> None:
    easier = everywhere(-100.0)
    assert check(easier).verdict == REPRODUCED
    opened = check(easier | {("mnist", 200): 0.0}).parts
    assert part_named(opened, "mnist, N_z = 200").effect == pytest.approx(100.0)
    assert part_named(opened, "mnist, N_z = 20").effect == pytest.approx(0.0)


def test_a_smaller_model_that_overfits_is_not_at_issue() -> None:
    found = check({("mnist", 3): 50.0})
    assert found.verdict == REPRODUCED
    assert "50 (N_z = 3), 0 (N_z = 5)" in found.evidence


def part_named(parts: tuple[Part, ...], what: str) -> Part:
    return next(part for part in parts if part.what == what)


def test_one_seed_has_no_interval() -> None:
    found = check({}, seeds=1)
    assert found.verdict == NOT_JUDGED
    assert {part.found for part in found.parts} == {"open"}


def test_short_runs_are_not_judged() -> None:
    assert check({}, until=2 * SHORT).verdict == NOT_JUDGED


def test_a_size_that_is_missing_is_open() -> None:
    fewer = curves({}).query("n_latent != 200")
    found = C5.check(evidence(figure2_curves=curves({}), figure2_as_run=fewer))
    assert found.verdict == REPRODUCED
    assert "As run (not judged, 10 of 18 runs are missing): " in found.evidence
    assert "of 4 sizes 3 hold and 1 is open" in found.evidence
    assert "0 samples of mnist, N_z = 200: not computed over no run" in found.evidence


def test_gaps_are_those_of_aevb() -> None:
    both = pd.concat([curves({}), curves(everywhere(9.0)).assign(algorithm="wake_sleep")])
    pd.testing.assert_frame_equal(measure_gaps(both), measure_gaps(curves({})))


@pytest.mark.parametrize("world", C5.worlds, ids=lambda world: world.words)
@pytest.mark.parametrize("shown", ["by hand", "reference"])
def test_each_world_is_judged_rightly(world: World[Any], shown: str) -> None:
    given = reference_alone() if shown == "reference" else evidence(figure2_curves=curves({}))
    found = C5.judge(world.altered(C5.measure(given)))
    assert found.verdict in world.expected, found.evidence
