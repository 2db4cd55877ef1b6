"""Runs that take less than a second, for the tests; they need the fixture `small_world`."""

from __future__ import annotations

import dataclasses

from torch import Tensor

from companion import runs
from companion.runs.config import RunConfig, RunRequest
from companion.runs.record import Record
from companion.runs.store import Run, RunStore

AEVB = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)
WAKE_SLEEP = dataclasses.replace(AEVB, algorithm="wake_sleep")
DYNAMIC = dataclasses.replace(AEVB, pixels="dynamic")
MCEM = dataclasses.replace(AEVB, algorithm="mcem", measure="marginal_likelihood")


def ensure(store: RunStore, config: RunConfig, samples: int) -> Run:
    return runs.ensure([RunRequest(config, samples)], store=store, progress=False)[0]


def stored(store: RunStore, config: RunConfig) -> tuple[Record, dict[str, Tensor]]:
    found = store.checkpoint(config)
    assert found is not None
    return found
