"""The run store: what was computed is kept, and read back without a doubt about what it is."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from vaelib.config import RunConfig
from vaelib.errors import UserError
from vaelib.evaluation import CurvePoint
from vaelib.files import project_root, write_atomically
from vaelib.model import DecoderKind, VariationalAutoencoder, build
from vaelib.randomness import generator

RECORD, WEIGHTS, CHECKPOINT = "record.json", "weights.safetensors", "checkpoint.safetensors"


@dataclass
class Record:
    """What is known of a run.

    Attributes:
        config: its identity.
        samples: training samples evaluated so far.
        stepsize: Adagrad's stepsize, as chosen.
        stepsizes_compared: training objective in the first iterations for each candidate, in
            nats per datapoint; empty where the stepsize was given.
        curve: the learning curve.
        data: name, source, sha256 and whether it is a stand-in.
        model: sizes that the weights need: n_pixels and the decoder's kind.
        source: hash of the code that the numbers depend on.
        segments: for each stretch computed in one go, its end, its seconds and the environment.
    """

    config: RunConfig
    samples: int
    stepsize: float
    stepsizes_compared: dict[str, float]
    data: dict[str, Any]
    model: dict[str, Any]
    source: str
    curve: list[CurvePoint] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Seconds spent on the run, evaluations included."""
        return float(sum(segment["seconds"] for segment in self.segments))

    def to_json(self) -> str:
        """As text, one point of the curve a line."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields |= {"config": self.config.to_dict(), "curve": []}
        text = json.dumps(fields, indent=1, allow_nan=False)
        points = ",\n".join(f"  {json.dumps(point._asdict())}" for point in self.curve)
        return text.replace('"curve": []', f'"curve": [\n{points}\n ]') + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The inverse of `to_json`.

        Raises:
            ValueError, KeyError or TypeError: if the text is not a record.
        """
        fields = json.loads(text)
        fields["config"] = RunConfig.from_dict(fields["config"])
        fields["curve"] = [CurvePoint(**point) for point in fields["curve"]]
        return cls(**fields)


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

    def curve(self) -> pd.DataFrame:
        """The learning curve: training_samples, split, measure, value (nats per datapoint)."""
        # A step may carry the count past what was asked for; that point is the last one.
        end = math.inf if self.until is None else self.until + self.config.samples_per_step
        points = [point for point in self.record.curve if point.training_samples < end]
        return pd.DataFrame(points, columns=list(CurvePoint._fields))

    def model(self) -> VariationalAutoencoder:
        """The model with the stored weights, on the CPU.

        They are the latest weights, also where the curve is shown up to an earlier point.

        Raises:
            UserError: if the weights are missing or damaged.
        """
        sizes = self.record.model
        decoder: DecoderKind = sizes["decoder"]
        model = build(
            n_pixels=sizes["n_pixels"],
            n_hidden=self.config.n_hidden,
            n_latent=self.config.n_latent,
            decoder=decoder,
            generator=generator(self.config.seed, "initialise"),
        )
        model.load_state_dict(read_tensors(self.folder / WEIGHTS))
        return model.eval()


class RunStore:
    """A folder of runs, one folder each.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

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
        if not path.exists():
            return None
        record = read_record(path)
        if record.config != config:
            raise UserError(
                f"the run folder {path.parent} was written by another configuration "
                f"({difference(record.config, config)}): move it away, and the run is computed anew"
            )
        return record

    def records(self) -> list[Record]:
        """All runs of the store, by name."""
        return [read_record(path) for path in sorted(self.root.glob(f"*/{RECORD}"))]

    def save(self, record: Record, checkpoint: Mapping[str, Tensor]) -> None:
        """Write record, weights and checkpoint, each atomically.

        The record goes first: its curve may then run ahead of the checkpoint, and is cut back
        when the run goes on; the other way round points would be lost.
        """
        folder = self.folder(record.config)
        folder.mkdir(parents=True, exist_ok=True)
        weights = {
            key.removeprefix("model/"): tensor.cpu()
            for key, tensor in checkpoint.items()
            if key.startswith("model/")
        }
        write_atomically(folder / RECORD, record.to_json().encode())
        write_atomically(folder / WEIGHTS, safetensors.torch.save(weights))
        on_cpu = {key: tensor.cpu() for key, tensor in checkpoint.items()}
        write_atomically(folder / CHECKPOINT, safetensors.torch.save(on_cpu))

    def checkpoint(self, config: RunConfig) -> dict[str, Tensor]:
        """The checkpoint of a run.

        Raises:
            UserError: if it is missing or damaged.
        """
        return read_tensors(self.folder(config) / CHECKPOINT)

    def set_aside(self, record: Record) -> Path:
        """Move a run that other code computed out of the way; nothing is deleted."""
        folder = self.folder(record.config)
        aside = self.root / "superseded" / f"{folder.name}-{record.source[:8]}"
        number = 1
        while aside.exists():
            number += 1
            aside = aside.with_name(f"{folder.name}-{record.source[:8]}-{number}")
        aside.parent.mkdir(exist_ok=True)
        folder.rename(aside)
        return aside


def read_record(path: Path) -> Record:
    """Read one record.

    Raises:
        UserError: if the file is no record.
    """
    try:
        return Record.from_json(path.read_text("utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is not a record of a run ({error}): move its folder away, "
            "and the run is computed anew"
        ) from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        UserError: if it is missing or damaged.
    """
    try:
        return safetensors.torch.load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): move its folder away, and the run is computed anew"
        ) from None


def difference(stored: RunConfig, asked: RunConfig) -> str:
    """The settings in which two configurations differ, for a message."""
    settings = asked.to_dict()
    return ", ".join(
        f"{name} is {value!r}, not {settings[name]!r}"
        for name, value in stored.to_dict().items()
        if value != settings[name]
    )
