"""One run on its way: begun or taken up, carried further, evaluated, saved, and safe from harm."""

from __future__ import annotations

import math
import sys
import time

import torch
from torch import Tensor

from companion.runs import lineage, rounding
from companion.runs.assembly import compare_stepsizes, make_trainer
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint, curve_points, grid
from companion.runs.interruption import deferred
from companion.runs.progress import Bar, bar_of
from companion.runs.provenance import environment
from companion.runs.record import Record
from companion.runs.store import RunStore
from vaelib.datasets import Dataset
from vaelib.errors import DivergedError, UserError

SECONDS_BETWEEN_CHECKPOINTS = 60.0
LARGEST_SHARE_OF_TIME = 0.01  # that checkpoints may take
# Where a compiled run goes over to compiled steps. Rounding is blown up while a model is young, so
# the beginning is the same for all runs of these settings; and there a compiler does not pay.
COMPILED_FROM = 200_000


def carry(
    config: RunConfig,
    data: Dataset,
    store: RunStore,
    until: int,
    device: str,
    progress: bool,
    *,
    compile_step: bool = False,
) -> Record:
    """Start the run, or take it up at its checkpoint, and carry it to `until` samples.

    Ctrl-C and SIGTERM are heard at the end of a chunk of steps; the run is saved first.

    Raises:
        UserError: if the run was started on another kind of device, whose random numbers differ,
            or a checkpoint can be neither read nor written.
        DivergedError: if a parameter or a point of the curve is no longer finite; what was stored
            stays.
        KeyboardInterrupt: if an end was asked for; the run is saved.
    """
    began = time.monotonic()
    record, state = checkpoint_of(config, store) or (begin(config, data, device), None)
    if state is not None:
        started_on = record.segments[0]["environment"]["device"]
        if torch.device(started_on).type != torch.device(device).type:
            raise UserError(
                f"run {config.slug} was started on {started_on}, and {device} draws other random "
                f"numbers: carry it on with device {started_on!r}, or use another seed"
            )
    trainer = make_trainer(config, data, stepsize=record.stepsize, device=device)
    here = environment(device=device)
    if state is not None:
        trainer.load_state_dict(state)
        record.source = lineage.run_source(config)
        if changed := rounding.changes(record.segments[-1]["environment"], here):
            tell(
                f"{config.slug}: goes on from {trainer.samples} samples, and its last bits may be "
                f"others than those of a run that was not moved: {changed}"
            )
    segment = {
        "until": trainer.samples,
        "asked": until,
        "seconds": 0.0,
        "compiled": compile_step,
        "environment": here,
    }
    record.segments.append(segment)

    due = began + SECONDS_BETWEEN_CHECKPOINTS

    def save() -> None:
        nonlocal due
        start = time.monotonic()
        record.samples = segment["until"] = trainer.samples
        segment["seconds"] = round(start - began, 3)
        store.save(record, trainer.state_dict())
        end = time.monotonic()
        due = end + max(SECONDS_BETWEEN_CHECKPOINTS, (end - start) / LARGEST_SHARE_OF_TIME)

    splits = {"train": data.train.to(device), "test": data.test.to(device)}
    evaluated = max((point.training_samples for point in record.curve), default=0)
    points = [point for point in grid(config, until) if point > evaluated]
    stops = {*points, until, *([COMPILED_FROM] if until > COMPILED_FROM else [])}
    to_be_compiled = compile_step
    with deferred() as end_of_run, bar_of(config.slug, trainer.samples, until, progress) as bar:

        def breathe(*, last: bool = False) -> None:
            bar.update(trainer.samples - bar.n)
            if last or end_of_run.made or time.monotonic() >= due:
                save()
            if end_of_run.made:
                raise KeyboardInterrupt

        for point in sorted(stops):
            if to_be_compiled and trainer.samples >= COMPILED_FROM:
                state = trainer.state_dict()
                trainer = make_trainer(
                    config, data, stepsize=record.stepsize, device=device, compile_step=True
                )
                trainer.load_state_dict(state)
                to_be_compiled = False
            for samples in trainer.advance(point):
                # Not at the point itself: a checkpoint there must hold its evaluation.
                if samples < point:
                    breathe()
            # Where a step spans two points, it is evaluated once.
            if point in points and trainer.samples > evaluated:
                evaluated = trainer.samples
                measured = curve_points(
                    config,
                    trainer.algorithm.model,
                    splits,
                    samples=evaluated,
                    compile_step=compile_step and evaluated > COMPILED_FROM,
                )
                record.curve += finite(measured, config)
            breathe(last=point == until)
    return record


def checkpoint_of(config: RunConfig, store: RunStore) -> tuple[Record, dict[str, Tensor]] | None:
    """Where the run can be taken up; one that other code began is moved aside."""
    found = store.checkpoint(config)
    if found is not None and not lineage.is_todays(found[0].source, config):
        set_aside(found[0], store)
        return None
    return found


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
        source=lineage.run_source(config),
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


def set_aside(record: Record, store: RunStore) -> None:
    """Move a run that other code computed out of the way, with a word."""
    aside = store.set_aside(record)
    tell(f"{record.config.slug}: vaelib has changed since; the earlier run is now in {aside}")


def tell(line: str) -> None:
    """Print a line on standard error, above the bars."""
    Bar.write(line, file=sys.stderr)
