"""Tensors as JavaScript: a script that a page can load from a server or from a disk alike.

A page opened from a disk may load scripts and nothing else, so numbers travel as a string literal.
Written in UTF-16, each character of it is one float16: two bytes a number, and nothing is decoded
but a character.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from vaelib.errors import UserError

# From here on the bits of a float16 are those of a surrogate, which is no character by itself.
LARGEST = 128.0
# Line feed, carriage return, quotation mark and backslash end or bend a string literal. As
# float16 they are all below 6e-6, and take the next number up.
FORBIDDEN = (0x0A, 0x0D, 0x22, 0x5C)


def script(name: str, header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """A script that calls `explorers.receive(name, header, numbers)`.

    The header gets a field "tensors": the shape of each by name, in the order in which their
    values, by rows, stand in the string of numbers.

    Args:
        name: what the script is loaded by.
        header: what JSON can write.
        tensors: of any shape, with values below 128 in magnitude.

    Returns:
        the file in UTF-16, little endian, with its mark in front, by which every browser knows it
        whatever a server says.

    Raises:
        UserError: for a value that is too large or not finite.
    """
    shapes = {key: list(tensor.shape) for key, tensor in tensors.items()}
    text = json.dumps({**header, "tensors": shapes}, allow_nan=False)
    numbers = b"".join(float16_characters(key, tensor) for key, tensor in tensors.items())
    before = f'\ufeffexplorers.receive({json.dumps(name)}, {text}, "'
    return before.encode("utf-16-le") + numbers + '");\n'.encode("utf-16-le")


def float16_characters(name: str, tensor: Tensor) -> bytes:
    """The values rounded to float16, as UTF-16 characters that may stand in a string literal.

    Args:
        name: for the message.

    Raises:
        UserError: for a value that is too large or not finite.
    """
    values = tensor.detach().cpu().numpy().astype("<f2")
    if not (np.abs(values) < LARGEST).all():
        raise UserError(
            f"{name} holds {np.abs(values).max()}, and only numbers below {LARGEST:g} can be "
            "written for the browser: scale it, or train with a smaller stepsize"
        )
    characters = values.view("<u2")
    return np.where(np.isin(characters, FORBIDDEN), characters + 1, characters).tobytes()
