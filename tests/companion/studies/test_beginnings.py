"""A beginning is compared with the reference run of the same settings."""

from __future__ import annotations

import dataclasses

from companion.studies.beginnings import beginning, beginnings
from tests.companion.curves_by_hand import CONFIG, run


def test_a_beginning_is_compared_at_common_points() -> None:
    longer = run(CONFIG, {10**4: -200.0, 10**5: -150.0, 10**6: -120.0})
    same = run(CONFIG, {10**4: -200.0, 10**5: -150.0})
    found = beginning(same, longer)
    assert found is not None
    assert (found.identical, found.largest, found.points) == (True, 0.0, 4)
    assert (found.until, found.scale) == (10**5, 50.0)
    moved = beginning(run(CONFIG, {10**4: -200.0, 10**5: -149.5}), longer)
    assert moved is not None
    assert (moved.identical, moved.largest) == (False, 0.5)
    assert beginning(run(CONFIG, {77: -1.0}), longer) is None


def test_runs_are_matched_by_their_settings() -> None:
    other = dataclasses.replace(CONFIG, seed=1)
    table = beginnings(
        [run(CONFIG, {10**4: -200.0}), run(other, {10**4: -201.0})],
        [run(CONFIG, {10**4: -200.0, 10**5: -150.0})],
    )
    assert len(table) == 1
    assert table["identical"].all()
