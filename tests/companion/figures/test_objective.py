"""Settings stand where they are compared."""

from __future__ import annotations

import pytest
import torch

from companion.figures.objective import draw_decodings_against_images, draw_without_the_kl
from tests.companion.figures.inputs import IMAGES, SHAPE, model, objective_table, panels
from vaelib.errors import UserError


def test_settings_of_m_and_l_stand_where_they_are_compared() -> None:
    """A band over the seeds, and no setting on the right whose step costs more than the first's."""
    figure = draw_decodings_against_images(objective_table())
    left, right = panels(figure)
    assert (len(left.lines), len(right.lines)) == (2, 2)
    assert len(left.collections) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "$M = 100$, $L = 1$",
        "$M = 100$, $L = 10$",
        "$M = 10$, $L = 10$",
    ]


def test_only_a_plane_of_codes_is_drawn_without_the_kl() -> None:
    with pytest.raises(UserError, match="n_latent 5: a plane of codes needs 2"):
        draw_without_the_kl({"off": model(5)}, IMAGES, torch.arange(7), SHAPE)
