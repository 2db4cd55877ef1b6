"""Every estimate is shown or counted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.figures.likelihood import (
    draw_likelihood_estimators,
    draw_likelihood_settings,
)
from tests.companion.figures.inputs import (
    by_dimension,
    dimension_table,
    likelihood_table,
    settings_table,
)


def test_estimates_that_are_no_numbers_are_counted() -> None:
    table = likelihood_table()
    table.loc[1, "error"] = np.nan
    texts = [text.get_text() for text in draw_likelihood_estimators(table).axes[0].texts]
    assert texts == ["1 not finite"]
    by_size = pd.concat([table.assign(n_latent=n) for n in (2, 10)])
    assert len(draw_likelihood_estimators(by_size).axes) == 2


def test_likelihood_settings_have_a_box_for_each_value_and_no_other_density() -> None:
    table = settings_table()
    table.loc[table["density"] == "kde", "error"] = 100.0
    table.loc[0, "error"] = np.nan
    drawn = draw_likelihood_settings(table).axes
    ticks = [[text.get_text() for text in axes.get_xticklabels()] for axes in drawn]
    assert ticks == [["1", "10"], ["50", "200"], ["4"]]
    assert max(axes.dataLim.y1 for axes in drawn) < 1.0


def test_likelihood_by_dimension_has_a_panel_for_each_number_of_draws() -> None:
    left, right = by_dimension(dimension_table()).axes
    assert (left.get_title(), right.get_title()) == ("$L = 50$", "$L = 200$")
    assert [text.get_text() for text in left.get_xticklabels()] == ["2", "20"]
