"""Samples keep their noise, and strokes are tangents."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.lines import Line2D
from torch import Tensor

from companion.figures.sampling import draw_gamma_path, draw_sample_path


def test_samples_keep_their_height_in_the_cumulative_distribution() -> None:
    mean, std, epsilon = torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.5]), torch.tensor([-1.0, 1])
    left, right = draw_sample_path(mean, std, epsilon).axes
    np.testing.assert_allclose(left.lines[-1].get_xdata(), [1.0, 2.5])
    heights = torch.special.ndtr(epsilon.double())
    for points in right.collections:
        np.testing.assert_allclose(np.asarray(points.get_offsets())[:, 1], heights)


def test_strokes_of_a_gamma_path_are_tangents() -> None:
    alpha, epsilon = torch.tensor([0.8, 2.0, 3.0]), torch.tensor([0.3, 0.9])
    left, right = draw_gamma_path(alpha, epsilon).axes
    strokes = left.lines[2:]
    assert len(strokes) == 6
    for place, stroke in enumerate(strokes):
        shape, noise = alpha[place // 2].double(), epsilon[place % 2].double()
        ends = [torch.special.gammainc(shape + h, z) for h, z in zip(*_reach(stroke), strict=True)]
        # Near the touching point the cumulative probability is that of the sample.
        for end in ends:
            assert end.item() == pytest.approx(noise.item(), abs=1e-5)
    for points in right.collections:
        np.testing.assert_allclose(np.asarray(points.get_offsets())[:, 1], epsilon)


def _reach(stroke: Line2D) -> tuple[list[float], list[Tensor]]:
    """Changes of α of a thousandth about the middle of a tangent, and z on it."""
    (a, b), (low, high) = stroke.get_data()
    middle, slope = (low + high) / 2, (high - low) / (b - a)
    changes = [-1e-3, 1e-3]
    return changes, [torch.as_tensor(middle + slope * change).double() for change in changes]
