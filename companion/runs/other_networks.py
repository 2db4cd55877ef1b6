"""Networks other than Appendix C's: runs name them, and whoever has them makes them known here.

A process knows those that were registered in it. Nothing is loaded by itself: a stored run holds
numbers, and no code.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from companion.runs.config import RunConfig
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder

Builder = Callable[[int], tuple[nn.Module, nn.Module]]
"""From n_latent to a new encoder and a new decoder."""

_known: dict[str, Builder] = {}


def register(name: str, builder: Builder) -> None:
    """Make networks known in this process, under the name that runs have for them."""
    _known[name] = builder


def build_others(config: RunConfig) -> VariationalAutoencoder:
    """The model of such a run at its start: PyTorch's own initial weights, by the run's seed.

    Raises:
        UserError: if nobody has made its networks known.
    """
    if config.networks not in _known:
        raise UserError(
            f"run {config} has networks of its own, which this process does not know: pass them to "
            "companion.own.training.train, as when it was begun"
        )
    # PyTorch initialises from its global generator, which is given back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        encoder, decoder = _known[config.networks](config.n_latent)
    return VariationalAutoencoder(encoder, decoder, n_latent=config.n_latent)
