"""One run on its way: taken up, stepped, measured and saved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from companion.runs import lineage, rounding
from companion.runs.assembly import make_trainer
from companion.runs.beginning import begin, checkpoint_of
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint, curve_points, keeps_running_averages
from companion.runs.progress import tell
from companion.runs.provenance import environment
from companion.runs.store import RunStore
from vaelib.datasets import Dataset
from vaelib.errors import DivergedError, UserError
from vaelib.training import Trainer

# Where a compiled run goes over to compiled steps. Rounding is blown up while a model is young, so
# the beginning is the same for all runs of these settings; and there a compiler does not pay.
COMPILED_FROM = 200_000
# As many training points as MNIST has: of more, a point of the curve would cost more than training.
MOST_EVALUATED = 50_000


class Underway:
    """A run at its start or at its checkpoint, ready to go on.

    Args:
        config: the run.
        data: its data.
        store: where it is kept.
        until: the training samples that it is to reach.
        device: where it is computed.
        compile_step: take compiled steps from `COMPILED_FROM` training samples on.

    Attributes:
        config, data: as given.
        record: what is known of the run; up to date where it is saved.
        trainer: what steps it.
        measured: the training samples at the last point of its curve.

    Raises:
        UserError: if the run was started on another kind of device, whose random numbers differ,
            or its checkpoint cannot be read.
        DivergedError: as `beginning.begin`.
    """

    def __init__(
        self,
        config: RunConfig,
        data: Dataset,
        store: RunStore,
        *,
        until: int,
        device: str,
        compile_step: bool = False,
    ) -> None:
        self.config = config
        self.data = data
        self._store, self._device, self._compile_step = store, device, compile_step
        self._steps_are_compiled = False
        found = checkpoint_of(config, store)
        self.record = begin(config, data, device) if found is None else found[0]
        if found is not None:
            self._look_at_device()
        self.trainer = self._make_trainer()
        here = environment(device=device)
        if found is not None:
            self.trainer.load_state_dict(found[1])
            self._take_over(here)
        self._segment: dict[str, Any] = {
            "until": self.samples,
            "asked": until,
            "seconds": 0.0,
            "compiled": compile_step,
            "environment": here,
        }
        self.record.segments.append(self._segment)
        evaluated = data.train[:MOST_EVALUATED]
        self._splits = {"train": evaluated.to(device), "test": data.test.to(device)}
        self.measured = max((point.training_samples for point in self.record.curve), default=0)

    @property
    def samples(self) -> int:
        """The training samples evaluated so far."""
        return self.trainer.samples

    def share_steps(self, together: int) -> None:
        """Note how many runs take each step as one, it among them; that changes the last bits."""
        self._segment["together"] = together

    def advance(self, until: int) -> Iterator[int]:
        """As `Trainer.advance`, in compiled steps where they are due."""
        if self._compile_step and not self._steps_are_compiled and self.samples >= COMPILED_FROM:
            state = self.trainer.state_dict()
            self._steps_are_compiled = True
            self.trainer = self._make_trainer()
            self.trainer.load_state_dict(state)
        return self.trainer.advance(until)

    def measure(self) -> None:
        """Add a point to the curve, unless one step spanned two of them and it has this one.

        Raises:
            DivergedError: if it is not a finite number.
        """
        if self.samples <= self.measured:
            return
        self.measured = self.samples
        points = curve_points(
            self.config,
            self.trainer.algorithm.model,
            self._splits,
            samples=self.samples,
            compile_step=self._compile_step and self.samples > COMPILED_FROM,
        )
        self.record.curve += finite(points, self.config)
        average = self.trainer.take_average()
        if average is not None and keeps_running_averages(self.config):
            self.record.running_averages.append(average)

    def save(self, *, seconds: float) -> None:
        """Store it as it is, after so many seconds of work on it.

        Raises:
            UserError: if it cannot be written.
        """
        self.record.samples = self._segment["until"] = self.samples
        self._segment["seconds"] = round(seconds, 3)
        self._store.save(self.record, self.trainer.state_dict())

    def _make_trainer(self) -> Trainer:
        return make_trainer(
            self.config,
            self.data,
            stepsize=self.record.stepsize,
            device=self._device,
            compile_step=self._steps_are_compiled,
        )

    def _look_at_device(self) -> None:
        started_on = self.record.segments[0]["environment"]["device"]
        if torch.device(started_on).type != torch.device(self._device).type:
            raise UserError(
                f"run {self.config} was started on {started_on}, and {self._device} draws other "
                f"random numbers: carry it on with device {started_on!r}, or use another seed"
            )

    def _take_over(self, here: dict[str, Any]) -> None:
        """Let today's code answer for the run from here on, and say where it rounds otherwise."""
        self.record.source = lineage.run_source(self.config)
        if changed := rounding.changes(self.record.segments[-1]["environment"], here):
            tell(
                f"{self.config}: goes on from {self.samples} samples, and its last bits may be "
                f"others than those of a run that was not moved: {changed}"
            )


def finite(points: list[CurvePoint], config: RunConfig) -> list[CurvePoint]:
    """The points themselves.

    Raises:
        DivergedError: if one is not a finite number.
    """
    for point in points:
        if not math.isfinite(point.value):
            raise DivergedError(
                f"run {config}: the {point.split} {point.measure} is {point.value} after "
                f"{point.training_samples} training samples: use a smaller stepsize"
            )
    return points
