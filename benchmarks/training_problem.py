"""The training steps that are timed: sizes, minibatch, training points."""

from __future__ import annotations

from typing import NamedTuple

M = 100
N = 10_000


class Case(NamedTuple):
    """A model's sizes; its decoder is Gaussian or Bernoulli."""

    name: str
    n_pixels: int
    n_hidden: int
    n_latent: int
    gaussian: bool


CASES = (
    Case("mnist", 784, 500, 20, gaussian=False),
    Case("frey_face", 560, 200, 10, gaussian=True),
)
