"""Hybrid (Hamiltonian) Monte Carlo, batched: many chains move in one tensor operation.

Appendices D and E sample from the posterior p(z|x) with it. A chain with position z and momentum
r follows the leapfrog discretisation of the dynamics of the energy H(z, r) = −log p(z) + ½|r|²
(unit mass), and accepts the end point with probability min(1, exp(−ΔH)), which leaves p(z)
invariant for every stepsize.

The face is functional: `init` makes a state; `kernel` makes a transition from (state, stepsize)
to (state, info); `sample` runs whole chains, with the stepsize tuned by `vaelib.hmc.stepsize`.

Sources: Duane, Kennedy, Pendleton and Roweth (1987), Physics Letters B 195; Neal (2011), "MCMC
using Hamiltonian dynamics", in the Handbook of Markov Chain Monte Carlo.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from vaelib.checks.limits import Count, OpenUnit, Positive, Whole, checked, number_rule
from vaelib.checks.shapes import Bool, Float
from vaelib.errors import UserError
from vaelib.hmc.effective_sample_size import of_chains
from vaelib.hmc.log_density import LogDensity as LogDensity
from vaelib.hmc.log_density import with_gradient
from vaelib.hmc.stepsize import checked_stepsize, start_tuning, tune

Jitter = Annotated[float, number_rule(lambda value: 0 <= value < 1, "0 or a number below 1")]
DIVERGENCE_THRESHOLD = 1000.0
"""A gain of energy, in nats, above which a transition counts as divergent; Stan's value."""


class HMCState(NamedTuple):
    """Where the chains are; the gradient is carried so that no transition computes it twice."""

    position: Tensor  # (..., d)
    log_density: Tensor  # (...)
    gradient: Tensor  # (..., d)


class HMCInfo(NamedTuple):
    """What one transition did, per chain."""

    acceptance_probability: Tensor  # (...), in [0, 1]
    accepted: Tensor  # (...), bool
    energy_error: Tensor  # (...), H(end) - H(start) in nats; may be inf or NaN where divergent
    divergent: Tensor  # (...), bool


class Diagnostics(NamedTuple):
    """How trustworthy the chains of `sample` are."""

    acceptance: Tensor  # (...), mean acceptance probability after burn-in
    divergences: Tensor  # (...), int64, number of divergent transitions after burn-in
    effective_sample_size: Tensor  # (..., d), of each chain's n_samples draws
    stepsize: Tensor  # the tuned stepsize, broadcastable to (...)


Move = Callable[[HMCState, Tensor, Tensor, Tensor], tuple[HMCState, HMCInfo]]
"""`propose_and_accept` on one density: (state, momentum, uniform, stepsize) to (state, info)."""


@runtime_checkable
class HasTransition(Protocol):
    """What a log density may have besides: `propose_and_accept` in a form of its own."""

    def transition(self, n_leapfrog: int) -> Move:
        """The transition of so many leapfrog steps."""


def init(position: Float[Tensor, "*chains d"], log_density: LogDensity) -> HMCState:
    """The state of chains that start at `position`.

    The gradient is the log density's own where it has one (see `vaelib.hmc.log_density`),
    otherwise autograd's.

    Raises:
        UserError: if a position is not finite, or the log density is not of shape `(...)`, does
            not depend on the position, or is not finite there.

    >>> init(torch.tensor([[3.0, 4.0]]), lambda z: -0.5 * z.square().sum(-1)).gradient
    tensor([[-3., -4.]])
    """
    if position.ndim == 0 or not position.is_floating_point():
        raise UserError(
            f"The initial position has shape {tuple(position.shape)} and type {position.dtype}; "
            "give a floating-point tensor of shape (..., d)."
        )
    if position.numel() == 0:
        raise UserError(
            f"The initial position has shape {tuple(position.shape)}, which holds no chain or no "
            "dimension; give at least one of each."
        )
    if not bool(position.isfinite().all()):
        raise UserError(
            f"The initial position has {_n_chains_not_finite(position)} chains with NaN or "
            "infinite coordinates; start every chain at a finite point."
        )
    value, gradient = with_gradient(log_density).value_and_gradient(position.detach())
    if not bool(value.isfinite().all() & gradient.isfinite().all()):
        n_bad = _n_chains_not_finite(torch.cat([value[..., None], gradient], dim=-1))
        raise UserError(
            f"The log density or its gradient is NaN or infinite at the initial position of "
            f"{n_bad} of {value.numel()} chains; start where the density is positive and finite."
        )
    return HMCState(position.detach(), value, gradient)


