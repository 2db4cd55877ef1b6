"""What section 5's rule for the stepsize sees in the first updates, and what comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from companion.experiments.curve_reading import at
from companion.runs.config import STEPSIZES, RunConfig
from companion.runs.store import Run
from vaelib.checks.limits import Whole, checked

# The third candidate is too large for most of these runs, at the start and later.
SMALLER, LARGER = STEPSIZES[:2]
LATER = (500_000, 1_000_000)
_COLUMNS = ["label", "algorithm", "seed", "samples", "seen", "reached"]


@checked
def rule_and_outcome(
    configs: Mapping[str, RunConfig],
    known: Callable[[Iterable[RunConfig]], list[Run]],
    *,
    seeds: Iterable[Whole],
    samples: Iterable[Whole] = LATER,
) -> pd.DataFrame:
    """By how much the stepsize 0.02 leads 0.01 when the rule looks, and by how much later.

    The rule looks at the average training bound over updates 200 to 250. It is misled where the two
    leads have different signs.

    Args:
        configs: by a label, runs of which the rule chooses the stepsize.
        known: from settings to the runs that there are, such as `reference.known`.
        seeds: of the runs.
        samples: numbers of training samples at which the runs are compared.

    Returns:
        a row for each configuration, seed and number of samples of which both runs are there:
        label, algorithm, seed, samples, seen (the lead in the rule's window) and reached (the lead
        in the training bound there), in nats per datapoint.
    """
    rows = []
    for label, config in configs.items():
        for seed in seeds:
            rule = dataclasses.replace(config, seed=seed, stepsize="auto")
            fixed = [dataclasses.replace(rule, stepsize=size) for size in (SMALLER, LARGER)]
            found = known([rule, *fixed])
            chosen = [run for run in found if run.config == rule]
            by_size = {run.record.stepsize: run.curve() for run in found}
            if not chosen or not {SMALLER, LARGER} <= by_size.keys():
                continue
            compared = chosen[0].record.stepsizes_compared
            if not {str(SMALLER), str(LARGER)} <= compared.keys():
                continue  # one of them diverged as the rule looked
            seen = compared[str(LARGER)] - compared[str(SMALLER)]
            for place in samples:
                smaller, larger = (
                    at(by_size[size].query("split == 'train'"), place) for size in (SMALLER, LARGER)
                )
                if smaller is not None and larger is not None:
                    rows.append((label, config.algorithm, seed, place, seen, larger - smaller))
    return pd.DataFrame(rows, columns=_COLUMNS)
