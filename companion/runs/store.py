"""The run store: what was computed is kept, and read back without a doubt about what it is."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import safetensors.torch
import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from torch import Tensor

from companion.files import project_root, writing
from companion.runs import checkpoint
from companion.runs.assembly import model_for
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record, expected, parsed, read_record
from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path, write_atomically
from vaelib.model import VariationalAutoencoder

RECORD, WEIGHTS = "record.json", "weights.safetensors"


@dataclass(frozen=True)
class Run:
    """A stored run, seen up to the number of samples that was asked for.

    Attributes:
        record: all that is known of it.
        folder: where it lies.
        until: the curve is shown up to here; None shows all.
    """

    record: Record
    folder: Path
    until: int | None = None

    @property
    def config(self) -> RunConfig:
        """The run's identity."""
        return self.record.config

    @property
    def samples(self) -> int:
        """The training samples up to which it is seen."""
        return min(self.until or self.record.samples, self.record.samples)

    def curve(self) -> pd.DataFrame:
        """The learning curve, in nats per datapoint.

        Returns:
            columns of `CurvePoint`, and running_average: on training data, the bound of the
            minibatches averaged since the point before; NaN where it is not known, as is noise.
        """
        # A step may carry the count past what was asked for; that point is the last one.
        end = math.inf if self.until is None else self.until + self.config.samples_per_step
        points = [point for point in self.record.curve if point.training_samples < end]
        curve = pd.DataFrame(points, columns=list(CurvePoint._fields)).astype({"noise": float})
        averages = {each.until: each.value for each in self.record.running_averages}
        known = curve["training_samples"].map(averages).astype(float)
        return curve.assign(running_average=known.where(curve["split"] == "train"))

    def model(self) -> VariationalAutoencoder:
        """The model with the stored weights, on the CPU.

        They are the latest weights, also where the curve is shown up to an earlier point.

        Raises:
            UserError: if the weights are missing or damaged, or for networks of your own that this
                process does not know.
        """
        model = model_for(self.config, **self.record.model)
        model.load_state_dict(read_tensors(self.folder / WEIGHTS))
        return model.eval()


class RunStore:
    """A folder of runs, one folder each.

    Args:
        root: the folder; it need not be there.

    Raises:
        UserError: if there is a file in its place, or above it.
    """

    def __init__(self, root: AnyPath) -> None:
        self.root = as_path(root, "the root of a run store")
        there = next(place for place in (self.root, *self.root.parents) if os.path.lexists(place))
        if not there.is_dir():
            raise UserError(
                f"runs cannot be stored in {self.root}, because {there} is no folder: move it "
                "away, or set $VAELIB_RUNS to another place"
            )

    @classmethod
    def default(cls, device: str = "cpu") -> RunStore:
        """The store below `$VAELIB_RUNS`, or else `_build/runs`, for one kind of device.

        CPU and CUDA draw different random numbers, so that their runs differ and lie apart.
        """
        base = os.environ.get("VAELIB_RUNS") or project_root() / "_build" / "runs"
        return cls(Path(base) / torch.device(device).type)

    def folder(self, config: RunConfig) -> Path:
        """Where the run of this configuration lies, or would."""
        return self.root / config.slug

    def record(self, config: RunConfig) -> Record | None:
        """The record of the run, or None if there is none.

        Raises:
            UserError: if the folder holds no readable record, or that of another configuration.
        """
        path = self.folder(config) / RECORD
        if not os.path.lexists(path):
            return None
        return expected(read_record(path), config, path.parent)

    def record_files(self) -> list[Path]:
        """The records of all runs of the store, by name, unread."""
        return sorted(self.root.glob(f"*/{RECORD}"))

    def records(self) -> list[Record]:
        """All runs of the store, by name.

        Raises:
            UserError: if one cannot be read.
        """
        return [read_record(path) for path in self.record_files()]

    def save(self, record: Record, state: Mapping[str, Tensor]) -> None:
        """Write checkpoint, weights and record, each atomically, in this order.

        The checkpoint holds the record too, and is all that going on needs; the other two are
        views of it for people and figures. As the record is last, a run that it calls finished is.
        Whichever of them fails, the run goes on from the newest whole checkpoint.

        Raises:
            UserError: if one cannot be written.
        """
        folder = self.folder(record.config)
        weights = {
            key.removeprefix("model/"): tensor.cpu()
            for key, tensor in state.items()
            if key.startswith("model/")
        }
        with writing(f"run {record.config}", folder):
            folder.mkdir(parents=True, exist_ok=True)
            checkpoint.write_checkpoint(folder, record.to_json(), state)
            write_atomically(folder / WEIGHTS, safetensors.torch.save(weights))
            write_atomically(folder / RECORD, record.to_json().encode())

    def checkpoint(self, config: RunConfig) -> tuple[Record, dict[str, Tensor]] | None:
        """Where a run can be taken up: its record there, and the trainer's state; or None.

        Raises:
            UserError: if no checkpoint can be read, or it is another configuration's.
        """
        folder = self.folder(config)
        found = checkpoint.newest(folder)
        if found is None:
            return None
        text, state = found
        return expected(parsed(text, folder / checkpoint.NEWEST), config, folder), state

    @contextmanager
    def alone(self, config: RunConfig) -> Iterator[None]:
        """Within it no other process computes this run; if one does, say so and wait for it.

        Raises:
            UserError: if the store cannot be written.
        """
        locks = self.root / ".locks"
        # The system lets go of the lock with the process, however that ends.
        lock = FileLock(locks / f"{config.slug}.lock")
        with writing(f"the lock of run {config}", locks):
            locks.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                print(f"{config}: another process computes it, waiting for it", file=sys.stderr)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def set_aside(self, record: Record) -> Path:
        """Move a run that other code computed out of the way; nothing is deleted.

        Raises:
            UserError: if the store cannot be written.
        """
        folder = self.folder(record.config)
        aside = self.root / "superseded" / f"{folder.name}-{record.source[:8]}"
        number = 1
        while aside.exists():
            number += 1
            aside = aside.with_name(f"{folder.name}-{record.source[:8]}-{number}")
        with writing(f"the earlier run {folder.name}", aside.parent):
            aside.parent.mkdir(exist_ok=True)
            folder.rename(aside)
        return aside


def read_tensors(path: AnyPath) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        UserError: if it is missing or damaged.
    """
    path = as_path(path, "path")
    try:
        return safetensors.torch.load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): move its folder away, and the run is computed anew"
        ) from None
