"""Where learning curves end: means over a window of their last points, and their order."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from companion.experiments.curve_reading import SLACK
from companion.experiments.seeds import around, spread_of
from vaelib.checks.limits import Positive, checked

# Runs that are shorter do not show where a curve ends.
CONVERGED_FROM = 10**6
# Nats: two algorithms that are nearer are tied, in the paper's curves (read to 0.1) and in ours.
SAME_LIKELIHOOD = 1.0
# One evaluation is noisy: the last fifth of a curve is taken together.
WINDOW = 0.8


@checked
def means_at_the_end(curves: pd.DataFrame, *, until: Positive) -> pd.DataFrame:
    """The mean of each curve over its points between 0.8 `until` and `until`.

    Args:
        curves: columns algorithm, seed, training_samples and value, of one panel and split.
        until: training samples.

    Returns:
        a row for each seed, a column for each algorithm, in nats per datapoint; a run that did not
        come so far is missing (NaN).
    """
    ends = curves.groupby(["algorithm", "seed"])["training_samples"].transform("max")
    places = curves["training_samples"]
    there = (ends * SLACK >= until) & places.between(WINDOW * until, until * SLACK)
    return curves[there].pivot_table(index="seed", columns="algorithm", values="value")


def order_of_ends(curves: pd.DataFrame) -> list[list[str]]:
    """The algorithms of one panel and split, best first; those that are tied stand together.

    Two neighbours are tied if their means over the last fifth of what all have differ by less than
    `SAME_LIKELIHOOD`, or by less than the 95 % interval of their difference over seeds. With one
    seed of each the interval is not known, and the first alone decides.

    Args:
        curves: columns algorithm, seed, training_samples and value, of one panel and split.
    """
    until = curves.groupby("algorithm")["training_samples"].max().min()
    ends = means_at_the_end(curves, until=float(until))
    spread = spread_of(
        differences_at_the_end(ends, *pair) for pair in combinations(ends.columns, 2)
    )
    best = [str(name) for name in ends.mean().sort_values(ascending=False).index]
    groups = [[best[0]]]
    for first, second in pairwise(best):
        values = differences_at_the_end(ends, first, second)
        apart = float(np.mean(values))
        low = around(apart, spread, len(values) ** -0.5).low
        if apart > SAME_LIKELIHOOD and (low > 0 or not spread.freedom):
            groups.append([second])
        else:
            groups[-1].append(second)
    return groups


def differences_at_the_end(ends: pd.DataFrame, first: str, second: str) -> list[float]:
    """By how much the first algorithm ends above the second, of each seed that both have.

    Args:
        ends: from `means_at_the_end`.
    """
    return [float(value) for value in (ends[first] - ends[second]).dropna()]
