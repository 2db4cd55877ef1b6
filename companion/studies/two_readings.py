"""How near each change of a run as run leads to the paper's curves, alone and with the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from companion.experiments import paper_grid, readings, reference
from companion.experiments.curve_reading import KEYS, curves_of
from companion.experiments.paper_distance import distance_from_paper
from companion.experiments.seeds import interval
from companion.runs.config import RunConfig
from companion.runs.store import Run
from vaelib.checks.limits import Whole, checked

_SAMPLES = 10**6


@checked
def bases_of_changes(seed: Whole = 0) -> list[RunConfig]:
    """The runs as written whose changes are measured: of the panels that sets were chosen on."""
    figure2 = [config for config in paper_grid.figure2(seed) if not readings.is_predicted(config)]
    small = paper_grid.FIGURE3_N_TRAIN[0]
    of_mcem = (config for config in paper_grid.figure3(seed) if config.algorithm == "mcem")
    return [*figure2, *(config for config in of_mcem if config.n_train == small)]


def changes_measured(
    published: pd.DataFrame, known: Callable[[Iterable[RunConfig]], list[Run]]
) -> pd.DataFrame:
    """How far from the paper's curves a run is as written, with each change alone, and with all.

    Args:
        published: the paper's curves of both figures together, from `paper_curves.digitised`.
        known: from settings to the runs that there are, such as `reference.known`.

    Returns:
        a row for each curve of these runs that is there and overlaps with the paper's: KEYS, change
        (in words; "as written" and "all together" too), distance (mean of the absolute difference
        up to 10⁶ samples, averaged over seeds), low and high (its 95 % interval, NaN for one seed),
        n_seeds, averaged (whether ours are running averages, as the paper's training curves are).
        Nats per datapoint.
    """
    rows = []
    for base in bases_of_changes():
        alone = map(str, readings.changes_of(base))
        variants = {
            "as written": base,
            **dict(zip(alone, readings.alone(base), strict=True)),
            "all together": readings.in_reading(base, "as run"),
        }
        for change, config in variants.items():
            seeds = (dataclasses.replace(config, seed=seed) for seed in range(reference.SEEDS))
            curves = curves_of(known(seeds))
            apart = distance_from_paper(curves, published, until=_SAMPLES)
            for split, of_split in apart.groupby("split"):
                distances = of_split["distance"]
                low = high = np.nan
                if len(distances) > 1:
                    _, low, high = interval(distances)
                named = {key: getattr(base, key) for key in KEYS if key != "split"}
                rows.append(
                    named
                    | {"split": split, "change": change, "distance": distances.mean()}
                    | {"low": low, "high": high, "n_seeds": len(distances)}
                    | {"averaged": bool(of_split["averaged"].all())}
                )
    columns = [*KEYS, "change", "distance", "low", "high", "n_seeds", "averaged"]
    return pd.DataFrame(rows, columns=columns)