def leapfrog(
    log_density: LogDensity,
    state: HMCState,
    momentum: Float[Tensor, "*chains d"],
    stepsize: Tensor | float,
    *,
    n_leapfrog: int,
) -> tuple[HMCState, Float[Tensor, "*chains d"], Bool[Tensor, "*chains"]]:
    """The leapfrog integrator, without acceptance: reversible, and preserving volume.

    Returns:
        the state at the end, the momentum at the end, and whether the trajectory stayed finite;
        one that did not is waiting at its start.

    >>> log_density = lambda z: -0.5 * z.square().sum(-1)
    >>> start, still = init(torch.tensor([[1.0]]), log_density), torch.zeros(1, 1)
    >>> end, momentum, _ = leapfrog(log_density, start, still, torch.pi / 100, n_leapfrog=50)
    >>> bool(end.position.abs() < 1e-3), round(momentum.item(), 3)  # a quarter of a period
    (True, -1.0)
    """
    epsilon = torch.as_tensor(stepsize, dtype=momentum.dtype, device=momentum.device).unsqueeze(-1)
    density = with_gradient(log_density)
    position, value, gradient = state
    finite = torch.ones_like(value, dtype=torch.bool)
    momentum = momentum + 0.5 * epsilon * gradient
    for i in range(n_leapfrog):
        proposal = position + epsilon * momentum
        # Not passed on to the density, which may refuse a NaN.
        finite = finite & proposal.isfinite().all(-1)
        position = torch.where(finite.unsqueeze(-1), proposal, state.position)
        if i < n_leapfrog - 1:
            momentum = momentum + epsilon * density.gradient(position)
        else:
            # On the way the energy is not asked for.
            value, gradient = density.value_and_gradient(position)
            momentum = momentum + 0.5 * epsilon * gradient
    return HMCState(position, value, gradient), momentum, finite


def propose_and_accept(
    log_density: LogDensity,
    state: HMCState,
    momentum: Float[Tensor, "*chains d"],
    uniform: Float[Tensor, "*chains"],
    stepsize: Tensor,
    *,
    n_leapfrog: int,
) -> tuple[HMCState, HMCInfo]:
    """The transition of `kernel` with all that is random given: r ~ N(0, I), u ~ U[0, 1).

    >>> log_density = lambda z: -0.5 * z.square().sum(-1)
    >>> start, one = init(torch.zeros(1, 1), log_density), torch.ones(1, 1)
    >>> propose_and_accept(log_density, start, one, one[0], one[0], n_leapfrog=1)[1].accepted
    tensor([False])
    """
    start = state.position
    end, end_momentum, finite = leapfrog(
        log_density, state, momentum, stepsize, n_leapfrog=n_leapfrog
    )
    energy_error = _energy(end.log_density, end_momentum) - _energy(state.log_density, momentum)
    finite = finite & energy_error.isfinite() & end.gradient.isfinite().all(-1)
    probability = torch.where(finite, (-energy_error).clamp(max=0.0).exp(), 0.0)
    accepted = uniform < probability
    new = HMCState(
        torch.where(accepted.unsqueeze(-1), end.position, start),
        torch.where(accepted, end.log_density, state.log_density),
        torch.where(accepted.unsqueeze(-1), end.gradient, state.gradient),
    )
    divergent = ~finite | (energy_error > DIVERGENCE_THRESHOLD)
    return new, HMCInfo(probability, accepted, energy_error, divergent)


