"""The linear codes that a latent space is compared with."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vaelib.checks.limits import Count, checked


class PrincipalComponents(NamedTuple):
    """The linear map of principal component analysis: codes = (x − mean) @ directions."""

    mean: Tensor  # (n_pixels,)
    directions: Tensor  # (n_pixels, n), orthonormal, by falling variance

    def __call__(self, x: Tensor) -> Tensor:
        """Codes `(M, n)` of x `(M, n_pixels)`."""
        return (x - self.mean) @ self.directions


@checked
def principal_components(x: Tensor, n: Count) -> PrincipalComponents:
    """The n directions of largest variance in x `(N, n_pixels)`."""
    mean = x.mean(0)
    _, vectors = torch.linalg.eigh((x - mean).T @ (x - mean))
    return PrincipalComponents(mean, vectors[:, -n:].flip(1))
