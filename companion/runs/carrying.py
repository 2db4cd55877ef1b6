"""Runs on their way to a number of training samples: stepped, evaluated, saved, safe from harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from companion.runs import stacking
from companion.runs.config import RunConfig
from companion.runs.evaluation import grid
from companion.runs.interruption import deferred
from companion.runs.progress import bar_of
from companion.runs.record import Record
from companion.runs.store import RunStore
from companion.runs.underway import COMPILED_FROM, Underway
from vaelib.datasets import Dataset

SECONDS_BETWEEN_CHECKPOINTS = 60.0
LARGEST_SHARE_OF_TIME = 0.01  # that checkpoints may take


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
    run = Underway(config, data, store, until=until, device=device, compile_step=compile_step)
    _go([run], run.advance, until, _Checkpoints([run], began), progress)
    return run.record


def carry_together(
    sets: Sequence[tuple[RunConfig, Dataset]],
    store: RunStore,
    until: int,
    device: str,
    progress: bool,
) -> None:
    """Carry runs of one configuration and several seeds, those at the same place as one.

    Each is stored like one that was carried alone, and can go on alone or with others.

    Args:
        sets: each run and its data; nothing but the seeds may differ.
        store, until, device, progress: as for `carry`.

    Raises:
        UserError, DivergedError, KeyboardInterrupt: as `carry`, and as `stacking.advance`.
    """
    began = time.monotonic()
    runs = [Underway(*each, store, until=until, device=device) for each in sets]
    places = sorted({run.samples for run in runs})
    for group in [[run for run in runs if run.samples == place] for place in places]:
        advance = group[0].advance if len(group) == 1 else _stacked(group, device)
        _go(group, advance, until, _Checkpoints(group, began), progress)
        began = time.monotonic()


def _stacked(runs: Sequence[Underway], device: str) -> Callable[[int], Iterator[int]]:
    """What steps several runs as one."""
    for run in runs:
        run.share_steps(len(runs))
    x = _training_sets([run.data.train for run in runs]).to(device)

    def advance(until: int) -> Iterator[int]:
        return stacking.advance(
            [run.trainer for run in runs],
            x,
            runs[0].config,
            stepsizes=[run.record.stepsize for run in runs],
            until=until,
        )

    return advance


def _training_sets(sets: Sequence[Tensor]) -> Tensor:
    """The one that all share, `(N, n_pixels)`, or all of them `(S, N, n_pixels)`."""
    shared = all(torch.equal(sets[0], other) for other in sets[1:])
    return sets[0] if shared else torch.stack(list(sets))


def _go(
    runs: Sequence[Underway],
    advance: Callable[[int], Iterator[int]],
    until: int,
    checkpoints: _Checkpoints,
    progress: bool,
) -> None:
    """Take runs that stand at the same place to `until` samples, from one stop to the next."""
    first = runs[0]
    measured = min(run.measured for run in runs)
    points = [point for point in grid(first.config, until) if point > measured]
    stops = {*points, until, *([COMPILED_FROM] if until > COMPILED_FROM else [])}
    title = str(first.config) if len(runs) == 1 else f"{len(runs)} seeds of {first.config}"
    with deferred() as end_of_run, bar_of(title, first.samples, until, progress) as bar:

        def breathe(*, last: bool = False) -> None:
            bar.update(first.samples - bar.n)
            if last or end_of_run.made or checkpoints.are_due():
                checkpoints.save()
            if end_of_run.made:
                raise KeyboardInterrupt

        for stop in sorted(stops):
            for samples in advance(stop):
                # Not at the stop itself: a checkpoint there must hold its evaluation.
                if samples < stop:
                    breathe()
            if stop in points:
                for run in runs:
                    run.measure()
            breathe(last=stop == until)


class _Checkpoints:
    """Those of runs that go together: now and then, and never for long.

    Args:
        runs: what is saved.
        began: when work on them began, on the monotonic clock; each is given its share of it.
    """

    def __init__(self, runs: Sequence[Underway], began: float) -> None:
        self._runs = runs
        self._began = began
        self._due = began + SECONDS_BETWEEN_CHECKPOINTS

    def are_due(self) -> bool:
        return time.monotonic() >= self._due

    def save(self) -> None:
        start = time.monotonic()
        for run in self._runs:
            run.save(seconds=(start - self._began) / len(self._runs))
        end = time.monotonic()
        pause = max(SECONDS_BETWEEN_CHECKPOINTS, (end - start) / LARGEST_SHARE_OF_TIME)
        self._due = end + pause
