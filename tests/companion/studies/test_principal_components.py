"""The linear codes are those that singular values give."""

from __future__ import annotations

import torch

from companion.studies.principal_components import principal_components
from tests.helpers import rng


def test_principal_components_are_those_of_the_singular_values() -> None:
    x = torch.randn(50, 6, generator=rng(1), dtype=torch.float64) * torch.arange(1.0, 7.0)
    pca = principal_components(x, 3)
    _, values, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    torch.testing.assert_close(pca(x).square().sum(0), values[:3].square())
    torch.testing.assert_close(pca.directions.T @ pca.directions, torch.eye(3).double())
