"""What is known of a run, as text."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path

# What the fields are in JSON, beside config.
KINDS: dict[str, type | tuple[type, ...]] = {
    "samples": int,
    "stepsize": (int, float),
    "stepsizes_compared": dict,
    "data": dict,
    "model": dict,
    "source": str,
    "curve": list,
    "segments": list,
}


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
        segments: for each stretch computed in one go, its end and the end that was asked for, its
            seconds, whether steps were to be compiled, the environment, and how many runs took its
            steps together if it was not alone.
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
        for name, kind in KINDS.items():
            if not isinstance(fields[name], kind):
                raise ValueError(f"{name} is {fields[name]!r}")
        fields["config"] = RunConfig.from_dict(fields["config"])
        fields["curve"] = [CurvePoint(**point) for point in fields["curve"]]
        for point in fields["curve"]:
            if not (isinstance(point.training_samples, int) and math.isfinite(point.value)):
                raise ValueError(f"the curve has the point {point}")
        for segment in fields["segments"]:
            if not (math.isfinite(segment["seconds"]) and segment["environment"]["device"]):
                raise ValueError(f"a segment is {segment}")
        return cls(**fields)


def read_record(path: AnyPath) -> Record:
    """Read one record.

    Raises:
        UserError: if the file cannot be read, or is no record.
    """
    path = as_path(path, "path")
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): make it readable, or move its folder away, "
            "and the run is computed anew"
        ) from None
    except UnicodeDecodeError:
        text = ""
    return parsed(text, path)


def expected(record: Record, config: RunConfig, folder: Path) -> Record:
    """The record itself.

    Raises:
        UserError: if it is of another configuration.
    """
    if record.config != config:
        raise UserError(
            f"the run folder {folder} was written by another configuration "
            f"({difference(record.config, config)}): move it away, and the run is computed anew"
        )
    return record


def parsed(text: str, path: Path) -> Record:
    """A record from its JSON.

    Raises:
        UserError: if it is none; `path` is named.
    """
    try:
        return Record.from_json(text)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is not a record of a run ({error}): move its folder away, "
            "and the run is computed anew"
        ) from None


def difference(stored: RunConfig, asked: RunConfig) -> str:
    """The settings in which two configurations differ, for a message."""
    settings = asked.to_dict()
    return ", ".join(
        f"{name} is {value!r}, not {settings[name]!r}"
        for name, value in stored.to_dict().items()
        if value != settings[name]
    )
