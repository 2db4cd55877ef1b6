"""Where learning curves end: the mean over a window of their last points."""

from __future__ import annotations

import pandas as pd

from companion.experiments.curve_reading import SLACK
from vaelib.checks.limits import Positive, checked

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
