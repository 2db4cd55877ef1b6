"""Codes are labelled where they lie."""

from __future__ import annotations

import numpy as np
import torch

from companion.figures.latent_space import draw_latent_codes
from tests.companion.figures.inputs import CODES


def test_labels_of_codes_stand_at_their_medians() -> None:
    axes = draw_latent_codes(CODES, torch.arange(60) % 10).axes[0]
    written = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(written) == set("0123456789")
    np.testing.assert_allclose(written["3"], np.median(CODES[3::10], axis=0))
