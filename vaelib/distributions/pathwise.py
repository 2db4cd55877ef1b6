"""A distribution written as noise without parameters and a function g of it, section 2.4."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vaelib.checks.limits import Finite, Whole, check_argument, checked
from vaelib.errors import UserError

# The parameters that may take any sign; all others are positive.
_REAL = frozenset({"loc", "low", "high", "scale_tril"})


@dataclass(frozen=True)
class Noise:
    """A distribution of ε without parameters."""

    label: str  # its name, in LaTeX
    # Like `torch.randn`: a shape, and by keyword generator, dtype and device, to a tensor.
    draw: Callable[..., Tensor]
    support: tuple[float, float] = (-math.inf, math.inf)  # the open interval that g is defined on


def _uniform(shape: Sequence[int], *, dtype: torch.dtype, **source: Any) -> Tensor:
    # The midpoints of 1/eps equal cells: never 0 or 1, and 1 − ε is exact.
    eps = torch.finfo(dtype).eps
    return (torch.randint(round(1 / eps), tuple(shape), **source).to(dtype) + 0.5) * eps


def _laplace(shape: Sequence[int], **how: Any) -> Tensor:
    v = 2 * _uniform(shape, **how) - 1
    return -v.sign() * torch.log1p(-v.abs())


def _triangular(shape: Sequence[int], **how: Any) -> Tensor:
    return _uniform(shape, **how) + _uniform(shape, **how) - 1


def _ball(shape: Sequence[int], **how: Any) -> Tensor:
    direction = torch.nn.functional.normalize(torch.randn(tuple(shape), **how), dim=-1)
    return direction * _uniform((*shape[:-1], 1), **how) ** (1 / shape[-1])


def _normal_and_uniform(shape: Sequence[int], **how: Any) -> Tensor:
    one = (*shape[:-1], 1)
    return torch.cat([torch.randn(one, **how), _uniform(one, **how)], -1)


UNIFORM = Noise(r"$\mathcal{U}(0, 1)$", _uniform, support=(0.0, 1.0))
NORMAL = Noise(r"$\mathcal{N}(0, 1)$", torch.randn)
LAPLACE = Noise("Laplace(0, 1)", _laplace)
TRIANGULAR = Noise("triangular on (−1, 1)", _triangular)
BALL = Noise("uniform in the unit ball", _ball)
NORMAL_AND_UNIFORM = Noise(
    r"$\epsilon_1$ from $\mathcal{N}(0, 1)$, $\epsilon_2$ from $\mathcal{U}(0, 1)$",
    _normal_and_uniform,
)


@dataclass(frozen=True)
class Reparameterization:
    r"""One distribution: where its noise comes from, and how g turns it into z.

    >>> gumbel = Reparameterization(
    ...     "Gumbel", r"-\log(-\log \epsilon)", lambda e, *, loc: loc - torch.log(-torch.log(e))
    ... )
    >>> gumbel(torch.tensor([0.1, 0.5, 0.9]), loc=1.0)
    tensor([0.1660, 1.3665, 3.2504])
    """

    title: str  # the paper's name
    formula: str  # g in LaTeX
    transform: Callable[..., Tensor]  # g(ε, *, parameters), without checks
    noise: Noise = UNIFORM
    implicit: tuple[str, ...] = ()  # the parameters in which the derivative of g is implicit
    constant: tuple[str, ...] = ()  # those in which it has none, because they are integers
    # The trailing shape of ε for one draw, from the parameters.
    event: Callable[[Mapping[str, Tensor]], tuple[int, ...]] = lambda p: ()
    # How many dimensions one value of a parameter has, where it is not a scalar.
    vectors: Mapping[str, int] = field(default_factory=dict)
    # What is wrong with the parameters together, and the remedy; "" if nothing is.
    check: Callable[[Mapping[str, Tensor]], str] = lambda p: ""
    note: str = ""  # what the paper's recipe leaves open, and what was chosen

    @property
    def name(self) -> str:
        """The title as a Python name: "students_t", "chi_squared"."""
        return re.sub(r"[ -]", "_", self.title.lower().replace("'", ""))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of g's parameters."""
        return tuple(inspect.signature(self.transform).parameters)[1:]

    def __call__(self, epsilon: Tensor, **parameters: Tensor | float) -> Tensor:
        """z = g(ε, parameters), differentiable in the parameters.

        Args:
            epsilon: the noise, shaped as `draw_noise` gives it.
            parameters: floats, or tensors that broadcast with z.

        Raises:
            UserError: for a missing, unknown or impossible parameter, or impossible noise.
        """
        tensors = self._validated(parameters, like=epsilon)
        low, high = self.noise.support
        # A NaN fails this comparison too.
        if not ((epsilon > low) & (epsilon < high)).all():
            raise UserError(f"{self.name}: epsilon leaves ({low:g}, {high:g}): use draw_noise")
        event = self.event(tensors)
        if epsilon.shape[epsilon.ndim - len(event) :] != event:
            raise UserError(
                f"{self.name}: epsilon has shape {tuple(epsilon.shape)}, but one draw takes noise "
                f"of shape {event}: let that be its last dimension, as draw_noise does"
            )
        return self.transform(epsilon, **tensors)

    @checked
    def draw_noise(
        self,
        shape: Sequence[Whole] = (),
        *,
        generator: torch.Generator,
        **parameters: Tensor | float,
    ) -> Tensor:
        """ε for `shape` independent draws at each value of the parameters.

        The parameters give only the shape and the dtype, never the values.

        Returns:
            `(*shape, *batch)`, where batch is what the parameters broadcast to, with a trailing
            dimension where one z takes several numbers.

        Raises:
            UserError: for bad parameters, or shapes that do not broadcast.
        """
        given = [p.dtype for p in parameters.values() if isinstance(p, Tensor)]
        dtype = next((d for d in given if d.is_floating_point), torch.get_default_dtype())
        tensors = self._validated(parameters, like=torch.empty(0, dtype=dtype))
        shapes = [tuple(t.shape[: t.ndim - self.vectors.get(n, 0)]) for n, t in tensors.items()]
        try:
            batch = torch.broadcast_shapes(*shapes)
        except RuntimeError:
            raise UserError(
                f"{self.name}: {listed(tensors)} have shapes {listed(map(str, shapes))}, which do "
                "not broadcast: make them equal, or pass scalars"
            ) from None
        size = (*shape, *batch, *self.event(tensors))
        return self.noise.draw(size, generator=generator, dtype=dtype, device=generator.device)

    @checked
    def sample(
        self,
        shape: Sequence[Whole] = (),
        *,
        generator: torch.Generator,
        **parameters: Tensor | float,
    ) -> Tensor:
        """g at fresh noise: `shape` independent draws of z at each value of the parameters."""
        return self(self.draw_noise(shape, generator=generator, **parameters), **parameters)

    def _validated(
        self, parameters: Mapping[str, Tensor | float], *, like: Tensor
    ) -> dict[str, Tensor]:
        if set(parameters) != set(self.parameters):
            raise UserError(
                f"{self.name} was given {listed(parameters)}: give {listed(self.parameters)}"
            )
        tensors: dict[str, Tensor] = {}
        for name in self.parameters:
            value = parameters[name]
            check_argument(f"{self.name}: {name}", value, Tensor | Finite)
            if not isinstance(value, Tensor):
                value = torch.as_tensor(value, dtype=like.dtype, device=like.device)
            if not value.isfinite().all():
                raise UserError(f"{self.name}: {name} is not finite: give finite numbers")
            if name not in _REAL and not (value > 0).all():
                raise UserError(
                    f"{self.name}: {name} is {value.min().item():g}: give positive numbers"
                )
            if value.ndim < self.vectors.get(name, 0):
                raise UserError(
                    f"{self.name}: {name} has shape {tuple(value.shape)}: "
                    f"give {self.vectors[name]} dimensions or more"
                )
            tensors[name] = value
        problem = self.check(tensors)
        if problem:
            raise UserError(f"{self.name}: {problem}")
        return tensors


def listed(names: Iterable[str]) -> str:
    """The names in a sentence.

    >>> listed(["loc", "scale"]), listed([])
    ('loc, scale', 'nothing')
    """
    return ", ".join(names) or "nothing"
