"""Looks at numbers on their way, so that no result is silently NaN.

Training steps look, too. On a CPU this costs some microseconds; on a GPU each look would make the
host wait, so that there only `check_data` looks at values, and `Trainer` finds what went wrong when
it looks at the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vaelib.checks.shapes import Float
from vaelib.errors import DivergedError, UserError


def on_cpu(tensor: Tensor) -> bool:
    """Whether a look at a value of the tensor costs nothing to speak of.

    >>> on_cpu(torch.zeros(1)), on_cpu(torch.zeros(1, device="meta"))
    (True, False)
    """
    return tensor.device.type == "cpu"


def all_finite(tensor: Tensor) -> bool:
    """Whether no value is NaN or infinite.

    >>> all_finite(torch.tensor([1e38, 3e38])), all_finite(torch.tensor([1.0, torch.nan]))
    (True, False)
    """
    # A sum passes once over memory. It may overflow, so that only one of its answers is final.
    return math.isfinite(tensor.detach().sum().item()) or bool(tensor.isfinite().all())


def check_data(x: Tensor, *, n_dimensions: int = 2) -> None:
    """Look whether x is a set of datapoints.

    Raises:
        UserError: if it is not `(M, n_pixels)`, is empty, or holds a NaN or an infinity.

    >>> check_data(torch.zeros(4))
    Traceback (most recent call last):
    vaelib.errors.UserError: x has shape (4,) and 0 values that are not finite: pass a tensor ...
    """
    if x.ndim != n_dimensions or x.numel() == 0 or not all_finite(x):
        raise UserError(
            f"x has shape {tuple(x.shape)} and {int((~x.isfinite()).sum())} values that are not "
            "finite: pass a tensor (M, n_pixels) of finite pixels with at least one datapoint"
        )


def check_floats(x: Tensor) -> None:
    """Look whether x holds floating-point numbers.

    Raises:
        UserError: if it holds integers, bools or complex numbers.

    >>> check_floats(torch.tensor([0, 255]))
    Traceback (most recent call last):
    vaelib.errors.UserError: x holds int64: pass floating-point pixels, such as ...
    """
    if not x.is_floating_point():
        raise UserError(no_floats(str(x.dtype).removeprefix("torch."), "x.float()"))


def no_floats(kind: str, remedy: str) -> str:
    """The sentence on data of another kind.

    >>> no_floats("bool", "x.float()")
    'x holds bool: pass floating-point pixels, such as x.float()'
    """
    if kind != "bool":
        remedy += " / 255 for bytes"
    return f"x holds {kind}: pass floating-point pixels, such as {remedy}"


def check_like(x: Tensor, parameter: Tensor) -> None:
    """Look whether x is a tensor in the dtype and on the device of a model's parameter.

    Raises:
        UserError: if it is not.

    >>> check_like(torch.zeros(2, dtype=torch.float64), torch.zeros(3))
    Traceback (most recent call last):
    vaelib.errors.UserError: x holds torch.float64, but the model torch.float32: pass ...
    """
    if not isinstance(x, Tensor):
        raise UserError(f"x is a {type(x).__name__}: pass a tensor")
    if x.device != parameter.device:
        raise UserError(
            f"x is on {x.device}, but the model on {parameter.device}: pass "
            f"x.to({str(parameter.device)!r})"
        )
    if x.dtype != parameter.dtype:
        raise UserError(
            f"x holds {x.dtype}, but the model {parameter.dtype}: pass x.to({parameter.dtype})"
        )


def check_pixels(x: Tensor, n_pixels: int) -> None:
    """Look whether x has as many pixels as the decoder.

    Raises:
        UserError: if not; one pixel would be broadcast to all of them.

    >>> check_pixels(torch.zeros(8, 1), 4)
    Traceback (most recent call last):
    vaelib.errors.UserError: x has shape (8, 1), but the decoder gives 4 pixels: pass x of ...
    """
    if x.shape[-1:] != (n_pixels,):
        raise UserError(
            f"x has shape {tuple(x.shape)}, but the decoder gives {n_pixels} pixels: pass x of "
            "shape (..., n_pixels)"
        )


def check_noise(epsilon: Tensor, *, like: Tensor) -> None:
    """Look whether epsilon is noise `(L, M, n_latent)` for means `(M, n_latent)`.

    Raises:
        UserError: if its dimensions or its dtype do not match, or it holds a NaN or an infinity.

    >>> check_noise(torch.zeros(8, 2), like=torch.zeros(8, 2))
    Traceback (most recent call last):
    vaelib.errors.UserError: epsilon has shape (8, 2), but the encoder gives means of shape ...
    """
    n_rows, n_latent = like.shape[-2:]
    fits = epsilon.shape[-1:] == (n_latent,) and epsilon.shape[-2:-1] in ((n_rows,), (1,))
    if not fits or epsilon.ndim != like.ndim + 1 or len(epsilon) == 0:
        raise UserError(
            f"epsilon has shape {tuple(epsilon.shape)}, but the encoder gives means of shape "
            f"{tuple(like.shape)}: pass epsilon of shape (L, M, n_latent), as sgvb.noise does"
        )
    if epsilon.dtype != like.dtype:
        raise UserError(
            f"epsilon holds {epsilon.dtype}, but the encoder gives {like.dtype}: draw it with "
            "sgvb.noise, which gives the type of x"
        )
    if on_cpu(epsilon) and not all_finite(epsilon):
        raise UserError("epsilon holds a NaN or an infinity: draw it with sgvb.noise")


def check_gaussian(
    mean: Float[Tensor, "*#shape"],
    scale: Float[Tensor, "*#shape"],
    *,
    of: str = "q",
    made_by: str = "the encoder's weights",
) -> None:
    """Look whether a Gaussian has parameters that one can have.

    Args:
        mean, scale: its parameters.
        of, made_by: for the message, which Gaussian it is and where to look.

    Raises:
        DivergedError: if a mean is not finite, or a standard deviation not positive and finite.

    >>> check_gaussian(torch.zeros(2), torch.tensor([1.0, 0.0]))
    Traceback (most recent call last):
    vaelib.errors.DivergedError: q has standard deviations from 0 to 1 and 0 means that are ...
    """
    if not on_cpu(scale):
        return
    low, high = (bound.item() for bound in torch.aminmax(scale.detach()))
    # A NaN fails this comparison too.
    if not (low > 0.0 and high < math.inf and all_finite(mean)):
        raise DivergedError(
            f"{of} has standard deviations from {low:g} to {high:g} and "
            f"{int((~mean.isfinite()).sum())} means that are not finite: the deviations must be "
            f"positive and finite; check {made_by}, or train with a smaller stepsize"
        )


def check_log_likelihood(value: Float[Tensor, "..."]) -> None:
    """Look whether log p(x|z), or what it is part of, is a number; −∞ is one, of an underflow.

    Raises:
        DivergedError: if a value is NaN or +∞.

    >>> check_log_likelihood(torch.tensor([-3.0, torch.nan]))
    Traceback (most recent call last):
    vaelib.errors.DivergedError: log p(x|z) is NaN or infinite for 1 of 2 pairs of x and z: ...
    """
    if on_cpu(value) and not all_finite(value) and not bool((value < math.inf).all()):
        n_bad = int((~(value < math.inf)).sum())
        raise DivergedError(
            f"log p(x|z) is NaN or infinite for {n_bad} of {value.numel()} pairs of x and z: check "
            "the decoder's weights and its standard deviation, or train with a smaller stepsize"
        )


def check_state(name: str, own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Look whether a state can be taken: it has the names, shapes and dtypes of the present one.

    Args:
        name: of what takes it, for the message.
        own: what its `state_dict` gives now.
        state: what is to be loaded.

    Raises:
        UserError: naming what differs.
        DivergedError: naming what holds a NaN.

    >>> check_state("AEVB", own={"steps": torch.tensor(3)}, state={"sums": torch.zeros(2)})
    Traceback (most recent call last):
    vaelib.errors.UserError: this is no state of this AEVB: it lacks steps and has sums besides...
    """
    missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    if missing or unknown:
        raise UserError(
            f"this is no state of this {name}: it lacks {_some(missing)} and has {_some(unknown)} "
            "besides; load it into what it was saved from"
        )
    for key, tensor in own.items():
        given = state[key]
        if (given.shape, given.dtype) != (tensor.shape, tensor.dtype):
            raise UserError(
                f"{key} of the state is {given.dtype} of shape {tuple(given.shape)}, but that of "
                f"this {name} {tensor.dtype} of shape {tuple(tensor.shape)}: build it with the "
                "settings, and on the kind of device, that the state was saved with"
            )
        # Not an infinity: a sum of squared gradients may overflow, and holds its weight still.
        if bool(given.isnan().any()):
            raise DivergedError(
                f"{key} of the state holds a NaN: take an earlier state, or train anew with a "
                "smaller stepsize"
            )


def _some(keys: Sequence[str]) -> str:
    """The first of the keys, and how many more there are."""
    if not keys:
        return "nothing"
    return keys[0] if len(keys) == 1 else f"{keys[0]} and {len(keys) - 1} more"
