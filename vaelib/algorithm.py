"""The face that every learning algorithm shows to the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from torch import Tensor

from vaelib.checks.shapes import Float, Int
from vaelib.model import VariationalAutoencoder


class Batch(NamedTuple):
    """A minibatch: the pixels `(M, n_pixels)`, and which training points they are, `(M,)` int64."""

    x: Float[Tensor, "M n_pixels"]
    indices: Int[Tensor, "M"]


class Algorithm(Protocol):
    """One way to fit a model; `training.py` knows no more of it than this.

    Attributes:
        model: what is fitted.
        n_train: N, as it was told.
        objective: the metric, higher is better, by which stepsizes are compared.
    """

    model: VariationalAutoencoder
    n_train: int
    objective: str

    def step(self, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """Update the parameters once; return 0-d metrics, in nats per datapoint."""

    def state_dict(self) -> dict[str, Tensor]:
        """All that a bit-identical resume needs beside the model's weights."""

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave.

        Raises:
            UserError: for a state of another algorithm or of other sizes, and DivergedError for one
                with a NaN, as `check_state` says; nothing is changed then.
        """


def nest(parts: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """One flat state of several.

    >>> import torch
    >>> nest({"phi": {"a": torch.ones(2)}, "theta": {"a": torch.zeros(1)}})
    {'phi/a': tensor([1., 1.]), 'theta/a': tensor([0.])}
    """
    return {f"{part}/{key}": value for part, state in parts.items() for key, value in state.items()}


def unnest(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """The inverse of `nest` for one part.

    >>> import torch
    >>> unnest({"phi/a": torch.ones(2), "theta/a": torch.zeros(1)}, "phi")
    {'a': tensor([1., 1.])}
    """
    prefix = f"{part}/"
    return {key.removeprefix(prefix): t for key, t in state.items() if key.startswith(prefix)}
