"""The runs that a chapter asks for: what the store holds is returned, what is missing computed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import pandas as pd

from companion.runs import lineage, stacking
from companion.runs.assembly import DATA_SETTINGS, load_data
from companion.runs.beginning import set_aside
from companion.runs.carrying import carry, carry_together
from companion.runs.config import RunConfig, RunRequest
from companion.runs.progress import tell
from companion.runs.provenance import check_device
from companion.runs.record import Record
from companion.runs.store import Run, RunStore
from vaelib.checks.limits import Whole, check_argument
from vaelib.datasets import Dataset
from vaelib.errors import UserError


def ensure(
    requests: Iterable[RunRequest],
    *,
    device: str = "cpu",
    store: RunStore | None = None,
    progress: bool = True,
    compile_step: bool = False,
    stack_seeds: bool = False,
) -> list[Run]:
    """The runs that were asked for; only what is missing is computed.

    Args:
        requests: from `paper_grid.requests`, or your own.
        device: where missing samples are computed.
        store: where runs are kept; the default store of the device if None.
        progress: show a bar for each run that is computed.
        compile_step: make machine code of the training step, from `underway.COMPILED_FROM` samples
            on; see `vaelib.arithmetic.compiling`. It changes a run's last bits.
        stack_seeds: let runs that differ in nothing but their seeds take their steps together
            where that pays, on CUDA; see `companion.runs.stacking`. It changes their last bits.

    Raises:
        UserError: for a device that is not there, samples that are no whole number, a stored run
            that cannot be used, or a step that cannot be compiled here.
    """
    check_device(device)
    requests = _looked_at(requests)
    store = store or RunStore.default(device)
    data_of = _Loader()
    wanted = [_Wanted(*data_of(config), samples) for config, samples in requests]
    if stack_seeds and not compile_step:
        for stack in _stacks(wanted, device):
            _carry_stack(stack, store, device, progress)
    runs = []
    for config, data, samples in wanted:
        record = _far_enough(config, samples, store)
        if record is None:
            with store.alone(config):
                # Whoever had it before may have come as far.
                record = _far_enough(config, samples, store) or carry(
                    config, data, store, samples, device, progress, compile_step=compile_step
                )
        runs.append(Run(record, store.folder(config), until=samples))
    return runs


class _Wanted(NamedTuple):
    """A run on the data that are there, and how far it is asked for."""

    config: RunConfig
    data: Dataset
    samples: int


class _Loader:
    """Loads data once for all runs that share them."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[object, ...], Dataset] = {}

    def __call__(self, config: RunConfig) -> tuple[RunConfig, Dataset]:
        key = tuple(getattr(config, name) for name in ("dataset", *DATA_SETTINGS))
        if key not in self._loaded:
            self._loaded[key] = load_data(config)
        data = self._loaded[key]
        return resolve(config, data), data


def _far_enough(config: RunConfig, samples: int, store: RunStore) -> Record | None:
    """The stored record, if it is there, current, and has come as far."""
    record = current_record(config, store)
    return record if record is not None and record.samples >= samples else None


def _stacks(wanted: Iterable[_Wanted], device: str) -> list[list[_Wanted]]:
    """Those that differ in nothing but their seeds, where stacking pays."""
    groups: dict[tuple[RunConfig, int], list[_Wanted]] = {}
    for one in wanted:
        if stacking.pays(one.config, device):
            key = dataclasses.replace(one.config, seed=0), one.samples
            groups.setdefault(key, []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def _carry_stack(stack: Sequence[_Wanted], store: RunStore, device: str, progress: bool) -> None:
    """Carry those of them that are missing together, with a word."""
    with ExitStack() as held:
        # Two processes that take locks in one order do not wait for each other.
        for one in sorted(stack, key=lambda one: one.config.slug):
            held.enter_context(store.alone(one.config))
        missing = [one for one in stack if _far_enough(one.config, one.samples, store) is None]
        if len(missing) < 2:
            return
        seeds = ", ".join(str(one.config.seed) for one in missing)
        tell(f"{missing[0].config}: seeds {seeds} take their steps together")
        sets = [(one.config, one.data) for one in missing]
        carry_together(sets, store, missing[0].samples, device, progress)


class MissingRuns(UserError):
    """Runs that are not stored, or not as far as they were asked for."""


def stored(
    requests: Iterable[RunRequest], *, device: str = "cpu", store: RunStore | None = None
) -> list[Run]:
    """The runs that were asked for, from the store alone: nothing is computed, moved or written.

    Args:
        requests: of runs on the real data.
        device: where they were computed.
        store: where runs are kept; the default store of the device if None.

    Raises:
        MissingRuns: if one is not there, not as far as asked for, or computed by other code.
        UserError: if a record cannot be read, or samples are no whole number.
    """
    store = store or RunStore.default(device)
    requests = _looked_at(requests)
    records = [store.record(config) for config, _ in requests]
    runs = [
        Run(record, store.folder(config), until=samples)
        for (config, samples), record in zip(requests, records, strict=True)
        if record is not None
        and record.samples >= samples
        and lineage.is_todays(record.source, config)
    ]
    if len(runs) < len(requests):
        raise MissingRuns(f"{len(runs)} of {len(requests)} runs are stored as far as asked for")
    return runs


def _looked_at(requests: Iterable[RunRequest]) -> list[RunRequest]:
    requests = list(requests)
    for request in requests:
        check_argument("samples", request.samples, Whole)
    return requests


def resolve(config: RunConfig, data: Dataset) -> RunConfig:
    """The configuration with the data that is there: a stand-in has its own name and size."""
    return dataclasses.replace(config, dataset=data.name, n_train=len(data.train))


def current_record(config: RunConfig, store: RunStore) -> Record | None:
    """The stored record; if other code computed it, the run is moved aside, with a word."""
    record = store.record(config)
    if record is None or lineage.is_todays(record.source, config):
        return record
    set_aside(record, store)
    return None


def curves(runs: Iterable[Run]) -> pd.DataFrame:
    """The learning curves of several runs as one table, with the settings that tell them apart."""
    tables = [
        run.curve().assign(
            dataset=run.config.dataset,
            algorithm=run.config.algorithm,
            n_latent=run.config.n_latent,
            n_train=run.config.n_train,
            seed=run.config.seed,
        )
        for run in runs
    ]
    return pd.concat(tables, ignore_index=True)
