"""What other seeds tell of a run: the interval of a mean over few runs, or over a single one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from companion.wording import significant
from vaelib.errors import UserError

# With so many seeds a run's spread is known well enough: two degrees of freedom.
SEVERAL = 3


class Interval(NamedTuple):
    """A mean over seeds, and the 95 % interval of Student's t for it."""

    mean: float
    low: float
    high: float


def interval(values: Iterable[float]) -> Interval:
    """The mean of independent values, with its interval.

    Raises:
        UserError: for fewer than two values.
    """
    sample = np.asarray(list(values), dtype=float)
    if len(sample) < 2:
        raise UserError(f"there are {len(sample)} values: an interval needs at least 2")
    half = stats.t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / len(sample) ** 0.5
    return Interval(float(sample.mean()), float(sample.mean() - half), float(sample.mean() + half))


class Spread(NamedTuple):
    """How far runs of one kind differ by their seeds.

    Attributes:
        deviation: the standard deviation over seeds, pooled over groups of runs.
        freedom: its degrees of freedom; 0 where no group has two seeds.
    """

    deviation: float
    freedom: int


def spread_of(groups: Iterable[Sequence[float]]) -> Spread:
    """The deviation of values from the means of their groups, one value for each seed."""
    several = [np.asarray(group, dtype=float) for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if not freedom:
        return Spread(math.nan, 0)
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in several)
    return Spread(math.sqrt(squares / freedom), freedom)


def own_or_pooled(own: Sequence[float], groups: Iterable[Sequence[float]]) -> Spread:
    """The spread of one group, where it has `SEVERAL` seeds; else that of all groups together.

    Runs of one data set differ by far more with some settings than with others, so that a pooled
    spread is too wide for most of them.
    """
    return spread_of([own] if len(own) >= SEVERAL else groups)


def around(mean: float, spread: Spread, scale: float) -> Interval:
    """The 95 % interval of Student's t about an estimate.

    Args:
        mean: the estimate.
        spread: of one run over seeds.
        scale: the estimate's standard deviation in units of the spread's: 1/√n for a mean over n
            seeds.

    Returns:
        the interval; endless where no spread is known.
    """
    half = math.inf
    if spread.freedom:
        half = float(stats.t.ppf(0.975, spread.freedom)) * spread.deviation * scale
    return Interval(mean, mean - half, mean + half)


def mean_over_seeds(values: Sequence[float], spread: Spread) -> Interval:
    """The mean over seeds; a single run has the spread that runs of its kind have elsewhere."""
    if len(values) > 1:
        return interval(values)
    return around(values[0], spread, 1.0) if len(values) else Interval(*[math.nan] * 3)


def over_in_words(values: Sequence[float], known: int, samples: float) -> str:
    """What an interval of `mean_over_seeds` is taken over.

    Args:
        values: of which the mean was taken.
        known: how many seeds tell of a single run's spread.
        samples: where they do, in training samples.
    """
    if len(values) != 1:
        return f"{len(values)} seeds" if len(values) else "no run"
    elsewhere = f", with the spread of {known} at {significant(samples)}" if known > 1 else ""
    return f"one seed{elsewhere}"
