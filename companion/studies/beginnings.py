"""The reader's own runs beside the reference runs of the same settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from companion.experiments.curve_reading import KEYS
from companion.runs import rounding
from companion.runs.store import Run
from companion.runs.underway import COMPILED_FROM

# Of the way that a curve has come. Other rounding moves a run by a hundredth of this.
BEGINNING_TOLERANCE = 0.01


class Beginning(NamedTuple):
    """How a run compares with another of the same settings, as far as both go.

    Attributes:
        points: at which both were evaluated.
        until: the last of them, in training samples.
        largest: the largest distance between them, in nats per datapoint.
        scale: how far the curve moved between its first and its last common point, in nats.
        identical: whether all points are equal to the last bit.
        rounding: whether they must be, by what the records tell of code and machine: "same",
            "other" or "not recorded".
    """

    points: int
    until: int
    largest: float
    scale: float
    identical: bool
    rounding: str


def beginning(own: Run, reference: Run) -> Beginning | None:
    """A run of the reader's beside the reference run of the same settings; None without a point."""
    keys = ["training_samples", "split", "measure"]
    both = own.curve().merge(reference.curve(), on=keys, suffixes=("_own", "_reference"))
    if both.empty:
        return None
    distance = (both["value_own"] - both["value_reference"]).abs()
    ranges = both.groupby("split")["value_reference"].agg(np.ptp)
    until = int(both["training_samples"].max())
    return Beginning(
        points=len(both),
        until=until,
        largest=float(distance.max()),
        scale=float(ranges.max()),
        identical=bool((distance == 0.0).all()),
        rounding=rounding.agreement(
            own.record, reference.record, until=until, compiled_from=COMPILED_FROM
        ),
    )


def beginnings(own: Iterable[Run], reference: Iterable[Run]) -> pd.DataFrame:
    """`beginning` for every run of the reader's that a reference run has the settings of.

    Returns:
        columns dataset, n_latent, n_train, algorithm, and those of `Beginning`.
    """
    by_slug = {run.config.slug: run for run in reference}
    rows = []
    for run in own:
        known = by_slug.get(run.config.slug)
        found = None if known is None else beginning(run, known)
        if found is not None:
            named = {key: getattr(run.config, key) for key in KEYS if key != "split"}
            rows.append(named | found._asdict())
    return pd.DataFrame(rows, columns=[*(k for k in KEYS if k != "split"), *Beginning._fields])
