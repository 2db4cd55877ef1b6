"""Weights and their bounds stand in their panels."""

from __future__ import annotations

import numpy as np
import pytest

from companion.figures.global_parameters import (
    draw_overfitting,
    draw_weight_draws,
)
from tests.companion.figures.inputs import IMAGES, SHAPE, overfitting_table
from vaelib.errors import UserError


def test_overfitting_has_a_panel_for_each_size_with_test_solid_and_train_dashed() -> None:
    drawn = draw_overfitting(overfitting_table()).axes
    assert [axes.get_title() for axes in drawn] == ["100 training images", "1000 training images"]
    for axes in drawn:
        ends = {(line.get_linestyle(), float(line.get_ydata()[-1])) for line in axes.lines}
        assert ends == {("-", -102.0), ("--", -98.0)}
        assert len(axes.lines) == 6
    with pytest.raises(UserError, match="method 'SVI'"):
        draw_overfitting(overfitting_table().assign(method="SVI"))


def test_weight_draws_show_the_mean_first_and_a_row_for_each_code() -> None:
    left, right = draw_weight_draws(
        IMAGES[:2], IMAGES[:6].unflatten(0, (3, 2)), SHAPE, ["near", "far"]
    ).axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["near", "far"]
    first, draws = (np.asarray(axes.images[0].get_array()) for axes in (left, right))
    np.testing.assert_allclose(first[6:], IMAGES[1].reshape(SHAPE))
    # Two pixels of gap: the second code under the third draw is at the bottom right.
    np.testing.assert_allclose(draws[6:, 10:], IMAGES[5].reshape(SHAPE))
