"""Tensors as JavaScript: a script that a page can load from a server or from a disk alike.

A page opened from a disk may load scripts and nothing else, so numbers travel as a string literal.
In UTF-16 each character of it is one number in 16 bits, as a multiple of a step that is the
tensor's own: that rounds a network's weights by less than a float16 does, which has only eleven
bits for the number and spends the others on a range that no tensor needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from vaelib.checks.limits import Positive, checked
from vaelib.errors import UserError

# The character that stands for 0, and how many steps up and down from it there are. All of them lie
# between the characters that end or bend a string literal, which are below 0x80, and the halves of
# surrogate pairs, which begin at 0xD800.
ZERO, STEPS = 0x6C00, 27_000


def script(name: str, header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """A script that calls `explorers.receive(name, header, numbers)`.

    The header gets a field "tensors": by name, in the order in which their values, by rows, stand
    in the string of numbers, the shape of each and its step. A value is (character − ZERO) · step.

    Args:
        name: what the script is loaded by.
        header: what JSON can write, "zero" and "tensors" aside.
        tensors: of any shape.

    Returns:
        the file in UTF-16, little endian, with its mark in front, by which every browser knows it
        whatever a server says.

    Raises:
        UserError: for a value that is not finite.
    """
    steps = {key: step_of(key, tensor) for key, tensor in tensors.items()}
    described = {
        key: {"shape": list(tensor.shape), "step": steps[key]} for key, tensor in tensors.items()
    }
    text = json.dumps({**header, "zero": ZERO, "tensors": described}, allow_nan=False)
    numbers = b"".join(characters(tensor, steps[key]) for key, tensor in tensors.items())
    before = f'\ufeffexplorers.receive({json.dumps(name)}, {text}, "'
    return before.encode("utf-16-le") + numbers + '");\n'.encode("utf-16-le")


def step_of(name: str, tensor: Tensor) -> float:
    """The step by which `STEPS` of them reach the tensor's largest magnitude.

    Args:
        name: for the message.

    Raises:
        UserError: for a value that is not finite.
    """
    if not bool(tensor.isfinite().all()):
        raise UserError(
            f"{name} holds a value that is not finite, which cannot be written for the browser: "
            "train with a smaller stepsize"
        )
    largest = tensor.abs().max().item() if tensor.numel() else 0.0
    return largest / STEPS or 1.0


@checked
def characters(tensor: Tensor, step: Positive) -> bytes:
    """The values, rounded to whole steps, as UTF-16 characters."""
    values = tensor.detach().cpu().double().numpy()
    return (np.rint(values / step).astype(np.int64) + ZERO).astype("<u2").tobytes()
