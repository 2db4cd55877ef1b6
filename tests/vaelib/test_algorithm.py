"""Flat states come apart as they were put together, and are taken back by what gave them only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import Algorithm, nest, unnest
from vaelib.errors import DivergedError, UserError
from vaelib.fast.algorithms import FastAEVB, FastMCEM, FastWakeSleep
from vaelib.full_vb import FullVB
from vaelib.mcem import MCEM
from vaelib.model import build
from vaelib.training import Trainer
from vaelib.wake_sleep import WakeSleep

KINDS = (AEVB, WakeSleep, MCEM, FullVB)
FAST = {AEVB: FastAEVB, WakeSleep: FastWakeSleep, MCEM: FastMCEM}


def made(kind: Callable[..., Any], *, n_hidden: int = 5, n_train: int = 8) -> Any:
    model = build(n_pixels=6, n_hidden=n_hidden, n_latent=2, init_std=0.5, generator=rng())
    return kind(model, n_train=n_train, stepsize=0.1, generator=rng(1))


def trainer(algorithm: Algorithm, *, replacement: bool = True) -> Trainer:
    x = torch.rand(8, 6, generator=rng(2))
    return Trainer(algorithm, x, minibatch_size=3, generator=rng(3), replacement=replacement)


def stepped(run: Trainer) -> Trainer:
    for _ in range(2):
        run.step()
    return run


def copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: tensor.clone() for key, tensor in state.items()}


def test_unnest_inverts_nest() -> None:
    parts = {"a": {"x": torch.ones(1), "y/z": torch.zeros(2)}, "ab": {"x": torch.ones(3)}}
    flat = nest(parts)
    assert sorted(flat) == ["a/x", "a/y/z", "ab/x"]
    for part, state in parts.items():
        back = unnest(flat, part)
        assert back.keys() == state.keys()
        assert all(torch.equal(back[key], state[key]) for key in state)


@pytest.mark.parametrize("of", KINDS)
@pytest.mark.parametrize("into", KINDS)
def test_a_state_goes_into_its_own_algorithm_only(into: type, of: type) -> None:
    state = stepped(trainer(made(of))).state_dict()
    own = made(into)
    before = copied(own.state_dict())
    if into is of:
        own.load_state_dict(unnest(state, "algorithm"))
        trainer(own).load_state_dict(state)
        return
    name = into.__name__
    with pytest.raises(UserError, match=rf"no state of this {name}: it lacks .* and has \S+"):
        own.load_state_dict(unnest(state, "algorithm"))
    with pytest.raises(UserError, match=rf"no state of this trainer of {name}"):
        trainer(own).load_state_dict(state)
    after = own.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)


@pytest.mark.parametrize("kind", FAST)
def test_a_fast_form_shares_its_states(kind: type) -> None:
    """A reader may watch in the one what the other has trained."""
    state = stepped(trainer(made(kind))).state_dict()
    trainer(made(FAST[kind])).load_state_dict(state)


Fault = Callable[[dict[str, Tensor], str], dict[str, Tensor]]
FAULTS: dict[str, tuple[Fault, str]] = {
    "a key is missing": (
        lambda state, key: {k: t for k, t in state.items() if k != key},
        r"it lacks \S+ and has nothing besides",
    ),
    "a key too many": (
        lambda state, key: {**state, "colour": torch.zeros(1)},
        "it lacks nothing and has colour besides",
    ),
    "nothing at all": (lambda state, key: {}, r"it lacks \S+ and \d+ more"),
    "another shape": (
        lambda state, key: {**state, key: state[key][..., :1]},
        r"of the state is torch\.float32 of shape .* build it with the settings",
    ),
    "another dtype": (
        lambda state, key: {**state, key: state[key].double()},
        r"of the state is torch\.float64 of shape",
    ),
    "a NaN": (
        lambda state, key: {**state, key: state[key] * torch.nan},
        "of the state holds a NaN: take an earlier state",
    ),
    "a generator of another device": (
        lambda state, key: {
            k: t[:16] if k.endswith(("generator", "noise")) else t for k, t in state.items()
        },
        r"shape \(16,\), .* on the kind of device",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_with_a_fault_is_named_and_nothing_is_changed(kind: type, fault: str) -> None:
    make, message = FAULTS[fault]
    for begun in (trainer(made(kind)), trainer(made(kind), replacement=False)):
        before = copied(begun.state_dict())
        state = copied(stepped(begun).state_dict())
        begun.load_state_dict(before)
        key = max(k for k, t in state.items() if t.is_floating_point() and t.ndim == 2)
        with pytest.raises(DivergedError if fault == "a NaN" else UserError, match=message):
            begun.load_state_dict(make(state, key))
        after = begun.state_dict()
        assert all(torch.equal(after[k], before[k]) for k in before)


def test_a_state_of_other_sizes_is_named() -> None:
    state = made(AEVB).state_dict()
    with pytest.raises(UserError, match=r"optimiser/encoder\S+ of the state is .*shape \(5,"):
        made(AEVB, n_hidden=4).load_state_dict(state)


def test_minibatches_by_epochs_and_with_replacement_are_not_mixed() -> None:
    by_epoch, replaced = (trainer(made(AEVB), replacement=kind) for kind in (False, True))
    with pytest.raises(UserError, match="it lacks nothing and has trainer/order besides"):
        replaced.load_state_dict(stepped(by_epoch).state_dict())
    with pytest.raises(UserError, match="it lacks trainer/order and has nothing besides"):
        by_epoch.load_state_dict(replaced.state_dict())


def test_an_overflown_sum_of_squares_is_no_fault() -> None:
    """It holds its weight still, and a run that has it can go on."""
    algorithm = made(AEVB)
    state = copied(algorithm.state_dict())
    state["optimiser/encoder.hidden.weight"][0, 0] = torch.inf
    algorithm.load_state_dict(state)


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_training_points_announced_than_given_are_named(kind: type) -> None:
    with pytest.raises(UserError, match="n_train is 7, but there are 8 training points: build "):
        trainer(made(kind, n_train=7))
    trainer(made(kind, n_train=9))  # A stand-in has fewer than what it stands for.
