"""The face that every learning algorithm shows to the training loop, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from vaelib.checks.limits import Count, checked
from vaelib.checks.shapes import Float, Int
from vaelib.checks.tensors import check_state
from vaelib.model import VariationalAutoencoder
from vaelib.optimiser import MAPAdagrad


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


class Learner(Algorithm):
    """What the algorithms share: the state of their optimisers, tensors and generator.

    Args:
        model: what is fitted.
        n_train: N, the size of the training set.
        generator: all its randomness, on the model's device.
        optimisers: by the names under which their sums are stored.

    >>> from vaelib import AEVB, build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
    >>> learner = AEVB(model, n_train=8, stepsize=0.1, generator=generator(0, "noise"))
    >>> isinstance(learner, Learner), sorted(learner.state_dict())[:2]
    (True, ['generator/noise', 'optimiser/decoder.hidden.bias'])
    """

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        n_train: Count,
        generator: torch.Generator,
        **optimisers: MAPAdagrad,
    ) -> None:
        self.model = model
        self.n_train = n_train
        self._generator = generator
        self._optimisers = optimisers

    def tensors(self) -> dict[str, Tensor]:
        """What else it keeps, by name: the tensors themselves, and no copies."""
        return {}

    def state_dict(self) -> dict[str, Tensor]:
        """All that a bit-identical resume needs beside the model's weights."""
        return {
            **{name: tensor.clone() for name, tensor in self.tensors().items()},
            **nest({name: each.state_dict() for name, each in self._optimisers.items()}),
            "generator/noise": self._generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """As `Algorithm.load_state_dict`."""
        check_state(type(self).__name__, self.state_dict(), state)
        for name, tensor in self.tensors().items():
            tensor.copy_(state[name])
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(unnest(state, name))
        self._generator.set_state(state["generator/noise"])


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
