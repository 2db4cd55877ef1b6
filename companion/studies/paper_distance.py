"""How far learning curves lie from the paper's own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.experiments.curve_reading import KEYS, SLACK, as_printed, at
from vaelib.checks.limits import Positive, checked


@checked
def distance_from_paper(
    curves: pd.DataFrame, published: pd.DataFrame, *, until: Positive
) -> pd.DataFrame:
    """How far each curve lies from the paper's, on average over the paper's points to `until`.

    Args:
        curves: from `runs.curves`; they are read `as_printed`.
        published: from `paper_curves.digitised`.
        until: training samples.

    Returns:
        columns KEYS, seed, distance (mean of the absolute difference), largest (of them), points,
        averaged (whether all of ours are running averages, as the paper's on training data are).
    """
    rows = []
    for key, curve in as_printed(curves).groupby([*KEYS, "seed"], sort=False):
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
                    "averaged": bool(curve["running_average"].notna().all()),
                }
            )
    columns = [*KEYS, "seed", "distance", "largest", "points", "averaged"]
    return pd.DataFrame(rows, columns=columns)
