"""Carrying a run forward: what the store holds is returned, what is missing is computed."""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable, Iterable
from typing import NoReturn

import pandas as pd
import torch
from tqdm import tqdm

from vaelib import datasets
from vaelib.assembly import compare_stepsizes, make_trainer
from vaelib.config import RunConfig
from vaelib.datasets import Dataset
from vaelib.errors import UserError
from vaelib.evaluation import CurvePoint, evaluate, grid
from vaelib.experiments import RunRequest
from vaelib.provenance import check_device, environment
from vaelib.source_hash import source_hash
from vaelib.store import Record, Run, RunStore
from vaelib.training import DivergedError

SECONDS_BETWEEN_CHECKPOINTS = 60.0
# The modules of which the whole closure decides an algorithm's numbers, and those that decide
# with their own code only, because they import every algorithm.
ALGORITHM_MODULES = {
    "aevb": "vaelib.aevb",
    "wake_sleep": "vaelib.wake_sleep",
    "mcem": "vaelib.mcem",
}
MEASURE_MODULES = {
    "lower_bound": "vaelib.elbo",
    "marginal_likelihood": "vaelib.marginal_likelihood",
}
DECIDING_ALONE = (
    "vaelib.assembly",
    "vaelib.backpropagation",
    "vaelib.datasets",
    "vaelib.evaluation",
    "vaelib.fast",
    "vaelib.products",
    "vaelib.runs",
)

Progress = Callable[[int], None]


def run_source(config: RunConfig) -> str:
    """Hash of the code that decides the run's numbers; comments and docstrings do not count."""
    return source_hash(
        ALGORITHM_MODULES[config.algorithm],
        MEASURE_MODULES[config.measure],
        "vaelib.training",
        "vaelib.randomness",
        alone=DECIDING_ALONE,
    )


def ensure(
    requests: Iterable[RunRequest],
    *,
    device: str = "cpu",
    store: RunStore | None = None,
    progress: bool = True,
) -> list[Run]:
    """The runs that were asked for; only what is missing is computed.

    Args:
        requests: from `experiments.requests`, or your own.
        device: where missing samples are computed.
        store: where runs are kept; the default store of the device if None.
        progress: show a bar for each run that is computed.

    Raises:
        UserError: for a device that is not there, or a stored run that cannot be used.
    """
    check_device(device)
    store = store or RunStore.default(device)
    loaded: dict[tuple[str, str, int, int], Dataset] = {}
    runs = []
    for request in requests:
        wanted = request.config
        key = (wanted.dataset, wanted.pixels, wanted.n_train, wanted.seed)
        if key not in loaded:
            loaded[key] = datasets.load(
                wanted.dataset, pixels=wanted.pixels, n_train=wanted.n_train, seed=wanted.seed
            )
        data = loaded[key]
        config = resolve(wanted, data)
        record = current_record(config, store)
        if record is None or record.samples < request.samples:
            with tqdm(
                total=request.samples,
                initial=record.samples if record else 0,
                desc=config.slug,
                unit=" samples",
                unit_scale=True,
                disable=not progress,
            ) as bar:
                record = carry(
                    config, record, data, store, request.samples, device, progress_on(bar)
                )
        runs.append(Run(record, store.folder(config), until=request.samples))
    return runs


def progress_on(bar: tqdm[NoReturn]) -> Progress:
    """Move the bar to a number of samples."""

    def move(samples: int) -> None:
        bar.update(samples - bar.n)

    return move


def resolve(config: RunConfig, data: Dataset) -> RunConfig:
    """The configuration with the data that is there: a stand-in has its own name and size."""
    return dataclasses.replace(config, dataset=data.name, n_train=len(data.train))


def current_record(config: RunConfig, store: RunStore) -> Record | None:
    """The stored record; if other code computed it, the run is moved aside, with a word."""
    record = store.record(config)
    if record is None or record.source == run_source(config):
        return record
    aside = store.set_aside(record)
    tqdm.write(
        f"{config.slug}: vaelib has changed since; the earlier run is now in {aside}",
        file=sys.stderr,
    )
    return None


