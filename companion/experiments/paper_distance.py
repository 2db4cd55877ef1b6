"""How far learning curves lie from the paper's own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.experiments.curve_reading import KEYS, SLACK, as_printed, at
from companion.experiments.paper_curves import Figure
from vaelib.checks.limits import Positive, checked

# Of the largest distance from a digitised curve, in nats per datapoint: all curves are held to it.
AGREEMENT_TOLERANCE = {"mnist": 4.0, "frey_face": 60.0}
# Of the mean distance: the test curves of Fig. 2 and all of Fig. 3 are held to it as well.
MEAN_TOLERANCE: dict[tuple[Figure, str, str], float] = {
    ("figure2", "mnist", "aevb"): 1.5,
    ("figure2", "mnist", "wake_sleep"): 2.0,
    ("figure2", "frey_face", "aevb"): 15.0,
    ("figure2", "frey_face", "wake_sleep"): 15.0,
    ("figure3", "mnist", "aevb"): 2.0,
    ("figure3", "mnist", "wake_sleep"): 2.0,
    ("figure3", "mnist", "mcem"): 2.0,
}


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
