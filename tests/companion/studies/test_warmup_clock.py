"""A curve that was printed by a known clock is read by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.experiments import paper_curves
from companion.runs.assembly import make_trainer
from companion.studies.warmup_clock import first_prints, running_averages, samples_per_update
from tests.helpers import load_six_pixels, six_pixels
from tests.small_runs import AEVB
from vaelib import datasets
from vaelib.errors import UserError

START, PLATEAU, WARMUP, M, INTERVAL = -526.0, 577.0, 100, 250, 1100
CHANGED = 130  # updates after which the bound has left its start; it jumps here, with a slow rise


def bounds(updates: int) -> np.ndarray:
    counted = np.arange(updates)
    return np.where(counted < CHANGED, START, PLATEAU + 0.001 * counted)


def averages(updates: int) -> np.ndarray:
    return np.cumsum(bounds(updates)) / np.arange(1, updates + 1)


def printed(m: int = M, *, interval: int = INTERVAL, first: int | None = None) -> pd.DataFrame:
    """Averages since the last print, joined by straight lines, read at ten points a decade."""
    ends = [first or interval, *range(2 * interval, 12 * interval, interval)]
    parts = np.split(bounds(ends[-1]), ends[:-1])
    x, y = np.log10([end * m for end in ends]), [part.mean() for part in parts]
    places = np.arange(40, 80) / 10
    places = places[(places >= x[0]) & (places <= x[-1])]
    panel = {
        "dataset": "frey_face",
        "n_latent": 2,
        "n_train": 1500,
        "algorithm": "aevb",
        "split": "train",
    }
    values = np.interp(places, x, y)
    return pd.DataFrame({**panel, "training_samples": 10**places, "value": values})


@pytest.mark.parametrize("m", [100, 250, 500])
def test_the_clock_reads_the_minibatch_size_that_it_counted(m: int) -> None:
    prints = first_prints(printed(m)).iloc[0]
    assert prints["first"] == pytest.approx(INTERVAL * m, rel=0.01)
    assert prints["second"] == pytest.approx(2 * INTERVAL * m, rel=0.01)
    assert prints["after"] < prints["first"] <= prints["until"]
    assert prints["value"] <= prints["highest"]
    read = samples_per_update(prints, averages(2 * INTERVAL))
    assert read.value == pytest.approx(m, rel=0.01)
    assert read.updates == pytest.approx(INTERVAL, rel=0.01)
    assert read.low < m < read.high


def test_without_equal_intervals_the_truth_lies_in_the_interval() -> None:
    """The first print comes late, as where the program has to be compiled first."""
    curve = printed(first=int(1.1 * INTERVAL))
    prints = first_prints(curve).iloc[0]
    read = samples_per_update(prints, averages(2 * INTERVAL))
    assert read.low < M < read.high


def test_averages_that_end_below_the_curve_are_refused() -> None:
    prints = first_prints(printed()).iloc[0]
    with pytest.raises(UserError, match="compute more updates"):
        samples_per_update(prints, averages(CHANGED + 20))


def test_a_curve_without_a_corner_or_with_another_first_interval_is_left_out() -> None:
    curve = printed()
    straight = curve.assign(value=np.log10(curve["training_samples"]))
    assert first_prints(straight).empty
    assert first_prints(printed(first=2 * INTERVAL - 1)).empty


def test_train_and_test_curves_of_the_paper_have_the_same_prints() -> None:
    """They were printed together; so their corners say how well corners are read."""
    figure2 = paper_curves.digitised("figure2")
    prints = first_prints(figure2[figure2["dataset"] == "frey_face"])
    assert len(prints) == 15
    apart = prints.groupby(["algorithm", "n_latent"])["second"].agg(["min", "max", "count"])
    assert (apart["count"] == 2).sum() == 7
    assert (apart["max"] / apart["min"]).max() < 1.003


def test_running_averages_are_those_of_the_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    found = running_averages(AEVB, stepsize=0.1, up_to=0.0, most=12)
    assert found.shape == (12,)
    assert np.array_equal(
        running_averages(AEVB, stepsize=0.1, up_to=found.max()), found[: found.argmax() + 1]
    )
    # In the warm-up nothing moves, so that only minibatch and noise differ.
    assert np.ptp(found[: AEVB.warmup]) < 0.1
    trainer = make_trainer(AEVB, six_pixels(), stepsize=0.1, device="cpu")
    list(trainer.advance(12 * AEVB.minibatch_size))
    average = trainer.take_average()
    assert average is not None
    assert found[-1] == pytest.approx(average.value, abs=1e-12)
