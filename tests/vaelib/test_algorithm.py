"""Flat states come apart as they were put together. What else holds of them: laws/."""

from __future__ import annotations

import pytest
import torch

from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import nest, unnest
from vaelib.errors import UserError
from vaelib.model import build
from vaelib.training import Trainer


def made(*, n_hidden: int = 5) -> AEVB:
    model = build(n_pixels=6, n_hidden=n_hidden, n_latent=2, init_std=0.5, generator=rng())
    return AEVB(model, n_train=8, stepsize=0.1, generator=rng(1))


def test_unnest_inverts_nest() -> None:
    parts = {"a": {"x": torch.ones(1), "y/z": torch.zeros(2)}, "ab": {"x": torch.ones(3)}}
    flat = nest(parts)
    assert sorted(flat) == ["a/x", "a/y/z", "ab/x"]
    for part, state in parts.items():
        back = unnest(flat, part)
        assert back.keys() == state.keys()
        assert all(torch.equal(back[key], state[key]) for key in state)


def test_a_state_of_other_sizes_is_named() -> None:
    state = made().state_dict()
    with pytest.raises(UserError, match=r"optimiser/encoder\S+ of the state is .*shape \(5,"):
        made(n_hidden=4).load_state_dict(state)


def test_minibatches_by_epochs_and_with_replacement_are_not_mixed() -> None:
    x = torch.rand(8, 6, generator=rng(2))
    by_epoch, replaced = (
        Trainer(made(), x, minibatch_size=3, generator=rng(3), replacement=replacement)
        for replacement in (False, True)
    )
    with pytest.raises(UserError, match="it lacks nothing and has trainer/order besides"):
        replaced.load_state_dict(by_epoch.state_dict())
    with pytest.raises(UserError, match="it lacks trainer/order and has nothing besides"):
        by_epoch.load_state_dict(replaced.state_dict())


def test_an_overflown_sum_of_squares_is_no_fault() -> None:
    """It holds its weight still, and a run that has it can go on."""
    algorithm = made()
    state = algorithm.state_dict()
    state["optimiser/encoder.hidden.weight"] = torch.full((5, 6), torch.inf)
    algorithm.load_state_dict(state)
