"""What a run lost by going on past its best point."""

from __future__ import annotations

import pytest

from companion.experiments import paper_grid
from companion.runs.evaluation import CurvePoint
from companion.studies.overfitting import lost_to_overfitting
from tests.companion.claims.paper_by_hand import as_curves, run


@pytest.mark.parametrize(
    ("values", "lost"), [((-5.0, -2.0, -4.0), 2.0), ((-5.0, -4.0, -3.5), -0.5), ((-5.0,), None)]
)
def test_what_a_run_lost_since_its_best_point(
    values: tuple[float, ...], lost: float | None
) -> None:
    curve = [
        CurvePoint(10 * (place + 1), split, "v", value + 100.0 * (split == "train"))
        for place, value in enumerate(values)
        for split in ("train", "test")
    ]
    group = [run(paper_grid.mnist(3), curve), run(paper_grid.mnist(3, "wake_sleep"), curve)]
    found = lost_to_overfitting(as_curves(group), needed=10)
    expected = [] if lost is None else [["mnist", 3, 10 * len(values), lost]]
    assert found.to_numpy().tolist() == expected
    assert lost_to_overfitting(as_curves(group), needed=1000).empty
