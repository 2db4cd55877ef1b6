"""The runs that a chapter asks for: what the store holds is returned, what is missing computed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pandas as pd

from companion.runs import lineage
from companion.runs.assembly import DATA_SETTINGS, load_data
from companion.runs.carrying import carry, set_aside
from companion.runs.config import RunConfig, RunRequest
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
) -> list[Run]:
    """The runs that were asked for; only what is missing is computed.

    Args:
        requests: from `paper_grid.requests`, or your own.
        device: where missing samples are computed.
        store: where runs are kept; the default store of the device if None.
        progress: show a bar for each run that is computed.
        compile_step: make machine code of the training step, from `carrying.COMPILED_FROM` samples
            on; see `vaelib.arithmetic.compiling`. It changes a run's last bits.

    Raises:
        UserError: for a device that is not there, samples that are no whole number, a stored run
            that cannot be used, or a step that cannot be compiled here.
    """
    check_device(device)
    requests = _looked_at(requests)
    store = store or RunStore.default(device)
    loaded: dict[tuple[object, ...], Dataset] = {}
    runs = []
    for request in requests:
        wanted = request.config
        key = tuple(getattr(wanted, name) for name in ("dataset", *DATA_SETTINGS))
        if key not in loaded:
            loaded[key] = load_data(wanted)
        data = loaded[key]
        config = resolve(wanted, data)
        record = current_record(config, store)
        if record is None or record.samples < request.samples:
            with store.alone(config):
                # Whoever had it before may have come as far.
                record = current_record(config, store)
                if record is None or record.samples < request.samples:
                    record = carry(
                        config,
                        data,
                        store,
                        request.samples,
                        device,
                        progress,
                        compile_step=compile_step,
                    )
        runs.append(Run(record, store.folder(config), until=request.samples))
    return runs


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
