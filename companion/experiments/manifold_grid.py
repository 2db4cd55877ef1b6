"""The z at which Fig. 4 is drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib.checks.limits import Count, checked
from vaelib.model import VariationalAutoencoder


@checked
def manifold_grid(n: Count, *, like: VariationalAutoencoder) -> Tensor:
    """The z of Fig. 4, `(n², 2)`, by row from the top left: z₁ grows to the right, z₂ upwards."""
    parameter = next(like.parameters())
    # Centres, because the CDF's inverse is infinite at 0 and 1.
    centres = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    quantiles = torch.special.ndtri(centres)
    second, first = torch.meshgrid(quantiles.flip(0), quantiles, indexing="ij")
    return torch.stack([first.flatten(), second.flatten()], -1).to(parameter)
