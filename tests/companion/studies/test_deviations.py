"""Choices are measured against the default, and Adagrad's memory of the start is found."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from companion.experiments import deviations
from companion.runs.config import RunConfig
from companion.runs.store import Run
from companion.studies.deviations import measured_deviations, memory_of_the_start, nearest_choice
from tests.companion.curves_by_hand import published, run
from tests.helpers import load_six_pixels
from vaelib import datasets
from vaelib.errors import UserError

SMALL = RunConfig(
    dataset="mnist", algorithm="wake_sleep", n_latent=2, n_hidden=5, n_train=80, warmup=20
)


def test_adagrad_s_memory_grows_and_a_slow_log_variance_s_gradient_is_a_tenth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While nothing moves, and the layer is as at the start, only its factor differs."""
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    usual = memory_of_the_start(SMALL, stepsize=0.01)
    assert list(usual["layer"]) == ["hidden", "mean", "log_variance"]
    assert (usual["before"] > 0).all()
    assert (usual["before"] < usual["after"]).all()
    slow = memory_of_the_start(
        dataclasses.replace(SMALL, encoder_log_variance="slow"), stepsize=0.01
    )
    assert slow["before"][2] == pytest.approx(0.1 * usual["before"][2], rel=0.05)
    # The weights begin at 0.01, too small to matter for the others.
    assert slow["before"][1] == pytest.approx(usual["before"][1], rel=0.05)


def test_only_wake_sleep_has_a_sleep_phase() -> None:
    with pytest.raises(UserError, match="algorithm 'aevb' has no sleep phase"):
        memory_of_the_start(dataclasses.replace(SMALL, algorithm="aevb"), stepsize=0.01)


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
    assert not table["averaged"].any()
