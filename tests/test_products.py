"""Fast products are asked for only where they were asked for, and are near enough."""

from __future__ import annotations

import pytest
import torch

from tests.helpers import rng
from vaelib import products
from vaelib.products import fast_products

A, B = (torch.randn(100, 300, generator=rng(seed)) for seed in (0, 1))


def setting() -> str:
    return str(torch.backends.mkldnn.matmul.fp32_precision)


def test_the_setting_is_put_back_after_an_error_too() -> None:
    before, inside = setting(), []

    @fast_products()
    def fail() -> None:
        inside.append(setting())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert inside == ["bf16"]
    assert setting() == before


def test_inputs_lose_no_more_than_bfloat16_loses() -> None:
    """Rounding both inputs to 8 bits moves each product by 2⁻⁸ of its size at most."""
    with fast_products():
        fast = A @ B.T
    exact = A.double() @ B.double().T
    scale = A.abs().double() @ B.abs().double().T
    assert ((fast - exact).abs() <= 2.0**-7 * scale).all()


def test_exact_products_are_float32_on_every_processor() -> None:
    with fast_products(exact=True):
        fast = A @ B.T
    exact = A.double() @ B.double().T
    scale = A.abs().double() @ B.abs().double().T
    assert ((fast - exact).abs() <= 300 * 2.0**-24 * scale).all()


def test_where_inputs_are_rounded_exact_products_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(products, "_rounds", lambda: True)
    before = setting()
    with fast_products(exact=True):
        assert setting() == before
