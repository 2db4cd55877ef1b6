"""What only the fast algorithms have. That they take the same steps: laws/test_algorithms.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.helpers import rng
from vaelib.algorithm import Batch
from vaelib.arithmetic.compiling import is_available
from vaelib.errors import UserError
from vaelib.fast.algorithms import FastAEVB, FastMCEM, FastWakeSleep, is_supported
from vaelib.model import VariationalAutoencoder, build

COMPILER = pytest.mark.skipif(not is_available(), reason="there is no C++ compiler")


def make(dtype: torch.dtype = torch.float64) -> VariationalAutoencoder:
    model = build(n_pixels=9, n_hidden=7, n_latent=3, init_std=0.5, generator=rng(1))
    return model.to(dtype)


@pytest.mark.parametrize("compile_step", [False, pytest.param(True, marks=COMPILER)])
@pytest.mark.parametrize("kind", [FastAEVB, FastWakeSleep, FastMCEM])
def test_bfloat16_products_move_the_weights_nearly_as_float32_s(
    kind: Callable[..., Any], compile_step: bool
) -> None:
    """Twenty steps: apart by a few per cent of the way, and no weight itself is rounded."""
    x = torch.rand(40, 9, generator=rng(2))
    ends = []
    for precision in ("float32", "bfloat16"):
        model = make(torch.float32)
        steps = kind(
            model,
            n_train=40,
            stepsize=0.01,
            warmup=5,
            generator=rng(3),
            precision=precision,
            compile_step=compile_step,
        )
        for _ in range(20):
            steps.step(Batch(x, torch.arange(40)))
        ends.append(nn.utils.parameters_to_vector(model.parameters()).detach())
    start = nn.utils.parameters_to_vector(make(torch.float32).parameters())
    exact, rounded = ends
    assert 0.0 < (rounded - exact).norm() < 0.1 * (exact - start).norm()
    assert (rounded != rounded.bfloat16().float()).float().mean() > 0.5


def test_estimator_a_is_left_to_the_readable_form() -> None:
    with pytest.raises(UserError, match="use AEVB for 'A'"):
        FastAEVB(make(), n_train=10, stepsize=0.1, estimator="A", generator=rng())


def test_other_networks_are_named() -> None:
    model = make()
    assert is_supported(model)
    model.encoder = nn.Linear(9, 3)
    assert not is_supported(model)
    with pytest.raises(UserError, match="use the algorithm of the same name without 'Fast'"):
        FastAEVB(model, n_train=10, stepsize=0.1, generator=rng())
