"""By how much AEVB leads the other algorithms while they are trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from companion.experiments.curve_reading import SLACK
from vaelib.errors import UserError

PANEL_KEYS = ["dataset", "n_latent", "n_train", "split"]
_READ = (*PANEL_KEYS, "algorithm", "training_samples", "value")
_COLUMNS = [*PANEL_KEYS, "over", "seed", "training_samples", "lead"]


def leads_of(curves: pd.DataFrame) -> pd.DataFrame:
    """The value of AEVB minus that of each other algorithm, seed by seed.

    Read at the points of the other, as far as AEVB's curve reaches, which is linear in log samples
    between its own. Monte Carlo EM, which has other points, at first climbs too steeply to be read
    between them.

    Args:
        curves: of one reading, from `runs.curves`, or the paper's from `paper_curves.digitised`;
            without a column seed all are of seed 0.

    Returns:
        columns dataset, n_latent, n_train, split, over (the other algorithm), seed,
        training_samples, lead (nats per datapoint); of the seeds that both algorithms have.

    Raises:
        UserError: for curves without a column that is read, or with two values at one place.
    """
    missing = [column for column in _READ if column not in curves]
    if missing:
        raise UserError(
            f"the curves to compare lack the column {', '.join(missing)}: "
            "pass those of `runs.curves`"
        )
    curves = curves.assign(seed=curves.get("seed", 0))
    keys = [*PANEL_KEYS, "seed"]
    if curves.duplicated([*keys, "algorithm", "training_samples"]).any():
        raise UserError("a curve has two values at one place: pass the curves of one reading")
    tables = []
    for key, of_seed in curves.groupby(keys, sort=False):
        by_algorithm = {
            str(name): curve.sort_values("training_samples")
            for name, curve in of_seed.groupby("algorithm", sort=False)
        }
        ours = by_algorithm.pop("aevb", of_seed[:0])
        for over, theirs in by_algorithm.items():
            panel: dict[str, Any] = dict(zip(keys, key, strict=True))
            tables.append(_lead(ours, theirs).assign(**panel, over=over))
    found = [table[_COLUMNS] for table in tables if len(table)]
    if not found:
        return pd.DataFrame(columns=_COLUMNS)
    return pd.concat(found).dropna(subset="lead").reset_index(drop=True)


def over_seeds(leads: pd.DataFrame) -> pd.DataFrame:
    """The lead of the first seed, and the range over all that have come so far.

    Args:
        leads: from `leads_of`.

    Returns:
        a row for each panel, other algorithm and place: lead (of the lowest seed there), low, high
        (over seeds, nats per datapoint) and n_seeds.
    """
    keys = [*PANEL_KEYS, "over", "training_samples"]
    by_place = leads.sort_values("seed", kind="stable").groupby(keys, sort=False)
    return by_place.agg(
        lead=("lead", "first"), low=("lead", "min"), high=("lead", "max"), n_seeds=("seed", "count")
    ).reset_index()


def _lead(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """One curve minus another at the points of the other; both in the order of their points."""
    x = ours["training_samples"].to_numpy(dtype=float)
    within = theirs["training_samples"].between(
        x.min(initial=np.inf) / SLACK, x.max(initial=0) * SLACK
    )
    theirs = theirs[within]
    if theirs.empty:
        return theirs[["training_samples"]].assign(lead=[])
    at = theirs["training_samples"].to_numpy(dtype=float)
    read = np.interp(np.log(at), np.log(x), ours["value"].to_numpy(dtype=float))
    return theirs[["training_samples"]].assign(lead=read - theirs["value"])
