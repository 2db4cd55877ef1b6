"""Curves are compared where both have points, and nowhere else."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.experiments import deviations, paper_grid
from companion.experiments.curve_reading import at, bounds_by_decade, curves_of
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record
from companion.runs.store import Run
from companion.studies.beginnings import beginning, beginnings
from companion.studies.deviations import measured_deviations, nearest_choice
from companion.studies.paper_distance import distance_from_paper

CONFIG = paper_grid.mnist(20)


def run(config: RunConfig, values: dict[int, float], measure: str = "lower_bound") -> Run:
    curve = [
        CurvePoint(samples, split, measure, value + (split == "train"))
        for samples, value in values.items()
        for split in ("train", "test")
    ]
    return Run(
        Record(
            config=config,
            samples=max(values),
            stepsize=0.01,
            stepsizes_compared={},
            data={},
            model={},
            source="",
            curve=curve,
        ),
        Path(),
    )


def published(values: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": "mnist",
            "n_latent": 20,
            "n_train": 50_000,
            "algorithm": "aevb",
            "split": "test",
            "training_samples": list(values),
            "value": list(values.values()),
        }
    )


def test_between_points_a_curve_is_linear_in_log_samples() -> None:
    curve = published({10**5: -200.0, 10**7: -100.0})
    assert at(curve, 10**6) == pytest.approx(-150.0)
    assert at(curve, 10**7 * 1.01) == pytest.approx(-100.0)
    assert at(curve, 10**8) is None
    assert at(curve, 10**4) is None
    assert at(curve[:0], 10**5) is None


def test_decades_hold_mean_and_range_over_the_seeds_that_came_so_far() -> None:
    other = dataclasses.replace(CONFIG, seed=1)
    ours = curves_of(
        [
            run(CONFIG, {10**6: -120.0, 10**7: -105.0}),
            run(other, {10**6: -122.0}),
        ]
    )
    table = bounds_by_decade(ours, published({10**6: -124.0}))
    assert table["samples"].tolist() == [10**6, 10**7]
    first, second = table.to_dict("records")
    assert (first["ours"], first["low"], first["high"]) == (-121.0, -122.0, -120.0)
    assert first["difference"] == 3.0
    assert [first["n_seeds"], second["n_seeds"]] == [2, 1]
    assert np.isnan(second["paper"])


def test_a_beginning_is_compared_at_common_points() -> None:
    longer = run(CONFIG, {10**4: -200.0, 10**5: -150.0, 10**6: -120.0})
    same = run(CONFIG, {10**4: -200.0, 10**5: -150.0})
    found = beginning(same, longer)
    assert found is not None
    assert (found.identical, found.largest, found.points) == (True, 0.0, 4)
    assert (found.until, found.scale) == (10**5, 50.0)
    moved = beginning(run(CONFIG, {10**4: -200.0, 10**5: -149.5}), longer)
    assert moved is not None
    assert (moved.identical, moved.largest) == (False, 0.5)
    assert beginning(run(CONFIG, {77: -1.0}), longer) is None


def test_runs_are_matched_by_their_settings() -> None:
    other = dataclasses.replace(CONFIG, seed=1)
    table = beginnings(
        [run(CONFIG, {10**4: -200.0}), run(other, {10**4: -201.0})],
        [run(CONFIG, {10**4: -200.0, 10**5: -150.0})],
    )
    assert len(table) == 1
    assert table["identical"].all()


def test_distance_is_taken_at_the_paper_s_points() -> None:
    ours = curves_of([run(CONFIG, {10**5: -150.0, 10**6: -120.0})])
    theirs = published({10**5: -151.0, 10**6: -123.0, 10**7: -100.0})
    (row,) = distance_from_paper(ours, theirs, until=10**6).to_dict("records")
    assert (row["distance"], row["largest"], row["points"]) == (2.0, 3.0, 2)


def test_choices_are_measured_against_the_default_seed_by_seed() -> None:
    """Each seed's value is its own; every choice but the default gains 2 nats on it."""
    bases = deviations.bases().values()

    def known(configs: list[RunConfig]) -> list[Run]:
        return [
            run(config, {10**6: -120.0 - config.seed + 2.0 * (base(config) not in bases)})
            for config in configs
            if config.algorithm == "aevb" and config.dataset == "mnist"
        ]

    def base(config: RunConfig) -> RunConfig:
        return dataclasses.replace(config, seed=0)

    test = published({10**6: -118.9})
    theirs = pd.concat([test, test.assign(split="train", value=-124.0)])
    table = measured_deviations(theirs, known)  # type: ignore[arg-type]
    assert set(table["base"]) == {"mnist"}
    default = table[table["matter"] == "Default"].iloc[0]
    assert (default["value"], default["low"], default["high"]) == (-121.0, -122.0, -120.0)
    others = table[table["matter"] != "Default"]
    assert (others[["from_default", "from_default_low", "from_default_high"]] == 2.0).all(axis=None)
    assert default["test"] == pytest.approx((1.1 + 2.1 + 3.1) / 3)
    assert default["train"] == pytest.approx((5.0 + 4.0 + 3.0) / 3)
    assert default["distance"] == pytest.approx((2.1 + 4.0) / 2)
    assert nearest_choice(table, "mnist") == "Default: as in this book"
    assert nearest_choice(table, "frey_face") is None
