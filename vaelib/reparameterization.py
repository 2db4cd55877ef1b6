"""Section 2.4: z = g(ε, parameters), so that gradients pass from z to the parameters.

Every distribution that the paper names is here. The noise ε has no parameters, and g is a plain
function: hold ε fixed, move the parameters, and z moves. Where g has no closed form its derivative
is implicit (see `vaelib.distributions.gamma_quantile`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaelib.checks.limits import Whole, checked
from vaelib.checks.tensors import check_gaussian
from vaelib.distributions.families import FAMILIES
from vaelib.distributions.pathwise import Reparameterization, listed
from vaelib.errors import UserError

REPARAMETERIZATIONS: dict[str, Reparameterization] = {
    r.name: r for members in FAMILIES.values() for r in members
}


def gaussian(mean: Tensor, scale: Tensor, epsilon: Tensor) -> Tensor:
    """z = g_φ(ε, x) = μ + σ ⊙ ε with ε ~ N(0, I), Eqs 4 and 17 for the encoder of section 3.

    Raises:
        DivergedError: on a CPU, if a standard deviation is not positive or a number not finite.
    """
    check_gaussian(mean, scale)
    return mean + scale * epsilon


def get(name: str) -> Reparameterization:
    """The reparameterization of this name.

    Raises:
        UserError: if there is none.
    """
    if name not in REPARAMETERIZATIONS:
        raise UserError(f"distribution {name!r} is not known: use {listed(REPARAMETERIZATIONS)}")
    return REPARAMETERIZATIONS[name]


@checked
def reparameterize(
    name: str,
    shape: Sequence[Whole] = (),
    *,
    generator: torch.Generator,
    **parameters: Tensor | float,
) -> Tensor:
    """Eq. 4: draws of the named distribution, differentiable in its parameters.

    Args:
        name: a key of `REPARAMETERIZATIONS`, such as "gamma".
        shape: independent draws at each value of the parameters.
        generator: the noise, on the parameters' device.
        parameters: floats or tensors by name, those of `get(name).parameters`.

    Raises:
        UserError: for an unknown name, or parameters that are missing, unknown or impossible.
    """
    return get(name).sample(shape, generator=generator, **parameters)
