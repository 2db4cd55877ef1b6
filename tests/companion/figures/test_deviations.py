"""Choices stand beside the default, and what is far off at the edge."""

from __future__ import annotations

import pandas as pd
import pytest

from companion.figures.deviations import draw_distance_from_paper
from tests.companion.figures.inputs import deviations_table, panels
from vaelib.errors import UserError


def test_choices_stand_in_the_panel_of_their_run_beside_the_default() -> None:
    table = deviations_table()
    mnist, mcem, frey_face = panels(draw_distance_from_paper(table))
    assert [label.get_text() for label in mnist.get_yticklabels()] == [
        "as in this book",
        "Warm-up: none",
        "Leapfrog steps: 5",
    ]
    default, dots = mnist.lines
    assert default.get_xdata()[0] == 2.0  # type: ignore[index]
    assert (list(dots.get_xdata()), list(dots.get_ydata())) == ([2.0, 5.0], [0, 1])
    assert list(mcem.lines[0].get_ydata()) == [2]
    assert list(frey_face.lines[1].get_ydata()) == [0]
    with pytest.raises(UserError, match="compute reference runs"):
        draw_distance_from_paper(table.assign(distance=float("nan")))


def test_a_choice_that_diverged_is_an_arrow_at_the_edge() -> None:
    table = deviations_table()
    far = table.iloc[[2]].assign(choice="0.1", distance=1e8)
    both = pd.concat([table, far], ignore_index=True)
    dots, arrows = panels(draw_distance_from_paper(both))[0].lines[1:]
    assert list(dots.get_xdata()) == [2.0, 5.0]
    assert (list(arrows.get_xdata()), list(arrows.get_ydata())) == ([5.75], [3])
