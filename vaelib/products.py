"""How matrix products are computed on a CPU while training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch


@contextmanager
def fast_products(*, exact: bool = False) -> Iterator[None]:
    """Within it, float32 products may go to oneDNN with bfloat16 inputs and float32 sums.

    Only a processor with matrix units (AMX) really rounds the inputs. On others oneDNN computes in
    float32, and does so faster than PyTorch's default there: on AMD processors by a factor of two.
    The state of training, weights and sums, stays in float32 either way.

    Args:
        exact: only where nothing is rounded; elsewhere products stay as they are.
    """
    if exact and _rounds():
        yield
        return
    setting: Any = getattr(torch.backends.mkldnn, "matmul")  # noqa: B009, unknown to the stubs
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


@cache
def _rounds() -> bool:
    """Whether this processor rounds the inputs of fast products."""
    # 1 + 2⁻¹² needs 13 bits; bfloat16 has 8.
    x = torch.full((128, 128), 1.0 + 2.0**-12)
    with fast_products():
        product = x @ torch.eye(128)
    return not torch.equal(product, x)
