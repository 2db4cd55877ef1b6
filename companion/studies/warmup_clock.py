"""How two corners of a printed training curve tell how many samples an update of it counted.

The authors' loop prints the bound of the minibatches, averaged since the print before, whenever so
much time has passed. The first interval holds the warm-up, in which no weight moves and the bound
stays where it starts; so the first average tells how many updates were made until then, and the
axis how many samples they counted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.experiments.curve_reading import KEYS
from companion.measurements.kept import kept
from companion.runs.assembly import load_data, make_trainer
from companion.runs.config import RunConfig
from vaelib.checks.limits import Count, Finite, Positive, checked
from vaelib.errors import UserError

# Of the slope of a straight piece: the reading error leaves it as straight as this.
STRAIGHT = 0.015
_COLUMNS = ["first", "second", "value", "slope", "after", "until", "highest"]
# Updates, of which the paper's first interval has some five hundred to a thousand.
MOST = 3000


def first_prints(published: pd.DataFrame) -> pd.DataFrame:
    """The first two prints of each curve, from the corners between its straight pieces.

    A printed curve is straight between prints, on the logarithmic axis of its figure, and the
    readings lie at equal distances of that axis. The corner between the first two straight pieces
    is the second print. The first print is the curve's beginning, which lies between two readings;
    with equal intervals it is at half the second, and only curves of which that half lies between
    these two readings are kept: on others the corner is not the second print's.

    Args:
        published: from `paper_curves.digitised`, curves that begin inside of their panel; one that
            comes from below its edge has no first print there.

    Returns:
        a row for each curve: `curve_reading.KEYS`; first, second (training samples); value (at the
        first, on the line through the first straight piece, nats per datapoint), slope (of that
        line, nats per decade), after and until (training samples between which the curve begins),
        highest (on the line at the latter: the highest value that it can begin with).
    """
    rows = []
    for key, curve in published.groupby(KEYS, sort=False):
        curve = curve.sort_values("training_samples")
        x = np.log10(curve["training_samples"].to_numpy(dtype=float))
        y = curve["value"].to_numpy(dtype=float)
        slopes = np.diff(y) / np.diff(x)
        bent = np.abs(slopes - slopes[0]) > STRAIGHT * abs(slopes[0])
        corner = int(bent.argmax())
        if not 1 <= corner < len(slopes) - 1:
            continue
        # Between the readings `corner` and `corner + 1`, where the lines before and after meet.
        before, after = slopes[0], slopes[corner + 1]
        gap = y[corner + 1] - y[corner] - before * (x[corner + 1] - x[corner])
        second = x[corner + 1] - gap / (after - before) if after != before else np.nan
        first, step = second - np.log10(2.0), x[1] - x[0]
        if x[0] - step < first <= x[0]:
            value = y[0] + before * (first - x[0])
            begins = (10 ** (x[0] - step), 10 ** x[0], y[0])
            rows.append((*key, 10**first, 10**second, value, before, *begins))
    return pd.DataFrame(rows, columns=[*KEYS, *_COLUMNS])


@checked
def running_averages(
    config: RunConfig, *, stepsize: Positive, up_to: Finite, most: Count = MOST
) -> npt.NDArray[np.float64]:
    """The bound of a run's minibatches, averaged from its first update on, after each update.

    Args:
        config: a run of AEVB or wake-sleep; its warm-up counts as well.
        stepsize: Adagrad's.
        up_to: the average at which to stop, in nats per datapoint.
        most: the number of updates at which to stop in any case.

    Returns:
        one for each update, nats per datapoint.
    """
    return _averages(config, load_data(config).sha256, stepsize, up_to, most)["average"].to_numpy()


@kept
def _averages(
    config: RunConfig, sha256: str, stepsize: float, up_to: float, most: int
) -> pd.DataFrame:
    """`running_averages`, on the data of that sum: a measurement's name must say which."""
    trainer = make_trainer(config, load_data(config), stepsize=stepsize, device="cpu")
    total, averages = 0.0, []
    for update in range(1, most + 1):
        total += trainer.step()[trainer.algorithm.objective].item()
        averages.append(total / update)
        if averages[-1] >= up_to:
            break
    return pd.DataFrame({"average": averages})


class SamplesPerUpdate(NamedTuple):
    """What the clock reads.

    Attributes:
        value: with two equal intervals.
        low, high: over all places at which the curve can begin, whatever the intervals.
        updates: those in the first interval.
    """

    value: float
    low: float
    high: float
    updates: float


def samples_per_update(prints: pd.Series, averages: npt.NDArray[np.float64]) -> SamplesPerUpdate:
    """The samples at the first print over the updates after which our average is the same.

    Args:
        prints: a row of `first_prints`, of a curve on training data.
        averages: from `running_averages`.

    Raises:
        UserError: if the averages do not come as high as the curve begins.
    """
    risen = np.maximum.accumulate(averages)
    places = np.linspace(prints["after"], prints["until"], 101)
    values = prints["value"] + prints["slope"] * np.log10(places / prints["first"])
    if not risen[0] < values.min() <= values.max() <= risen[-1]:
        raise UserError(
            f"the curve begins between {values.min():.0f} and {values.max():.0f} nats, but the "
            f"averages go from {risen[0]:.0f} to {risen[-1]:.0f}: compute more updates"
        )
    counted = np.arange(1.0, len(risen) + 1)
    over_places = places / np.interp(values, risen, counted)
    updates = float(np.interp(prints["value"], risen, counted))
    return SamplesPerUpdate(
        value=float(prints["first"]) / updates,
        low=float(over_places.min()),
        high=float(over_places.max()),
        updates=updates,
    )
