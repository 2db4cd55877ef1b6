"""Runs that are carried together end where each would have ended alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import safetensors.torch
import torch

from companion.runs import assembly, stacking
from companion.runs.config import RunConfig
from tests.helpers import load_six_pixels, six_pixels
from vaelib import datasets
from vaelib.elbo import lower_bound
from vaelib.errors import DivergedError, UserError
from vaelib.training import Trainer

CONFIG = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, warmup=5, init_std=0.1
)
STEPSIZES = (0.05, 0.1, 0.02)
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
        ],
    ),
]


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "load", load_six_pixels)


def trainers(config: RunConfig, device: str = "cpu") -> list[Trainer]:
    data = six_pixels()
    return [
        assembly.make_trainer(
            dataclasses.replace(config, seed=seed), data, stepsize=stepsize, device=device
        )
        for seed, stepsize in enumerate(STEPSIZES)
    ]


def together(found: list[Trainer], config: RunConfig, until: int, device: str = "cpu") -> None:
    x = six_pixels().train.to(device)
    list(stacking.advance(found, x, config, stepsizes=STEPSIZES, until=until))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "changes",
    [{}, {"n_samples": 3}, {"prior_on_biases": True, "prior_precision": 20.0}],
)
def test_each_run_is_the_one_that_it_is_alone(changes: dict[str, Any], device: str) -> None:
    config = dataclasses.replace(CONFIG, **changes)
    alone, stacked = trainers(config, device), trainers(config, device)
    for trainer in alone:
        list(trainer.advance(3000))
    # In two parts, of which the first ends before the warm-up does.
    together(stacked, config, 300, device)
    together(stacked, config, 3000, device)
    for one, other in zip(alone, stacked, strict=True):
        expected, found = one.state_dict(), other.state_dict()
        assert expected.keys() == found.keys()
        for key, value in expected.items():
            if value.is_floating_point():
                torch.testing.assert_close(found[key], value, atol=1e-4, rtol=1e-4)
            else:
                assert torch.equal(found[key], value), key
        average, stacked_average = one.take_average(), other.take_average()
        assert average is not None
        assert stacked_average is not None
        assert stacked_average[:2] == average[:2] == (0, 3000)
        assert stacked_average.value == pytest.approx(average.value, abs=1e-4)


@pytest.mark.parametrize("device", DEVICES)
def test_resume_is_bit_identical(device: str) -> None:
    """The laws of `tests/vaelib/laws`, for the form that needs several runs."""
    whole, before, after = (trainers(CONFIG, device) for _ in range(3))
    together(whole, CONFIG, 2000, device)
    together(before, CONFIG, 1000, device)
    for one, other in zip(before, after, strict=True):
        saved = safetensors.torch.save({k: v.contiguous() for k, v in one.state_dict().items()})
        other.load_state_dict(safetensors.torch.load(saved))
    together(after, CONFIG, 2000, device)
    for one, other in zip(whole, after, strict=True):
        expected, found = one.state_dict(), other.state_dict()
        assert all(torch.equal(found[key], value) for key, value in expected.items())


@pytest.mark.parametrize("device", DEVICES)
def test_the_objective_rises(device: str) -> None:
    found = trainers(CONFIG, device)
    x = six_pixels().train.to(device)
    noise = torch.zeros(1, len(x), CONFIG.n_latent, device=device)
    before = [lower_bound(one.algorithm.model, x, noise).bound.mean().item() for one in found]
    together(found, CONFIG, 20_000, device)
    after = [lower_bound(one.algorithm.model, x, noise).bound.mean().item() for one in found]
    assert all(late > early for late, early in zip(after, before, strict=True))


def test_a_run_goes_on_alone_where_it_was_carried_together() -> None:
    alone, stacked = trainers(CONFIG)[0], trainers(CONFIG)
    list(alone.advance(2000))
    together(stacked, CONFIG, 1000)
    list(stacked[0].advance(2000))
    for one, other in zip(
        alone.algorithm.model.parameters(), stacked[0].algorithm.model.parameters(), strict=True
    ):
        torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4)


def test_a_run_that_diverges_is_noticed() -> None:
    found = trainers(CONFIG)
    x = six_pixels().train
    with pytest.raises(DivergedError, match="is not finite after 3000 training samples"):
        list(stacking.advance(found, x, CONFIG, stepsizes=(0.1, 1e20, 0.1), until=3000))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": "wake_sleep"}, "only runs with algorithm 'aevb' are stacked"),
        ({"estimator": "A"}, "only runs with estimator 'B' are stacked"),
        ({"replacement": False}, "only runs with replacement True are stacked"),
        ({"kl_weight": 0.0}, "only runs with kl_weight 1.0 are stacked"),
    ],
)
def test_what_is_not_stacked_is_named(changes: dict[str, Any], message: str) -> None:
    config = dataclasses.replace(CONFIG, **changes)
    with pytest.raises(UserError, match=message):
        together(trainers(CONFIG), config, 1000)


def test_trainers_must_be_at_the_same_place() -> None:
    found = trainers(CONFIG)
    list(found[1].advance(500))
    with pytest.raises(UserError, match="the trainers are at 0, 500, 0 samples"):
        together(found, CONFIG, 1000)
    with pytest.raises(UserError, match="3 trainers and 1 stepsizes"):
        list(stacking.advance(found, six_pixels().train, CONFIG, stepsizes=(0.1,), until=1000))
