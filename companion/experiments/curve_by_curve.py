"""Every curve of Figs 2 and 3 beside the paper's, in both readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from companion.experiments import readings, reference
from companion.experiments.curve_reading import KEYS, as_printed, at
from companion.experiments.paper_curves import Figure
from companion.experiments.paper_distance import distance_from_paper
from companion.experiments.readings import READINGS, Reading
from companion.runs.config import RunConfig
from companion.runs.store import Run
from vaelib.checks.limits import checked
from vaelib.errors import UserError

GRIDS: Mapping[Figure, Callable[[Reading, int], list[RunConfig]]] = {
    "figure2": readings.figure2_in,
    "figure3": readings.figure3_in,
}
_COLUMNS = (*KEYS, "seed", "training_samples", "value", "running_average")


@checked
def runs_in_reading(figure: Figure, reading: Reading) -> list[Run]:
    """The reference runs of a figure in a reading, of every seed, as far as they have come.

    Raises:
        UserError: for a reading that there is not.
    """
    return reference.known(
        config for seed in range(reference.SEEDS) for config in GRIDS[figure](reading, seed)
    )


def curve_by_curve(
    of_reading: Mapping[Reading, pd.DataFrame], published: pd.DataFrame
) -> pd.DataFrame:
    """Each curve of the paper, and how far ours lie from it in both readings.

    The readings are compared over one range, to where the first of them ends. Of several seeds
    the lowest is taken, which goes furthest; never the best.

    Args:
        of_reading: for each reading its curves, from `runs.curves`; read `as_printed`.
        published: the paper's curves of one figure, from `paper_curves.digitised`.

    Returns:
        a row for each curve of `published`: KEYS, until (the last place of the comparison, in
        training samples) and paper (its value there); for each reading, with its name in front:
        value (there), distance (mean of the absolute difference), largest (of them) and n_seeds.
        Nats per datapoint; NaN where there is nothing to compare.

    Raises:
        UserError: for curves without a column that is read.
    """
    ours = {reading: _first_seed(table) for reading, table in of_reading.items()}
    rows = []
    for panel, theirs in published.groupby(KEYS, sort=False):
        of_panel = {
            reading: table[(table[KEYS] == list(panel)).all(axis=1)]
            for reading, table in ours.items()
        }
        ends = [table["training_samples"].max() for table in of_panel.values() if len(table)]
        until = min([*ends, theirs["training_samples"].max()]) if ends else np.nan
        row = dict(zip(KEYS, panel, strict=True)) | {"until": until, "paper": _at(theirs, until)}
        for reading in READINGS:
            mine = of_panel.get(reading, theirs[:0])
            apart = distance_from_paper(mine, theirs, until=until) if len(mine) else mine
            row[f"{reading} value"] = _at(mine, until)
            for name in ("distance", "largest"):
                row[f"{reading} {name}"] = apart[name].iloc[0] if len(apart) else np.nan
            row[f"{reading} n_seeds"] = int(mine["n_seeds"].iloc[0]) if len(mine) else 0
        rows.append(row)
    return pd.DataFrame(rows)


def _first_seed(table: pd.DataFrame) -> pd.DataFrame:
    """Of each run its lowest seed, and how many there are; as printed."""
    if table.empty:
        return table
    missing = [column for column in _COLUMNS if column not in table]
    if missing:
        raise UserError(
            f"the curves to compare lack the column {', '.join(missing)}: "
            "pass those of `runs.curves`"
        )
    seeds = table.groupby(KEYS)["seed"]
    printed = as_printed(table).assign(n_seeds=seeds.transform("nunique"))
    return printed[table["seed"] == seeds.transform("min")]


def _at(curve: pd.DataFrame, samples: float) -> float:
    found = None if np.isnan(samples) else at(curve, samples)
    return np.nan if found is None else found
