"""What the sampler's benchmark samples from: ours and others' have the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from vaelib.model import VariationalAutoencoder


@dataclass(frozen=True)
class Setting:
    """What is sampled. Each of the two rounds of Appendix D has `n_chains` for a datapoint."""

    n_datapoints: int = 1000
    n_samples: int = 50
    n_leapfrog: int = 4
    n_chains: int = 5
    n_burn_in: int = 6
    chunk_size: int = 50
    n_latent: int = 3
    n_hidden: int = 100
    n_pixels: int = 784
    minibatch_size: int = 100
    n_leapfrog_mcem: int = 10
    n_e_steps: int = 100
    seed: int = 0

    @property
    def draws_of_a_chain(self) -> int:
        return math.ceil(self.n_samples / self.n_chains)

    @property
    def leapfrog_steps(self) -> int:
        """One for each step of each chain, burn-in included."""
        transitions = self.n_burn_in + self.draws_of_a_chain
        return self.n_datapoints * 2 * self.n_chains * transitions * self.n_leapfrog

    @property
    def leapfrog_steps_mcem(self) -> int:
        """One for each step of each chain of the E-steps."""
        rows = min(self.minibatch_size, self.n_datapoints)
        return rows * self.n_leapfrog_mcem * self.n_e_steps


class Problem(NamedTuple):
    model: VariationalAutoencoder
    x: Tensor  # (n_datapoints, n_pixels)
    z: Tensor  # (n_datapoints, n_latent): each a draw from p(z|x), where chains may start
