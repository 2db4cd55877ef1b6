"""Images are set side by side."""

from __future__ import annotations

import numpy as np

from companion.drawing.images import sheet


def test_sheet_leaves_white_gaps_and_fills_by_row() -> None:
    images = np.stack([np.zeros((2, 2)), np.full((2, 2), 0.5), np.zeros((2, 2))])
    expected = np.ones((5, 5))
    expected[:2, :2], expected[:2, 3:], expected[3:, :2] = 0, 0.5, 0
    np.testing.assert_array_equal(sheet(images, columns=2, gap=1), expected)
