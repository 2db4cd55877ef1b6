"""Learning curves set beside each other: the paper's, the reference runs', and the reader's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from companion import runs
from companion.runs import rounding
from companion.runs.store import Run
from companion.runs.underway import COMPILED_FROM
from vaelib.checks.limits import NotNegative, Positive, checked

KEYS = ["dataset", "n_latent", "n_train", "algorithm", "split"]
DECADES = (10**6, 10**7, 10**8)
# Points of the paper's curves were read to 1 % in training samples.
SLACK = 1.02


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


@checked
def at(curve: pd.DataFrame, samples: NotNegative) -> float | None:
    """A curve's value at a number of samples, linear in log samples; None outside of the curve.

    Args:
        curve: of one run and split; columns training_samples and value (nats per datapoint).
        samples: where.
    """
    if curve.empty:
        return None
    curve = curve.sort_values("training_samples")
    x = curve["training_samples"].to_numpy(dtype=float)
    if not x[0] / SLACK <= samples <= x[-1] * SLACK:
        return None
    return float(np.interp(np.log(samples), np.log(x), curve["value"]))


def bounds_by_decade(
    reference: pd.DataFrame, published: pd.DataFrame, *, decades: Iterable[int] = DECADES
) -> pd.DataFrame:
    """The paper's values and ours after 10⁶, 10⁷ and 10⁸ training samples.

    Args:
        reference: of the reference runs, from `runs.curves`; several seeds where there are.
        published: the paper's, from `paper.curves`.
        decades: numbers of training samples.

    Returns:
        a row for each curve of `published` and each number of samples that ours reaches: KEYS,
        samples, paper (NaN where its curve has no point), ours (mean over seeds), low and high
        (over seeds), n_seeds, difference (ours − paper). Nats per datapoint.
    """
    rows = []
    for panel, theirs in published.groupby(KEYS, sort=False):
        mine = reference[(reference[KEYS] == list(panel)).all(axis=1)]
        for samples in decades:
            values = [at(curve, samples) for _, curve in mine.groupby("seed")]
            reached = [value for value in values if value is not None]
            if not reached:
                continue
            paper = at(theirs, samples)
            rows.append(
                dict(zip(KEYS, panel, strict=True))
                | {
                    "samples": samples,
                    "paper": np.nan if paper is None else paper,
                    "ours": np.mean(reached),
                    "low": min(reached),
                    "high": max(reached),
                    "n_seeds": len(reached),
                }
            )
    columns = [*KEYS, "samples", "paper", "ours", "low", "high", "n_seeds"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(difference=table["ours"] - table["paper"])


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


@checked
def distance_from_paper(
    curves: pd.DataFrame, published: pd.DataFrame, *, until: Positive
) -> pd.DataFrame:
    """How far each curve lies from the paper's, on average over the paper's points to `until`.

    Args:
        curves: from `runs.curves`.
        published: from `paper.curves`.
        until: training samples.

    Returns:
        columns KEYS, seed, distance (mean of the absolute difference), largest (of them), points.
    """
    rows = []
    for key, curve in curves.groupby([*KEYS, "seed"], sort=False):
        panel, seed = list(key)[:-1], key[-1]
        theirs = published[(published[KEYS] == panel).all(axis=1)]
        theirs = theirs[theirs["training_samples"] <= until * SLACK]
        places, values = (theirs[name].tolist() for name in ("training_samples", "value"))
        pairs = [(at(curve, place), value) for place, value in zip(places, values, strict=True)]
        gaps = [abs(own - value) for own, value in pairs if own is not None]
        if gaps:
            named = dict(zip(KEYS, panel, strict=True))
            rows.append(
                named
                | {
                    "seed": seed,
                    "distance": float(np.mean(gaps)),
                    "largest": max(gaps),
                    "points": len(gaps),
                }
            )
    return pd.DataFrame(rows, columns=[*KEYS, "seed", "distance", "largest", "points"])


def curves_of(reference: Iterable[Run]) -> pd.DataFrame:
    """`runs.curves`, empty where there is no run."""
    found = list(reference)
    if found:
        return runs.curves(found)
    return pd.DataFrame(columns=["training_samples", "value", "measure", "seed", *KEYS])
