"""What lies between bound and evidence is shaded."""

from __future__ import annotations

import pandas as pd
import pytest

from companion.figures.bound import draw_decomposition
from tests.companion.figures.inputs import decomposition_table
from vaelib.errors import UserError


def test_decomposition_shades_the_kl_between_bound_and_evidence() -> None:
    table = decomposition_table()
    axes = draw_decomposition(table).axes[0]
    outline = axes.collections[0].get_paths()[0].vertices
    assert outline[:, 1].min() == pytest.approx(table["bound"].min())
    assert outline[:, 1].max() == pytest.approx(-1.0)
    swept = pd.concat([table.assign(varied="std"), table.assign(varied="mean")])
    assert len(draw_decomposition(swept).axes) == 2
    both = table.assign(mean=table["std"])
    with pytest.raises(UserError, match="varied"):
        draw_decomposition(both)
