"""How data enter: as whoever has them holds them, and in the model's own numbers from there on."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_data, check_floats, check_like, check_pixels, no_floats
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.networks import BernoulliMLP, check_intensities

Data: TypeAlias = Tensor | NDArray[np.floating[Any]]
"""Pixels `(N, n_pixels)`: a tensor, or a NumPy array such as scikit-learn and pandas give."""


def datapoints(model: VariationalAutoencoder, x: Data) -> Float[Tensor, "N n_pixels"]:
    """The data as a tensor in the dtype of the model's parameters; unchanged if they are one.

    Floats of another size are rounded to the model's, NumPy's float64 among them, and an array is
    taken to the model's device. Integers and bools are refused: bytes are no intensities.

    For a Bernoulli decoder pixels lie in [0, 1]. Outside, log p(x|z) is no log-probability and no
    cross-entropy, and grows without limit; standardised data would do so silently. A Gaussian
    decoder takes any finite pixels, also where its means pass through a sigmoid: the density is
    defined there, only the mean cannot follow.

    Args:
        model: whose parameters say dtype and device, and whose decoder says what pixels may be.
        x: `(N, n_pixels)`.

    Raises:
        UserError: if x is not of floats, sparse, on another device, empty, not `(N, n_pixels)`, not
            finite, or not in [0, 1] where it has to be.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> datapoints(model, np.full((2, 4), 0.5)).dtype
    torch.float32
    >>> datapoints(model, np.full((2, 4), 255, dtype=np.uint8))
    Traceback (most recent call last):
    vaelib.errors.UserError: x holds uint8: pass floating-point pixels, such as ...
    """
    like = next(model.parameters(), None)
    if isinstance(x, np.ndarray):
        x = _of_array(x, like)
    if not isinstance(x, Tensor):
        raise UserError(f"x is a {type(x).__name__}: pass a tensor or a NumPy array (N, n_pixels)")
    check_floats(x)
    if x.layout != torch.strided:
        raise UserError(f"x is laid out as {x.layout}: pass x.to_dense()")
    if like is not None:
        if like.device == x.device:
            x = x.to(like.dtype)
        check_like(x, like)
    check_data(x)
    if isinstance(model.decoder, BernoulliMLP):
        check_pixels(x, model.decoder.logits.out_features)
        check_intensities(x)
    return x


def _of_array(x: NDArray[Any], like: Tensor | None) -> Tensor:
    if isinstance(x, np.ma.MaskedArray):
        raise UserError("x is a masked array: fill what is hidden, as x.filled(0.0) does")
    if x.dtype.kind != "f":
        raise UserError(no_floats(str(x.dtype), "x.astype('float32')"))
    # A copy in the order of the bytes and of the pixels, and of a size, that PyTorch has.
    native = np.array(x, np.float64 if x.dtype.itemsize > 4 else np.float32, order="C")
    return torch.from_numpy(native).to(like if like is not None else torch.get_default_dtype())
