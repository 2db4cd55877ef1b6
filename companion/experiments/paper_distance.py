"""How far learning curves lie from the paper's own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.experiments.curve_reading import KEYS, SLACK, as_printed
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
def differences_from_paper(
    curves: pd.DataFrame, published: pd.DataFrame, *, until: Positive
) -> pd.DataFrame:
    """How far each curve lies above the paper's at each of the paper's points to `until`.

    Args:
        curves: from `runs.curves`; they are read `as_printed`.
        published: from `paper_curves.digitised`.
        until: training samples.

    Returns:
        columns KEYS, seed, training_samples, apart (ours − paper, nats per datapoint; our curve is
        linear in log samples) and averaged (whether all of ours are running averages, as the
        paper's on training data are).
    """
    tables = []
    for key, curve in as_printed(curves).groupby([*KEYS, "seed"], sort=False):
        theirs = published[(published[KEYS] == list(key)[:-1]).all(axis=1)]
        curve = curve.sort_values("training_samples")
        x = curve["training_samples"].to_numpy(dtype=float)
        end = min(until, x[-1]) * SLACK
        theirs = theirs[theirs["training_samples"].between(x[0] / SLACK, end)]
        ours = np.interp(np.log(theirs["training_samples"]), np.log(x), curve["value"])
        tables.append(
            theirs[[*KEYS, "training_samples"]].assign(
                seed=curve["seed"].iloc[0],
                apart=ours - theirs["value"],
                averaged=bool(curve["running_average"].notna().all()),
            )
        )
    columns = [*KEYS, "seed", "training_samples", "apart", "averaged"]
    found = [table[columns] for table in tables if len(table)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


@checked
def distance_from_paper(
    curves: pd.DataFrame, published: pd.DataFrame, *, until: Positive
) -> pd.DataFrame:
    """How far each curve lies from the paper's, on average over the paper's points to `until`.

    Args:
        curves, published, until: as for `differences_from_paper`.

    Returns:
        columns KEYS, seed, distance (mean of the absolute difference), largest (of them), points,
        averaged (whether all of ours are running averages, as the paper's on training data are).
    """
    columns = [*KEYS, "seed", "distance", "largest", "points", "averaged"]
    apart = differences_from_paper(curves, published, until=until)
    if apart.empty:
        return pd.DataFrame(columns=columns)
    by_curve = apart.assign(size=apart["apart"].abs()).groupby([*KEYS, "seed"], sort=False)
    table = by_curve.agg(
        distance=("size", "mean"),
        largest=("size", "max"),
        points=("size", "count"),
        averaged=("averaged", "first"),
    )
    return table.reset_index()[columns]
