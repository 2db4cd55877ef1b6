"""Codes are labelled where they lie."""

from __future__ import annotations

import numpy as np
import torch

from companion.figures.latent_space import NAME, apart, draw_latent_codes
from tests.companion.figures.inputs import CODES

LABELS = torch.arange(60) % 10


def test_labels_of_codes_stand_at_their_medians() -> None:
    # Ten groups in a row, far from each other.
    codes = CODES + 10 * LABELS.unsqueeze(1)
    axes = draw_latent_codes(codes, LABELS).axes[0]
    written = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(written) == set("0123456789")
    np.testing.assert_allclose(written["3"], np.median(codes[3::10], axis=0))


def test_no_label_covers_another() -> None:
    axes = draw_latent_codes(0.01 * CODES + torch.eye(60, 2), LABELS).axes[0]
    places = np.array([text.get_position() for text in axes.texts])
    between = np.linalg.norm(places[:, None] - places, axis=-1)[~np.eye(10, dtype=bool)]
    assert between.min() > 0.99 * NAME


def test_what_is_apart_stays_and_what_lies_on_one_another_parts() -> None:
    places = np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]])
    moved = apart(places, 1.0)
    np.testing.assert_allclose(moved, [[-0.5, 0.0], [0.5, 0.0], [5.0, 5.0]])
