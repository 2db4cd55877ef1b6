"""Curves are compared with the paper's where both have points."""

from __future__ import annotations

import pandas as pd
import pytest

from companion.experiments.curve_reading import curves_of
from companion.experiments.paper_distance import differences_from_paper, distance_from_paper
from tests.companion.curves_by_hand import CONFIG, published, run
from vaelib.training import RunningAverage


def test_distance_is_taken_at_the_paper_s_points() -> None:
    ours = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0})])
    theirs = published({10**5: -151.0, 10**6: -123.0, 10**7: -100.0})
    (row,) = distance_from_paper(ours, theirs, until=10**6).to_dict("records")
    assert (row["distance"], row["largest"], row["points"]) == (2.0, 3.0, 2)


def test_differences_have_a_sign_and_end_where_ours_does() -> None:
    """Between two points ours is linear in log samples; the last place may be 2 % beyond."""
    ours = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0})])
    theirs = published({10**4: 0.0, 316_228: -130.0, 1_010_000: -125.0, 2_000_000: 0.0})
    found = differences_from_paper(ours, theirs, until=10**8)
    assert found["training_samples"].tolist() == [316_228, 1_010_000]
    assert found["apart"].tolist() == pytest.approx([-135.0 + 130.0, 5.0], abs=1e-4)
    assert differences_from_paper(ours, theirs, until=200_000).empty


def test_training_curves_are_compared_by_their_running_averages() -> None:
    averages = [RunningAverage(0, 10**5, -170.0), RunningAverage(10**5, 10**6, -130.0)]
    curves = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0}, averages=averages)])
    theirs = published({10**5: -171.0, 10**6: -133.0})
    both = pd.concat([theirs, theirs.assign(split="train")])
    found = distance_from_paper(curves, both, until=10**6).set_index("split")
    assert found["distance"].to_dict() == {"train": 2.0, "test": 17.0}
    assert found["averaged"].to_dict() == {"train": True, "test": False}
