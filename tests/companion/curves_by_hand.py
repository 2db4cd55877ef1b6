"""Learning curves of a few points, for the tests that read and compare them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from companion.experiments import paper_grid
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record
from companion.runs.store import Run
from vaelib.training import RunningAverage

CONFIG = paper_grid.mnist(20)


def run(
    config: RunConfig,
    values: dict[int, float],
    measure: str = "lower_bound",
    averages: Sequence[RunningAverage] = (),
) -> Run:
    curve = [
        CurvePoint(samples, split, measure, value + (split == "train"))
        for samples, value in values.items()
        for split in ("train", "test")
    ]
    return Run(
        Record(
            config=config,
            samples=max(values),
            stepsize=0.01,
            stepsizes_compared={},
            data={},
            model={},
            source="",
            curve=curve,
            running_averages=list(averages),
        ),
        Path(),
    )


def published(values: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": "mnist",
            "n_latent": 20,
            "n_train": 50_000,
            "algorithm": "aevb",
            "split": "test",
            "training_samples": list(values),
            "value": list(values.values()),
        }
    )
