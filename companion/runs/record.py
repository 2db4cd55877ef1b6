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
from vaelib.training import RunningAverage

# What the fields are in JSON, beside config.
KINDS: dict[str, type | tuple[type, ...]] = {
    "samples": int,
    "stepsize": (int, float),
    "stepsizes_compared": dict,
    "data": dict,
    "model": dict,
    "source": str,
    "curve": list,
    "running_averages": list,
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
        running_averages: of the bound of the minibatches, from one point of the curve to the next,
            where the bound is what is measured and climbed; none in records from before they were
            kept.
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
    running_averages: list[RunningAverage] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Seconds spent on the run, evaluations included."""
        return float(sum(segment["seconds"] for segment in self.segments))

    def to_json(self) -> str:
        """As text, one point of the curve a line."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        lists = {name: fields[name] for name in ("curve", "running_averages")}
        fields |= {"config": self.config.to_dict(), **{name: [] for name in lists}}
        text = json.dumps(fields, indent=1, allow_nan=False)
        for name, points in lists.items():
            lines = ",\n".join(f"  {json.dumps(_known(point._asdict()))}" for point in points)
            if lines:
                text = text.replace(f'"{name}": []', f'"{name}": [\n{lines}\n ]')
        return text + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The inverse of `to_json`.

        Raises:
            ValueError, KeyError or TypeError: if the text is not a record.
        """
        fields = {"running_averages": [], **json.loads(text)}
        for name, kind in KINDS.items():
            if not isinstance(fields[name], kind):
                raise ValueError(f"{name} is {fields[name]!r}")
        fields["config"] = RunConfig.from_dict(fields["config"])
        fields["curve"] = [CurvePoint(**point) for point in fields["curve"]]
        for point in fields["curve"]:
            if not (isinstance(point.training_samples, int) and math.isfinite(point.value)):
                raise ValueError(f"the curve has the point {point}")
            if not (point.noise is None or math.isfinite(point.noise)):
                raise ValueError(f"the curve has the point {point}")
        fields["running_averages"] = [RunningAverage(**each) for each in fields["running_averages"]]
        for each in fields["running_averages"]:
            if not (0 <= each.since < each.until and math.isfinite(each.value)):
                raise ValueError(f"the running averages have {each}")
        for segment in fields["segments"]:
            if not (math.isfinite(segment["seconds"]) and segment["environment"]["device"]):
                raise ValueError(f"a segment is {segment}")
        return cls(**fields)


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


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
