"""Fast products are asked for only where they were asked for, and are near enough."""

from __future__ import annotations

import pytest
import torch

from tests.helpers import rng
from vaelib.arithmetic import products
from vaelib.arithmetic.products import fast_products, product

A, B = (torch.randn(100, 300, generator=rng(seed)) for seed in (0, 1))


def setting() -> str:
    return str(torch.backends.mkldnn.matmul.fp32_precision)


def test_the_setting_is_put_back_after_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_rounds", lambda: False)
    before, inside = setting(), []

    @fast_products()
    def fail() -> None:
        inside.append(setting())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert inside == ["bf16"]
    assert setting() == before


def test_bfloat16_rounds_both_factors_and_the_result_and_no_more() -> None:
    """Rounding to 8 bits moves a number by 2⁻⁸ of its size at most."""
    fast = product(A, B.T, "bfloat16")
    assert fast.dtype == A.dtype
    assert torch.equal(fast, fast.bfloat16().float())
    exact = A.bfloat16().double() @ B.bfloat16().double().T
    scale = A.abs().double() @ B.abs().double().T
    assert ((fast - exact).abs() <= 2.0**-8 * exact.abs() + 300 * 2.0**-24 * scale).all()
    assert torch.equal(product(A, B.T, "float32"), A @ B.T)


def test_fast_products_are_float32_on_every_processor() -> None:
    with fast_products():
        fast = A @ B.T
    exact = A.double() @ B.double().T
    scale = A.abs().double() @ B.abs().double().T
    assert ((fast - exact).abs() <= 300 * 2.0**-24 * scale).all()


def test_where_inputs_would_be_rounded_products_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(products, "_rounds", lambda: True)
    before = setting()
    with fast_products():
        assert setting() == before
