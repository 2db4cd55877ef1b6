"""Figs 4 and 5 show the decoder's means where they belong."""

from __future__ import annotations

import numpy as np
import torch

from companion.experiments.manifold_grid import manifold_grid
from companion.figures.manifolds import draw_figure4, draw_figure5
from tests.companion.figures.inputs import SHAPE, model, svg


def test_manifold_shows_the_decoder_means_from_the_top_left() -> None:
    vae = model(2)
    (picture,) = draw_figure4(vae, SHAPE, n=3).axes[0].images
    with torch.no_grad():
        means = vae.decode(manifold_grid(3, like=vae)).mean
    shown = picture.get_array()
    assert shown is not None
    assert shown.shape == (12, 9)
    np.testing.assert_allclose(shown[:4, 3:6], means[1].reshape(SHAPE))
    np.testing.assert_allclose(shown[8:, :3], means[6].reshape(SHAPE))


def test_figure5_has_a_panel_for_each_latent_space_and_depends_on_the_seed() -> None:
    models = {n: model(n) for n in (2, 5, 10, 20)}
    first, second = draw_figure5(models, SHAPE, 0), draw_figure5(models, SHAPE, 1)
    assert [axes.get_title() for axes in first.axes] == [f"{n}-D latent space" for n in models]
    assert svg(first) != svg(second)
