"""The bound that is had without a code: every pixel a Gaussian of its own."""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib.checks.tensors import check_data


def independent_pixels(train: Tensor, test: Tensor) -> tuple[float, float]:
    """What a Gaussian decoder reaches that ignores its code: one Gaussian for each pixel.

    Args:
        train: the points `(N, n_pixels)` that the means and variances are fitted to.
        test: points `(n, n_pixels)`.

    Returns:
        the mean log-density of `train` and of `test`, in nats per datapoint.

    Raises:
        UserError: if there is no point, or one that is not finite.
    """
    check_data(train)
    check_data(test)
    mean, std = train.double().mean(0), train.double().std(0, correction=0)
    pixels = torch.distributions.Normal(mean, std)
    reached = [pixels.log_prob(x.double()).sum(1).mean().item() for x in (train, test)]
    return reached[0], reached[1]
