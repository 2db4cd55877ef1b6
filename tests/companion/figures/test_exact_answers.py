"""Every start has its line."""

from __future__ import annotations

import numpy as np
import pytest

from companion.figures.exact_answers import draw_convergence
from tests.companion.figures.inputs import convergence_table, lines
from vaelib.errors import UserError


def test_convergence_has_a_panel_for_each_algorithm_and_a_line_for_each_start() -> None:
    drawn = draw_convergence(convergence_table(), halfway={"aevb": 0.05}).axes
    assert [axes.get_title() for axes in drawn] == ["AEVB", "Wake-Sleep", "MCEM"]
    for axes, name in zip(drawn, ("aevb", "wake_sleep", "mcem"), strict=True):
        assert len(lines(axes, name, "-")) == 3
        np.testing.assert_allclose(axes.lines[3].get_ydata(), 2 * 10.0 ** -np.arange(4))
        heights = [set(line.get_ydata()) for line in axes.lines[4:]]
        assert heights == ([{0.05}] if name == "aevb" else [])
    with pytest.raises(UserError, match="algorithm 'svi'"):
        draw_convergence(convergence_table().assign(algorithm="svi"))
