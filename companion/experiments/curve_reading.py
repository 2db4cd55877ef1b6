"""Learning curves read where they have no point, and set beside the paper's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from companion import runs
from companion.runs.store import Run
from vaelib.checks.limits import NotNegative, checked

KEYS = ["dataset", "n_latent", "n_train", "algorithm", "split"]
DECADES = (10**6, 10**7, 10**8)
# Points of the paper's curves were read to 1 % in training samples.
SLACK = 1.02


def as_printed(curves: pd.DataFrame) -> pd.DataFrame:
    """Learning curves as the paper's figures show them, to compare like with like.

    The paper's training curves are not evaluations at a point but averages of the bound of the
    minibatches since the point before; early in training these lie lower.

    Args:
        curves: from `runs.curves`.

    Returns:
        the same, with the running average as value where it is known.
    """
    return curves.assign(value=curves["running_average"].fillna(curves["value"]))


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
        reference: of the reference runs, from `runs.curves`; several seeds where there are. They
            are read `as_printed`.
        published: the paper's, from `paper_curves.digitised`.
        decades: numbers of training samples.

    Returns:
        a row for each curve of `published` and each number of samples that ours reaches: KEYS,
        samples, paper (NaN where its curve has no point), ours (mean over seeds), low and high
        (over seeds), n_seeds, averaged (whether ours are running averages, all of them),
        evaluated (the mean of our evaluations at the point), noise (of one of these, the largest
        over seeds; NaN where it is not recorded), difference (ours − paper). Nats per datapoint.
    """
    rows = []
    for panel, theirs in published.groupby(KEYS, sort=False):
        mine = reference[(reference[KEYS] == list(panel)).all(axis=1)]
        for samples in decades:
            reached = _reached(as_printed(mine), samples)
            if not reached:
                continue
            noises = _reached(mine.assign(value=mine["noise"]), samples)
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
                    "averaged": bool(mine["running_average"].notna().all()),
                    "evaluated": np.mean(_reached(mine, samples)),
                    "noise": max(noises),
                }
            )
    columns = [*KEYS, "samples", "paper", "ours", "low", "high", "n_seeds", "averaged"]
    table = pd.DataFrame(rows, columns=[*columns, "evaluated", "noise"])
    return table.assign(difference=table["ours"] - table["paper"])


def _reached(curves: pd.DataFrame, samples: int) -> list[float]:
    """The values of the seeds' curves that reach so far."""
    values = (at(curve, samples) for _, curve in curves.groupby("seed"))
    return [value for value in values if value is not None]


def curves_of(reference: Iterable[Run]) -> pd.DataFrame:
    """`runs.curves`, empty where there is no run."""
    found = list(reference)
    if found:
        return runs.curves(found)
    columns = ["training_samples", "value", "measure", "noise", "running_average", "seed"]
    return pd.DataFrame(columns=[*columns, *KEYS])
