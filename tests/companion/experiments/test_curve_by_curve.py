"""Each curve beside the paper's in both readings, over one range."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from companion.experiments import paper_curves, readings, reference
from companion.experiments.curve_by_curve import curve_by_curve, runs_in_reading
from companion.experiments.curve_reading import curves_of
from tests.companion.curves_by_hand import CONFIG, published, run
from vaelib.errors import UserError
from vaelib.training import RunningAverage

PAPER = published({10**5: -150.0, 10**6: -120.0, 10**7: -104.0})


def test_both_readings_are_compared_over_one_range() -> None:
    """As written is nearer at 10⁷, where the run as run has not come."""
    written = curves_of([run(CONFIG, {10**5: -153.0, 10**6: -121.0, 10**7: -104.0})])
    as_run = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.5})])
    (row,) = curve_by_curve({"as written": written, "as run": as_run}, PAPER).to_dict("records")
    assert (row["until"], row["paper"]) == (10**6, -120.0)
    assert (row["as written value"], row["as run value"]) == (-121.0, -120.5)
    assert (row["as written distance"], row["as written largest"]) == (2.0, 3.0)
    assert (row["as run distance"], row["as run largest"]) == (0.25, 0.5)


def test_the_lowest_seed_is_compared_and_never_the_best() -> None:
    seeds = [
        run(dataclasses.replace(CONFIG, seed=seed), {10**5: -150.0 + off, 10**6: -120.0 + off})
        for seed, off in ((2, 0.0), (1, 5.0), (4, 0.5))
    ]
    (row,) = curve_by_curve({"as run": curves_of(seeds)}, PAPER).to_dict("records")
    assert (row["as run distance"], row["as run n_seeds"]) == (5.0, 3)
    assert (row["as written n_seeds"], row["until"]) == (0, 10**6)
    assert np.isnan(row["as written distance"])


def test_without_a_run_there_is_a_row_all_the_same() -> None:
    empty = {reading: curves_of([]) for reading in readings.READINGS}
    (row,) = curve_by_curve(empty, PAPER).to_dict("records")
    assert np.isnan([row["until"], row["paper"], row["as run distance"]]).all()
    assert (row["as written n_seeds"], row["as run n_seeds"]) == (0, 0)
    # Nor where ours ends before the paper's begins.
    early = {"as run": curves_of([run(CONFIG, {10**4: -200.0, 5 * 10**4: -180.0})])}
    (row,) = curve_by_curve(early, PAPER).to_dict("records")
    assert np.isnan(row["as run distance"])


def test_training_curves_are_compared_as_printed() -> None:
    averages = [RunningAverage(0, 10**5, -151.0), RunningAverage(10**5, 10**6, -121.0)]
    ours = {"as run": curves_of([run(CONFIG, {10**5: -140.0, 10**6: -118.0}, averages=averages)])}
    (row,) = curve_by_curve(ours, PAPER.assign(split="train")).to_dict("records")
    assert (row["as run value"], row["as run distance"]) == (-121.0, 1.0)


def test_the_table_has_a_row_for_every_curve_of_the_paper() -> None:
    counts = {"figure2": {"train": 18, "test": 18}, "figure3": {"train": 6, "test": 6}}
    for figure, wanted in counts.items():
        table = curve_by_curve({}, paper_curves.digitised(figure))  # type: ignore[arg-type]
        assert table["split"].value_counts().to_dict() == wanted


def test_curves_without_a_column_are_refused() -> None:
    curves = curves_of([run(CONFIG, {10**5: -150.0})]).drop(columns=["seed", "running_average"])
    with pytest.raises(UserError, match="lack the column seed, running_average: pass those of"):
        curve_by_curve({"as run": curves}, PAPER)


def test_a_reading_that_there_is_not_is_refused() -> None:
    with pytest.raises(UserError, match="reading 'as meant' is not known"):
        runs_in_reading("figure2", "as meant")  # type: ignore[arg-type]


def test_runs_of_a_reading_come_with_every_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "known", lambda configs: list(configs))
    asked = runs_in_reading("figure3", "as run")
    assert len(asked) == 6 * reference.SEEDS
    assert asked[:6] == readings.figure3_in("as run", 0)
