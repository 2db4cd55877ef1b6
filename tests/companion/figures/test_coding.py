"""The picture of one datapoint shows its posterior where it is, and samples of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from companion.figures.coding import draw_coding
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder, build

SHAPE = (2, 3)


def model(n_latent: int = 2) -> VariationalAutoencoder:
    return build(n_pixels=6, n_hidden=5, n_latent=n_latent, init_std=1.0, generator=rng(0))


def draw(vae: VariationalAutoencoder, n_samples: int = 6) -> Figure:
    x = torch.rand(30, 6, generator=rng(1))
    epsilon = torch.randn(n_samples, vae.n_latent, generator=rng(2))
    return draw_coding(vae, x[0], epsilon, (x, torch.arange(30) % 10), SHAPE)


def test_the_ellipses_are_one_and_two_deviations_around_the_mean() -> None:
    _, middle, _ = draw(model()).axes
    q = model().encode(torch.rand(30, 6, generator=rng(1))[0]).base_dist
    ellipses = [patch for patch in middle.patches if isinstance(patch, Ellipse)]
    assert {ellipse.center for ellipse in ellipses} == {tuple(q.mean.tolist())}
    widths = sorted({ellipse.width for ellipse in ellipses})
    np.testing.assert_allclose(widths, [2 * q.stddev[0].item(), 4 * q.stddev[0].item()], rtol=1e-6)


def test_the_image_stands_left_and_six_samples_right() -> None:
    left, _, right = draw(model(), n_samples=9).axes
    shown = left.images[0].get_array()
    assert shown is not None
    np.testing.assert_allclose(shown, torch.rand(30, 6, generator=rng(1))[0].reshape(SHAPE))
    samples = right.images[0].get_array()
    assert samples is not None
    assert samples.shape == (3 * 2 + 2 * 2, 2 * 3 + 2)


def test_a_code_of_three_numbers_has_no_plane() -> None:
    with pytest.raises(UserError, match="n_latent 3: this figure needs one with 2"):
        draw(model(3))
