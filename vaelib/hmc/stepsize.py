"""The stepsize of HMC: tuned automatically to a target acceptance, as Appendix E asks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vaelib.checks.limits import NotNegative, OpenUnit, Positive, checked
from vaelib.errors import UserError


class Tuning(NamedTuple):
    """A stepsize on its way to a target acceptance, as tensors that a checkpoint can hold."""

    stepsize: Tensor  # broadcastable to the chains (...)
    n_reversals: Tensor  # of its shape: how often the error has changed its sign
    last_error: Tensor  # of its shape: acceptance − target at the last update; 0 before the first


@checked
def start_tuning(stepsize: Tensor | Positive, *, like: Tensor) -> Tuning:
    """A `Tuning` that begins at `stepsize`, in the dtype and on the device of `like`.

    >>> start_tuning(0.5, like=torch.zeros(3)).stepsize
    tensor(0.5000)
    """
    first = checked_stepsize(stepsize, like).clone()
    return Tuning(first, torch.zeros_like(first), torch.zeros_like(first))


@checked
def tune(
    tuning: Tuning,
    acceptance: Tensor,
    *,
    target: OpenUnit = 0.9,
    gain: Positive = 4.0,
    decay: NotNegative = 0.75,
    smallest_gain: NotNegative = 0.0,
) -> Tuning:
    """One step of stochastic approximation towards the stepsize that accepts `target`.

    log stepsize ← log stepsize + g (acceptance − target) (Robbins and Monro, 1951), by at most
    a factor e. The gain is g = gain / (1 + n)^decay after n changes of the error's sign (Kesten,
    1958): it stays large while the stepsize is on its way, and falls once it is there.

    The default gain is near 1 over the slope of the acceptance in log stepsize, which is 0.2 at
    90 % for a Gaussian target, where acceptance = 2 Φ(−c stepsize²) (Neal 2011, section 5.4.4).

    Args:
        acceptance: `(...)`, the probabilities of one transition; averaged over the chains that
            share a stepsize, which are the dimensions along which `tuning.stepsize` is broadcast.
        gain: g before the first change of sign.
        decay: between ½ and 1 for convergence on a target that stands still.
        smallest_gain: where g stops falling; positive for a target that changes, as in training.

    Raises:
        UserError: for a target outside (0, 1), or another number that is none of these.

    >>> tuning = tune(start_tuning(0.5, like=torch.zeros(2)), torch.tensor([1.0, 0.9]))
    >>> bool(tuning.stepsize > 0.5)  # too many were accepted
    True
    """
    error = _mean_to_shape(acceptance - target, tuning.stepsize.shape)
    n_reversals = tuning.n_reversals + (error * tuning.last_error < 0.0)
    g = (gain * (1.0 + n_reversals) ** -decay).clamp(min=smallest_gain)
    return Tuning(tuning.stepsize * (g * error).clamp(-1.0, 1.0).exp(), n_reversals, error)


@checked
def checked_stepsize(stepsize: Tensor | Positive, like: Tensor) -> Tensor:
    """The stepsize as a tensor, in the dtype and on the device of `like`.

    Raises:
        UserError: if it is not positive and finite everywhere.

    >>> checked_stepsize(0.25, torch.zeros((), dtype=torch.float64))
    tensor(0.2500, dtype=torch.float64)
    """
    tensor = torch.as_tensor(stepsize, dtype=like.dtype, device=like.device)
    if not bool(((tensor > 0.0) & tensor.isfinite()).all()):
        raise UserError(
            f"The stepsize has a smallest value of {float(tensor.min())} and a largest of "
            f"{float(tensor.max())}; it must be positive and finite."
        )
    return tensor


def _mean_to_shape(tensor: Tensor, shape: torch.Size) -> Tensor:
    summed = tensor.sum_to_size(shape)
    return summed * (summed.numel() / tensor.numel())
