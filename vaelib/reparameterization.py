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
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_gaussian
from vaelib.distributions.families import FAMILIES
from vaelib.distributions.pathwise import Reparameterization, listed
from vaelib.errors import UserError

REPARAMETERIZATIONS: dict[str, Reparameterization] = {
    r.name: r for members in FAMILIES.values() for r in members
}


def gaussian(
    mean: Float[Tensor, "*#shape"],
    scale: Float[Tensor, "*#shape"],
    epsilon: Float[Tensor, "*#shape"],
) -> Float[Tensor, "*shape"]:
    """z = g_φ(ε, x) = μ + σ ⊙ ε with ε ~ N(0, I), Eqs 4 and 17 for the encoder of section 3.

    Raises:
        DivergedError: on a CPU, if a standard deviation is not positive or a number not finite.

    >>> mean = torch.tensor([1.0], requires_grad=True)
    >>> z = gaussian(mean, torch.tensor([2.0]), epsilon=torch.tensor([0.5]))
    >>> z.item(), torch.autograd.grad(z, mean)[0].item()
    (2.0, 1.0)
    """
    check_gaussian(mean, scale)
    return mean + scale * epsilon


def get(name: str) -> Reparameterization:
    """The reparameterization of this name.

    Raises:
        UserError: if there is none.

    >>> get("exponential")(torch.tensor([0.5]), rate=2.0)
    tensor([0.3466])
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
) -> Float[Tensor, "..."]:
    """Eq. 4: draws of the named distribution, differentiable in its parameters.

    Args:
        name: a key of `REPARAMETERIZATIONS`, such as "gamma".
        shape: independent draws at each value of the parameters.
        generator: the noise, on the parameters' device.
        parameters: floats or tensors by name, those of `get(name).parameters`.

    Raises:
        UserError: for an unknown name, or parameters that are missing, unknown or impossible.

    >>> from vaelib import generator
    >>> concentration = torch.tensor(3.0, requires_grad=True)
    >>> z = reparameterize(
    ...     "gamma", (10_000,), generator=generator(0), concentration=concentration, rate=1.0
    ... )
    >>> z.mean().backward()  # E[z] is the concentration, so that its derivative is 1
    >>> f"{z.mean():.1f}, {concentration.grad:.1f}"
    '3.0, 1.0'
    """
    return get(name).sample(shape, generator=generator, **parameters)
