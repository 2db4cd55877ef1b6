"""The leapfrog's slope and the bars of ranks are exact."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Rectangle

from companion.figures.sampler import (
    draw_leapfrog_and_tuner,
    draw_rank_histogram,
)
from tests.companion.figures.inputs import RANKS, error_table, tuning_table


def test_slope_two_goes_through_the_smallest_stepsize() -> None:
    left = draw_leapfrog_and_tuner(error_table(), tuning_table()).axes[0]
    np.testing.assert_allclose(left.lines[1].get_ydata(), [0.4, 0.1])


def test_ranks_are_whole_numbers_on_the_axis_too() -> None:
    for axes in draw_rank_histogram(RANKS, 3).axes:
        assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_bars_count_the_ranks() -> None:
    heights = [
        [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)][-4:]
        for axes in draw_rank_histogram(RANKS, 3).axes
    ]
    assert heights == [[1, 2, 1, 0], [1, 1, 0, 2]]
