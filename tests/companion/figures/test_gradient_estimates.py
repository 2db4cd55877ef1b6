"""Strokes have the slopes that are averaged."""

from __future__ import annotations

import pytest
from matplotlib.patches import Rectangle

from tests.companion.figures.inputs import gradient_estimates


def test_a_stroke_has_the_slope_of_the_function_and_every_estimate_is_counted() -> None:
    above, _, *histograms = gradient_estimates(0.25).axes
    strokes = above.lines[1:-1]
    assert len(strokes) == 3
    for stroke, z in zip(strokes, (0.0, 0.5, 1.0), strict=True):
        (left, right), (low, high) = stroke.get_data()
        assert (left + right) / 2 == pytest.approx(z)
        assert (high - low) / (right - left) == pytest.approx(2 * z)
    for axes in histograms:
        bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        assert sum(bar.get_height() for bar in bars) == 9
