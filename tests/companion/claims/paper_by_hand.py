"""Runs that repeat the paper's own curves, and evidence made of them."""

from __future__ import annotations

import functools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from companion import runs
from companion.claims.evidence import Evidence, furthest_curves
from companion.experiments import paper_curves, paper_grid
from companion.experiments.curve_reading import curves_of
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record
from companion.runs.store import Run


def run(config: RunConfig, curve: list[CurvePoint], *, stand_in: bool = False) -> Run:
    record = Record(
        config=config,
        samples=curve[-1].training_samples,
        stepsize=0.01,
        stepsizes_compared={},
        data={"name": config.dataset, "source": "", "sha256": "", "stand_in": stand_in},
        model={},
        source="",
        curve=curve,
    )
    return Run(record, Path())


def paper_runs(figure: str, *, shift: dict[str, float] | None = None, until: float) -> list[Run]:
    """Runs that repeat the paper's own curves, each algorithm's moved by so many nats."""
    table = paper_curves.digitised(figure)  # type: ignore[arg-type]
    found = []
    for config in paper_grid.GROUPS[figure](0):
        rows = table[
            (table["dataset"] == config.dataset)
            & (table["n_latent"] == config.n_latent)
            & (table["algorithm"] == config.algorithm)
            & (table["n_train"] == config.n_train)
            & (table["training_samples"] <= until)
        ].sort_values("training_samples")
        move = (shift or {}).get(config.algorithm, 0.0)
        curve = [
            CurvePoint(int(row.training_samples), str(row.split), "value", row.value + move)
            for row in rows.itertuples()
        ]
        found.append(run(config, curve))
    return found


def evidence(**groups: Any) -> Any:
    """What checks ask for; as run there is nothing, if it is not given."""
    as_run = {f"{figure}_as_run": curves_of([]) for figure in ("figure2", "figure3")}
    return SimpleNamespace(**{"seed": 0, **as_run, **groups})


def as_curves(group: list[Run]) -> pd.DataFrame:
    return runs.curves(group).assign(reference=False)


def with_seeds(
    curves: pd.DataFrame, deviation: dict[str, float], *, seeds: int = 5, each_point: float = 0.0
) -> pd.DataFrame:
    """The same curves of several seeds, each run moved by a number of its own.

    Args:
        curves: of one seed.
        deviation: of these numbers, by data set.
        seeds: how many.
        each_point: the deviation of a second number, of each point of each curve.
    """
    rng = np.random.default_rng(0)
    run_of = ["dataset", "n_latent", "n_train", "algorithm"]
    tables = []
    for seed in range(seeds):
        for (dataset, *_), rows in curves.groupby(run_of):
            moved = rng.normal(0.0, deviation[dataset]) + rng.normal(0.0, each_point, len(rows))
            tables.append(rows.assign(seed=seed, value=rows["value"] + moved))
    return pd.concat(tables, ignore_index=True)


@functools.cache
def reference_alone() -> Any:
    """Evidence of the reference runs, and none of a reader's."""
    nobody = Evidence("quick", 0, "cpu", compute=False)
    groups = {"figure2": paper_grid.figure2, "figure3": paper_grid.figure3}
    return evidence(
        **{f"{name}_curves": furthest_curves([], group) for name, group in groups.items()},
        **{f"{name}_as_run": getattr(nobody, f"{name}_as_run") for name in groups},
        hidden_units_curves=nobody.hidden_units_curves,
    )