@checked
def kernel(
    log_density: LogDensity, *, n_leapfrog: Count, generator: torch.Generator
) -> Callable[[HMCState, Tensor | float], tuple[HMCState, HMCInfo]]:
    """One HMC transition of every chain, as a function (state, stepsize) -> (state, info).

    It draws momenta r ~ N(0, I), takes `n_leapfrog` leapfrog steps at the cost of one gradient
    each (Neal 2011, section 5.2.3), and accepts by the Metropolis rule (section 5.3.2). The
    stepsize is a number, or a tensor broadcastable to the chains `(...)`. A trajectory that
    leaves the finite numbers, or gains more than DIVERGENCE_THRESHOLD nats, is divergent; one
    whose energy is not finite is rejected, so a state never holds a NaN.

    Raises:
        UserError: for less than one leapfrog step; and from the transition, for a stepsize that
            is not positive and finite.

    >>> log_density = lambda z: -0.5 * z.square().sum(-1)
    >>> transition = kernel(log_density, n_leapfrog=5, generator=torch.Generator().manual_seed(0))
    >>> state, info = transition(init(torch.zeros(1000, 2), log_density), 0.1)
    >>> bool(info.acceptance_probability.mean() > 0.99)
    True
    """
    if isinstance(log_density, HasTransition):
        move = log_density.transition(n_leapfrog)
    else:
        move = partial(propose_and_accept, log_density, n_leapfrog=n_leapfrog)

    def transition(state: HMCState, stepsize: Tensor | float) -> tuple[HMCState, HMCInfo]:
        epsilon = checked_stepsize(stepsize, state.log_density)
        start = state.position
        momentum = start.new_empty(start.shape).normal_(generator=generator)
        uniform = start.new_empty(start.shape[:-1]).uniform_(generator=generator)
        return move(state, momentum, uniform, epsilon)

    return transition


@checked
def sample(
    log_density: LogDensity,
    position: Float[Tensor, "*chains d"],
    *,
    n_samples: Count,
    n_leapfrog: Count,
    stepsize: Tensor | Positive,
    n_burn_in: Whole,
    generator: torch.Generator,
    target_acceptance: OpenUnit = 0.9,
    thinning: Count = 1,
    jitter: Jitter = 0.5,
) -> tuple[Float[Tensor, "n *chains d"], Diagnostics]:
    """Draw `n_samples` states of every chain.

    The stepsize is tuned during the burn-in and then held. Each transition multiplies it by a
    uniform factor in 1 ± `jitter`, for each chain anew: a trajectory of fixed length that is near
    a multiple of half a period of the dynamics comes back to the same distance from the mode, so
    that the spread of the samples mixes slowly (Neal 2011, section 5.4.2.2).

    Args:
        log_density: of the target; each chain may have its own.
        position: where the chains start.
        n_samples: draws to keep of each chain.
        n_leapfrog: leapfrog steps in a transition.
        stepsize: where the tuning begins. A tensor `(...)` is tuned for each chain; along
            dimensions of size 1, or missing in front, it is shared.
        n_burn_in: transitions before the first draw.
        target_acceptance: of the tuning.
        thinning: transitions for each draw that is kept.

    Raises:
        UserError: for settings out of range, a start that `init` refuses, or a flat density.

    >>> draws, diagnostics = sample(
    ...     lambda z: -0.5 * (z - 3.0).square().sum(-1), torch.zeros(500, 1),
    ...     n_samples=20, n_leapfrog=5, stepsize=0.5, n_burn_in=20,
    ...     generator=torch.Generator().manual_seed(0),
    ... )
    >>> draws.shape, bool((draws.mean() - 3.0).abs() < 0.1), bool((draws.std() - 1.0).abs() < 0.1)
    (torch.Size([20, 500, 1]), True, True)
    """
    state = init(position, log_density)
    step = kernel(log_density, n_leapfrog=n_leapfrog, generator=generator)
    tuning = start_tuning(stepsize, like=state.log_density)

    def transition(state: HMCState) -> tuple[HMCState, HMCInfo]:
        like = state.log_density
        uniform = like.new_empty(like.shape).uniform_(generator=generator)
        return step(state, tuning.stepsize * (1.0 + jitter * (2.0 * uniform - 1.0)))

    for _ in range(n_burn_in):
        state, info = transition(state)
        tuning = tune(tuning, info.acceptance_probability, target=target_acceptance)
    samples = position.new_empty((n_samples, *position.shape))
    acceptance = torch.zeros_like(state.log_density)
    divergences = torch.zeros_like(state.log_density, dtype=torch.int64)
    for draw in range(n_samples):
        for _ in range(thinning):
            state, info = transition(state)
            acceptance += info.acceptance_probability / (n_samples * thinning)
            divergences += info.divergent
        samples[draw] = state.position
    if bool(info.accepted.all()) and not bool(state.gradient.any()):
        raise UserError(
            "The log density is flat: its gradient is zero at every chain; HMC needs a density "
            "that can be normalised."
        )
    return samples, Diagnostics(acceptance, divergences, of_chains(samples), tuning.stepsize)


def _energy(log_density: Tensor, momentum: Tensor) -> Tensor:
    return 0.5 * momentum.square().sum(-1) - log_density


def _n_chains_not_finite(tensor: Tensor) -> int:
    return int((~tensor.isfinite()).any(-1).sum())
