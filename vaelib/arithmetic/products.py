"""How matrix products are computed while training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor

from vaelib.checks.shapes import Float

Precision = Literal["float32", "bfloat16"]


def product(
    a: Float[Tensor, "n k"], b: Float[Tensor, "k m"], precision: Precision
) -> Float[Tensor, "n m"]:
    """a · b, in the dtype of a.

    With "bfloat16" both factors and the result are rounded to its 8 bits; the sums inside are of
    higher precision. Processors with instructions for it (AVX512-BF16, AMX) and GPUs do so about
    twice as fast. With "float32" nothing is rounded beyond the dtype.

    >>> x, one = torch.tensor([[1.001]]), torch.ones(1, 1)
    >>> [round(product(x, one, precision).item(), 4) for precision in ("float32", "bfloat16")]
    [1.001, 1.0]
    """
    if precision == "bfloat16":
        return (a.bfloat16() @ b.bfloat16()).to(a.dtype)
    return a @ b


@contextmanager
def fast_products() -> Iterator[None]:
    """Within it, float32 products on a CPU may go to oneDNN, which still computes in float32.

    PyTorch sends them there when it is allowed bfloat16 inputs. Only a processor with matrix units
    (AMX) then really rounds; there, products stay as they are. On others oneDNN is faster than
    PyTorch's default: on AMD processors by a factor of two.

    >>> with fast_products():
    ...     (torch.ones(2, 3) @ torch.ones(3, 1)).flatten()
    tensor([3., 3.])
    """
    if _rounds():
        yield
        return
    with _bfloat16_allowed():
        yield


@contextmanager
def _bfloat16_allowed() -> Iterator[None]:
    setting: Any = getattr(torch.backends.mkldnn, "matmul")  # noqa: B009, unknown to the stubs
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


@cache
def _rounds() -> bool:
    """Whether this processor rounds the inputs of float32 products where it is allowed to."""
    # 1 + 2⁻¹² needs 13 bits; bfloat16 has 8.
    x = torch.full((128, 128), 1.0 + 2.0**-12)
    with _bfloat16_allowed():
        copy = x @ torch.eye(128)
    return not torch.equal(copy, x)
