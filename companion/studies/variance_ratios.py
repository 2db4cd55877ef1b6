"""How many times as noisy one estimator of the gradient is as another: claims C1 and C2."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from companion.studies.gradients import SCORE, B, gradient_variance
from vaelib.checks.limits import Count, Several, Whole, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator as make_generator


class Ratio(NamedTuple):
    """A ratio of variances, and the ends of its interval of 95 %."""

    ratio: float
    low: float
    high: float


@checked
def variance_ratio(
    table: pd.DataFrame,
    estimator: str = SCORE,
    *,
    reference: str = B,
    resamples: Count = 400,
    seed: Whole = 0,
) -> Ratio:
    """Claim C1 as a number: the median over components of one variance over another.

    Components without variance, such as those of an idle unit, are left out. The interval is a
    percentile bootstrap over output units: a unit's components share the noise of their draws, so
    they are drawn together. It holds both the differences between units and the error that the
    number of repetitions leaves.

    Args:
        table: from `gradient_variance`, for one model.
        resamples: of the bootstrap; the generator is that of the seed, so the answer is fixed.

    Raises:
        UserError: if the table lacks one of the estimators, or no component varies under both.
    """
    for name in (estimator, reference):
        if name not in set(table["estimator"]):
            raise UserError(f"the table has no rows of {name!r}: measure it with gradient_variance")
    wide = table.pivot(
        index=["unit", "parameter", "component"], columns="estimator", values="variance"
    )[[estimator, reference]]
    wide = wide[(wide > 0).all(axis=1)]
    if wide.empty:
        raise UserError(f"no component varies under {estimator!r}: pass a model with active units")
    ratios = wide[estimator] / wide[reference]
    units = [group.to_numpy() for _, group in ratios.groupby(level="unit")]
    drawn = torch.randint(
        len(units),
        (resamples, len(units)),
        generator=make_generator(seed, "variance ratio"),
    )
    medians = [np.median(np.concatenate([units[i] for i in row])) for row in drawn.tolist()]
    low, high = np.quantile(medians, (0.025, 0.975))
    return Ratio(float(ratios.median()), float(low), float(high))


def variance_ratios(table: pd.DataFrame, by: Sequence[str], *, reference: str = B) -> pd.DataFrame:
    """`variance_ratio` of every other estimator, for each group of the table.

    Args:
        table: from `gradient_variance` or `gradient_variance_in_training`.
        by: columns whose values make the groups, such as parameter or training_samples.

    Returns:
        columns as in `by`, then estimator, ratio, low, high.
    """
    rows = [
        (*key, name, *variance_ratio(group, name, reference=reference))
        for key, group in table.groupby(list(by), sort=False)
        for name in group["estimator"].unique()
        if name != reference
    ]
    return pd.DataFrame(rows, columns=[*by, "estimator", *Ratio._fields])


@kept
@checked
def measured_ratios(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    estimators: Collection[str],
    reference: str = B,
    repetitions: Several,
    generator: torch.Generator,
) -> pd.DataFrame:
    """`gradient_variance` of these estimators at one model, and of it each one's `variance_ratio`.

    Args:
        x: as there.
        estimators: the reference among them.
        reference: whose variance the others are divided by.
        repetitions: as there.

    Returns:
        columns estimator, ratio, low, high.
    """
    table = gradient_variance(
        model, x, estimators=estimators, repetitions=repetitions, generator=generator
    )
    return pd.DataFrame(
        [
            (name, *variance_ratio(table, name, reference=reference))
            for name in estimators
            if name != reference
        ],
        columns=["estimator", *Ratio._fields],
    )
