"""Curves are compared with the paper's where both have points."""

from __future__ import annotations

from companion.experiments.curve_reading import curves_of
from companion.studies.paper_distance import distance_from_paper
from tests.companion.curves_by_hand import CONFIG, published, run


def test_distance_is_taken_at_the_paper_s_points() -> None:
    ours = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0})])
    theirs = published({10**5: -151.0, 10**6: -123.0, 10**7: -100.0})
    (row,) = distance_from_paper(ours, theirs, until=10**6).to_dict("records")
    assert (row["distance"], row["largest"], row["points"]) == (2.0, 3.0, 2)