def carry(
    config: RunConfig,
    record: Record | None,
    data: Dataset,
    store: RunStore,
    until: int,
    device: str,
    progress: Progress,
) -> Record:
    """Start the run, or take it up at its checkpoint, and carry it to `until` samples.

    Raises:
        UserError: if the run was started on another kind of device, whose random numbers differ.
        DivergedError: if a parameter or a point of the curve is no longer finite; what was stored
            stays.
    """
    began = time.monotonic()
    if record is None:
        record = begin(config, data, device)
        trainer = make_trainer(config, data, stepsize=record.stepsize, device=device)
    else:
        started_on = record.segments[0]["environment"]["device"]
        if torch.device(started_on).type != torch.device(device).type:
            raise UserError(
                f"run {config.slug} was started on {started_on}, and {device} draws other random "
                f"numbers: carry it on with device {started_on!r}, or use another seed"
            )
        trainer = make_trainer(config, data, stepsize=record.stepsize, device=device)
        trainer.load_state_dict(store.checkpoint(config))
        record.curve = [p for p in record.curve if p.training_samples <= trainer.samples]
    segment = {"until": trainer.samples, "seconds": 0.0, "environment": environment(device=device)}
    record.segments.append(segment)

    saved = began

    def save(*, at_least: float = 0.0) -> None:
        nonlocal saved
        if time.monotonic() - saved < at_least:
            return
        saved = time.monotonic()
        record.samples = segment["until"] = trainer.samples
        segment["seconds"] = round(time.monotonic() - began, 3)
        store.save(record, trainer.state_dict())

    splits = {"train": data.train.to(device), "test": data.test.to(device)}
    evaluated = max((point.training_samples for point in record.curve), default=0)
    points = [point for point in grid(config, until) if point > evaluated]
    for point in sorted({*points, until}):
        for samples in trainer.advance(point):
            progress(samples)
            # Not at the point itself: a checkpoint there must hold its evaluation.
            if samples < point:
                save(at_least=SECONDS_BETWEEN_CHECKPOINTS)
        # Where a step spans two points, it is evaluated once.
        if point in points and trainer.samples > evaluated:
            evaluated = trainer.samples
            record.curve += finite(
                evaluate(config, trainer.algorithm.model, splits, samples=evaluated), config
            )
            save(at_least=SECONDS_BETWEEN_CHECKPOINTS)
    save()
    return record


def begin(config: RunConfig, data: Dataset, device: str) -> Record:
    """The record of a run that has not taken a step, its stepsize chosen."""
    compared: dict[str, float] = {}
    if config.stepsize == "auto":
        reached = compare_stepsizes(config, data, device=device)
        if not reached:
            raise DivergedError(f"run {config.slug}: no stepsize of section 5 stays finite")
        stepsize = max(reached, key=lambda candidate: reached[candidate])
        compared = {str(candidate): value for candidate, value in reached.items()}
    else:
        stepsize = config.stepsize
    return Record(
        config=config,
        samples=0,
        stepsize=stepsize,
        stepsizes_compared=compared,
        data={
            "name": data.name,
            "source": data.source,
            "sha256": data.sha256,
            "stand_in": data.stand_in,
        },
        model={"n_pixels": data.train.shape[1], "decoder": data.decoder},
        source=run_source(config),
    )


def finite(points: list[CurvePoint], config: RunConfig) -> list[CurvePoint]:
    """The points themselves.

    Raises:
        DivergedError: if one is not a finite number.
    """
    for point in points:
        if not math.isfinite(point.value):
            raise DivergedError(
                f"run {config.slug}: the {point.split} {point.measure} is {point.value} after "
                f"{point.training_samples} training samples: use a smaller stepsize"
            )
    return points


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
