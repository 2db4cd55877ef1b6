"""Curves are compared with the paper's where both have points."""

from __future__ import annotations

import pandas as pd

from companion.experiments.curve_reading import curves_of
from companion.experiments.paper_distance import distance_from_paper
from tests.companion.curves_by_hand import CONFIG, published, run
from vaelib.training import RunningAverage


def test_distance_is_taken_at_the_paper_s_points() -> None:
    ours = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0})])
    theirs = published({10**5: -151.0, 10**6: -123.0, 10**7: -100.0})
    (row,) = distance_from_paper(ours, theirs, until=10**6).to_dict("records")
    assert (row["distance"], row["largest"], row["points"]) == (2.0, 3.0, 2)


def test_training_curves_are_compared_by_their_running_averages() -> None:
    averages = [RunningAverage(0, 10**5, -170.0), RunningAverage(10**5, 10**6, -130.0)]
    curves = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0}, averages=averages)])
    theirs = published({10**5: -171.0, 10**6: -133.0})
    both = pd.concat([theirs, theirs.assign(split="train")])
    found = distance_from_paper(curves, both, until=10**6).set_index("split")
    assert found["distance"].to_dict() == {"train": 2.0, "test": 17.0}
    assert found["averaged"].to_dict() == {"train": True, "test": False}
