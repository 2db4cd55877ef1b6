"""The fast algorithms take the same steps as those that the book shows."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from torch import nn

from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import Batch
from vaelib.arithmetic.compiling import is_available
from vaelib.errors import UserError
from vaelib.fast.algorithms import FastAEVB, FastMCEM, FastWakeSleep, is_supported
from vaelib.mcem import MCEM
from vaelib.model import DecoderKind, LogVariance, VariationalAutoencoder, build
from vaelib.wake_sleep import WakeSleep

COMPILER = pytest.mark.skipif(not is_available(), reason="there is no C++ compiler")
PAIRS = {
    "aevb": (AEVB, FastAEVB),
    "wake_sleep": (WakeSleep, FastWakeSleep),
    "mcem": (MCEM, FastMCEM),
}


def make(
    decoder: DecoderKind,
    dtype: torch.dtype = torch.float64,
    encoder_log_variance: LogVariance = "as the rest",
) -> VariationalAutoencoder:
    model = build(
        n_pixels=9,
        n_hidden=7,
        n_latent=3,
        decoder=decoder,
        init_std=0.5,
        encoder_log_variance=encoder_log_variance,
        generator=rng(1),
    )
    return model.to(dtype)


@pytest.mark.parametrize("encoder_log_variance", get_args(LogVariance))
@pytest.mark.parametrize("decoder", ["bernoulli", "gaussian"])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("aevb", {}),
        ("aevb", {"n_samples": 3}),
        ("aevb", {"kl_weight": 0.0}),
        ("aevb", {"kl_weight": 2.5, "n_samples": 2, "prior_precision": 0.0}),
        ("wake_sleep", {}),
        ("mcem", {}),
    ],
)
def test_same_steps_as_the_algorithm_in_the_book(
    name: str,
    settings: dict[str, Any],
    decoder: DecoderKind,
    encoder_log_variance: LogVariance,
) -> None:
    """Twelve steps in float64, parameters and metrics compared: equal but for rounding.

    Trajectories of HMC drive rounding errors apart, so that more steps would compare chaos.
    """
    x = torch.rand(40, 9, generator=rng(2), dtype=torch.float64)
    models, metrics = [], []
    for algorithm in PAIRS[name]:
        model = make(decoder, encoder_log_variance=encoder_log_variance)
        steps = algorithm(model, n_train=40, stepsize=0.1, warmup=3, generator=rng(3), **settings)
        stream = rng(4)
        for _ in range(12):
            indices = torch.randint(40, (10,), generator=stream)
            metrics.append(steps.step(Batch(x[indices], indices)))
        models.append(model)
    for (key, shown), fast in zip(
        models[0].named_parameters(), models[1].parameters(), strict=True
    ):
        torch.testing.assert_close(fast, shown, atol=1e-10, rtol=1e-10, msg=key)
    for shown, fast in zip(metrics[:12], metrics[12:], strict=True):
        assert shown.keys() == fast.keys()
        for key in shown:
            torch.testing.assert_close(fast[key], shown[key], atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("name", PAIRS)
def test_states_are_exchangeable(name: str) -> None:
    """A run that was begun by one goes on with the other."""
    x = torch.rand(10, 9, generator=rng(2), dtype=torch.float64)
    shown, fast = (
        algorithm(make("bernoulli"), n_train=10, stepsize=0.1, generator=rng(3))
        for algorithm in PAIRS[name]
    )
    for steps in (shown, fast):
        steps.step(Batch(x, torch.arange(10)))
    fast.load_state_dict(shown.state_dict())
    assert shown.state_dict().keys() == fast.state_dict().keys()


@COMPILER
@pytest.mark.parametrize(
    ("decoder", "encoder_log_variance"),
    [("bernoulli", "as the rest"), ("gaussian", "as the rest"), ("bernoulli", "slow")],
)
@pytest.mark.parametrize("name", PAIRS)
def test_compiled_steps_are_the_same(
    name: str, decoder: DecoderKind, encoder_log_variance: LogVariance
) -> None:
    """Six steps in float64, the warm-up among them: equal but for rounding."""
    x = torch.rand(10, 9, generator=rng(2), dtype=torch.float64)
    models, metrics = [], []
    for compile_step in (False, True):
        model = make(decoder, encoder_log_variance=encoder_log_variance)
        steps = PAIRS[name][1](
            model,
            n_train=10,
            stepsize=0.1,
            warmup=2,
            prior_on_biases=True,
            generator=rng(3),
            compile_step=compile_step,
        )
        metrics += [steps.step(Batch(x, torch.arange(10))) for _ in range(6)]
        models.append(model)
    for plain, compiled in zip(models[0].parameters(), models[1].parameters(), strict=True):
        torch.testing.assert_close(compiled, plain, atol=1e-10, rtol=1e-10)
    for expected, own in zip(metrics[:6], metrics[6:], strict=True):
        torch.testing.assert_close(own, expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("compile_step", [False, pytest.param(True, marks=COMPILER)])
@pytest.mark.parametrize("name", PAIRS)
def test_bfloat16_products_move_the_weights_nearly_as_float32_s(
    name: str, compile_step: bool
) -> None:
    """Twenty steps: apart by a few per cent of the way, and no weight itself is rounded."""
    x = torch.rand(40, 9, generator=rng(2))
    ends = []
    for precision in ("float32", "bfloat16"):
        model = make("bernoulli", torch.float32)
        steps = PAIRS[name][1](
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
    start = nn.utils.parameters_to_vector(make("bernoulli", torch.float32).parameters())
    exact, rounded = ends
    assert 0.0 < (rounded - exact).norm() < 0.1 * (exact - start).norm()
    assert (rounded != rounded.bfloat16().float()).float().mean() > 0.5


def test_estimator_a_is_left_to_the_readable_form() -> None:
    with pytest.raises(UserError, match="use AEVB for 'A'"):
        FastAEVB(make("bernoulli"), n_train=10, stepsize=0.1, estimator="A", generator=rng())


def test_other_networks_are_named() -> None:
    model = make("bernoulli")
    assert is_supported(model)
    model.encoder = nn.Linear(9, 3)
    assert not is_supported(model)
    with pytest.raises(UserError, match="use the algorithm of the same name without 'Fast'"):
        FastAEVB(model, n_train=10, stepsize=0.1, generator=rng())
