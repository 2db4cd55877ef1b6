"""The same code on a GPU; skipped, with the reason, where there is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from companion import runs
from companion.runs import carrying
from companion.runs.checkpoint import NEWEST
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import RunStore
from tests.helpers import six_pixels
from vaelib import datasets

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
]
CONFIG = RunConfig(
    dataset="mnist",
    algorithm="aevb",
    n_latent=2,
    n_hidden=5,
    n_train=80,
    measure="marginal_likelihood",
    warmup=5,
)


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty images of six pixels, and an evaluation every 1500 samples."""
    monkeypatch.setattr(datasets, "load", lambda name, **settings: six_pixels())
    monkeypatch.setattr(carrying, "grid", lambda config, limit: list(range(1500, limit + 1, 1500)))


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "aevb", "measure": "lower_bound"},
        {"algorithm": "wake_sleep", "measure": "lower_bound"},
        {"algorithm": "aevb"},
        {"algorithm": "mcem"},
    ],
)
def test_a_run_on_the_gpu_grows_bit_for_bit(changes: dict[str, Any], tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, **changes)
    whole, grown = RunStore(tmp_path / "whole"), RunStore(tmp_path / "grown")
    settings: dict[str, Any] = {"device": "cuda", "progress": False}
    expected = runs.ensure([RunRequest(config, 6000)], store=whole, **settings)[0]
    for samples in (1500, 6000):
        found = runs.ensure([RunRequest(config, samples)], store=grown, **settings)[0]
    assert found.record.curve == expected.record.curve
    a, b = ((store.folder(config) / NEWEST).read_bytes() for store in (whole, grown))
    assert a == b
    assert found.model().generate(3, generator=torch.Generator().manual_seed(1)).shape == (3, 6)


def test_seeds_take_their_steps_together_on_the_gpu(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, measure="lower_bound", stepsize=0.1)
    requests = [RunRequest(dataclasses.replace(config, seed=seed), 6000) for seed in range(3)]
    alone, stacked = RunStore(tmp_path / "alone"), RunStore(tmp_path / "stacked")
    settings: dict[str, Any] = {"device": "cuda", "progress": False}
    expected = runs.ensure(requests, store=alone, **settings)
    found = runs.ensure(requests, store=stacked, stack_seeds=True, **settings)
    for one, other in zip(found, expected, strict=True):
        assert one.record.segments[0]["together"] == 3
        torch.testing.assert_close(
            one.model().state_dict(), other.model().state_dict(), atol=1e-3, rtol=1e-3
        )
