"""The figures state the numbers that they show."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from companion.figures.estimators import (
    draw_estimator_variance,
    draw_gradient_variance,
    draw_gradient_variance_in_training,
)
from companion.figures.theme import ESTIMATOR_COLOURS
from tests.companion.figures.inputs import estimator_table, gradient_table, training_table
from vaelib.errors import UserError


def test_gradient_variance_states_the_median_ratio() -> None:
    table = gradient_table().query(
        "estimator in @shown", local_dict={"shown": [*ESTIMATOR_COLOURS][-4:]}
    )
    axes = draw_gradient_variance(table).axes[0]
    written = [text.get_text() for text in axes.texts]
    assert written == ["× 1", "× 10", "× 100", "× 1.0 × $10^{3}$", "relative to B"]
    with pytest.raises(UserError, match="several rows"):
        draw_gradient_variance(gradient_table().drop(columns="component"))


def test_variance_in_training_is_the_median_of_each_layer() -> None:
    table = training_table()
    drawn = draw_gradient_variance_in_training(table).axes
    titles = [axes.get_title() for axes in drawn]
    assert titles == ["layer of the mean", "layer of the log variance"]
    for axes in drawn:
        assert len(axes.lines) == len(ESTIMATOR_COLOURS)
        best = axes.lines[-1]
        assert to_hex(best.get_color()).upper() == ESTIMATOR_COLOURS["estimator B"]
        # Variances 1, 2, 3, 4, 5: their median.
        np.testing.assert_array_equal(best.get_ydata(), 3.0)
        np.testing.assert_array_equal(best.get_xdata(), [0, 1000, 10_000])
    with pytest.raises(UserError, match="only one count"):
        draw_gradient_variance_in_training(table[table["training_samples"] == 0])


def test_estimator_variance_states_the_share() -> None:
    # A has variance 2, 3, 4, 5, and B always 3.
    assert "50%" in draw_estimator_variance(estimator_table()).axes[0].get_title()


def test_labels_of_the_variances_stand_apart() -> None:
    figure = draw_estimator_variance(estimator_table())
    figure.draw_without_rendering()
    (axes,) = figure.axes
    for axis, edges in ((axes.xaxis, ("x0", "x1")), (axes.yaxis, ("y0", "y1"))):
        shown = [label for label in axis.get_ticklabels(which="both") if label.get_text()]
        boxes = sorted(
            (getattr(box, edges[0]), getattr(box, edges[1]))
            for box in (label.get_window_extent() for label in shown)
        )
        assert len(boxes) > 1
        assert all(end < begin for (_, end), (begin, _) in pairwise(boxes))
