"""log p(x, z) whose HMC transitions are compiled, for the E-steps and Appendix D of long runs.

A transition of ten leapfrog steps is hundreds of small operations between few matrix products. As
one graph the small ones are fused, and Python is left once for a transition.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from vaelib import hmc
from vaelib.arithmetic.compiling import compiled
from vaelib.checks.shapes import Float
from vaelib.hmc.latent_density import OneHiddenLayer, latent_density
from vaelib.hmc.log_density import LogDensity
from vaelib.hmc.sampler import HMCInfo, HMCState, Move
from vaelib.model import VariationalAutoencoder


def compiled_latent_density(
    model: VariationalAutoencoder, x: Float[Tensor, "M n_pixels"]
) -> LogDensity:
    """`latent_density`, up to rounding; compiled for a decoder of Appendix C.

    What is compiled is kept for all x and all models of one size.

    Raises:
        UserError: as `latent_density`, or, when it is used, if this machine cannot compile.

    >>> from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
    >>> not_of_appendix_c = ProbabilisticPCA.example().exact_model()
    >>> density = compiled_latent_density(not_of_appendix_c, torch.zeros(1, 6).double())
    >>> isinstance(density, hmc.HasTransition)  # nothing to compile
    False
    """
    density = latent_density(model, x)
    return _Compiled(density) if isinstance(density, OneHiddenLayer) else density


class _Compiled:
    def __init__(self, density: OneHiddenLayer) -> None:
        self._density = density
        self._tensors = tuple(vars(density).values())
        self._kind = type(density)
        self._shapes = tuple(tensor.shape for tensor in self._tensors)

    def __call__(self, z: Tensor) -> Tensor:
        return _value(self._kind, self._shapes, z.shape)(self._tensors, z)

    def gradient(self, position: Tensor) -> Tensor:
        return self._density.gradient(position)

    def value_and_gradient(self, position: Tensor) -> tuple[Tensor, Tensor]:
        return _value_and_gradient(self._kind, self._shapes, position.shape)(
            self._tensors, position
        )

    def transition(self, n_leapfrog: int) -> Move:
        def move(
            state: HMCState, momentum: Tensor, uniform: Tensor, stepsize: Tensor
        ) -> tuple[HMCState, HMCInfo]:
            own = _transition(self._kind, self._shapes, momentum.shape, stepsize.shape, n_leapfrog)
            return own(self._tensors, state, momentum, uniform, stepsize)

        return move


# The arguments say for what a graph is compiled; it holds nothing but the tensors that it is given.
Shapes = tuple[torch.Size, ...]
Tensors = tuple[Tensor, ...]


@cache
def _value(
    kind: type[OneHiddenLayer], shapes: Shapes, position: torch.Size
) -> Callable[[Tensors, Tensor], Tensor]:
    def value(tensors: Tensors, z: Tensor) -> Tensor:
        return kind(*tensors)(z)

    return compiled(value)


@cache
def _value_and_gradient(
    kind: type[OneHiddenLayer], shapes: Shapes, position: torch.Size
) -> Callable[[Tensors, Tensor], tuple[Tensor, Tensor]]:
    def value_and_gradient(tensors: Tensors, z: Tensor) -> tuple[Tensor, Tensor]:
        return kind(*tensors).value_and_gradient(z)

    return compiled(value_and_gradient)


@cache
def _transition(
    kind: type[OneHiddenLayer],
    shapes: Shapes,
    position: torch.Size,
    stepsize: torch.Size,
    n_leapfrog: int,
) -> Callable[[Tensors, HMCState, Tensor, Tensor, Tensor], tuple[HMCState, HMCInfo]]:
    @torch.no_grad()
    def transition(
        tensors: Tensors, state: HMCState, momentum: Tensor, uniform: Tensor, stepsize: Tensor
    ) -> tuple[HMCState, HMCInfo]:
        return hmc.propose_and_accept(
            kind(*tensors), state, momentum, uniform, stepsize, n_leapfrog=n_leapfrog
        )

    return compiled(transition)
