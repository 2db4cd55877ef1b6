"""The z of Fig. 4 stand where equal areas are equally probable."""

from __future__ import annotations

import torch
from torch import nn

from companion.experiments.manifold_grid import manifold_grid
from vaelib.model import VariationalAutoencoder


def test_manifold_grid_is_equally_spaced_in_probability() -> None:
    weight = nn.Linear(1, 1, dtype=torch.float64)
    model = VariationalAutoencoder(weight, weight, n_latent=2)
    z = manifold_grid(4, like=model)
    assert z.shape == (16, 2)
    assert z.isfinite().all()
    u = torch.special.ndtr(z).reshape(4, 4, 2)
    centres = torch.tensor([0.125, 0.375, 0.625, 0.875], dtype=torch.float64)
    torch.testing.assert_close(u[0, :, 0], centres)
    torch.testing.assert_close(u[:, 0, 1], centres.flip(0))
