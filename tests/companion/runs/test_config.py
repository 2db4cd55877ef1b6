"""A run's identity and name."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from companion.runs.config import OWN, AlgorithmName, Measure, RunConfig
from vaelib.errors import UserError

ML: Measure = "marginal_likelihood"
BASE = RunConfig(dataset="mnist", algorithm="aevb", n_latent=3, n_hidden=500, n_train=50_000)
OTHERS = {
    "dataset": "mnist_5k",
    "algorithm": "wake_sleep",
    "n_latent": 5,
    "n_hidden": 100,
    "n_train": 1000,
    "stepsize": 0.02,
    "pixels": "binarised",
    "seed": 1,
    "measure": "marginal_likelihood",
    "minibatch_size": 50,
    "n_samples": 2,
    "estimator": "A",
    "kl_weight": 0.5,
    "init_std": 0.1,
    "encoder_log_variance": "slow",
    "output_bias": "from zero",
    "decoder_layers": 2,
    "warmup": 0,
    "prior_precision": 0.0,
    "prior_on_biases": True,
    "replacement": False,
    "split": "in order",
    "face_scale": 255,
    "mnist_scale": 256,
    "n_leapfrog": 20,
    "n_weight_updates": 1,
    "m_step_points": 50,
    "target_acceptance": 0.8,
    "precision": "bfloat16",
    "networks": "convolutional_1234",
}


def changed(name: str, value: object) -> RunConfig:
    """The base with one setting of `OTHERS`; of Monte Carlo EM, where only that has the choice."""
    mcem = OWN.get(name) == ("mcem",)
    base = dataclasses.replace(BASE, algorithm="mcem", measure=ML) if mcem else BASE
    return dataclasses.replace(base, **{name: value})


def test_name_is_for_people() -> None:
    assert BASE.slug == "mnist-aevb-z3-h500-n50000-auto-grey-s0"


def test_every_setting_changes_the_name() -> None:
    assert set(OTHERS) == {field.name for field in dataclasses.fields(RunConfig)}
    variants = [changed(name, value) for name, value in OTHERS.items()]
    slugs = {BASE.slug, *(variant.slug for variant in variants)}
    assert len(slugs) == len(OTHERS) + 1


def test_every_evaluation_of_a_training_point_counts() -> None:
    mcem = dataclasses.replace(BASE, algorithm="mcem", measure="marginal_likelihood")
    assert (BASE.samples_per_step, BASE.weight_updates_per_step) == (100, 1)
    assert (mcem.samples_per_step, mcem.weight_updates_per_step) == (1500, 5)
    by_blocks = dataclasses.replace(mcem, m_step_points=20)
    assert (by_blocks.samples_per_step, by_blocks.weight_updates_per_step) == (1100, 5)


def test_dictionary_round_trip() -> None:
    for name, value in OTHERS.items():
        config = changed(name, value)
        assert RunConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("algorithm", "adam"),
        ("measure", "accuracy"),
        ("pixels", "red"),
        ("estimator", "C"),
        ("n_latent", 0),
        ("n_hidden", -1),
        ("n_train", 0),
        ("minibatch_size", 0),
        ("n_samples", 0),
        ("stepsize", 0.0),
        ("stepsize", "fast"),
        ("kl_weight", -1.0),
        ("kl_weight", math.nan),
        ("split", "halved"),
        ("face_scale", 1),
        ("face_scale", 256.0),
        ("n_latent", 2.5),
        ("n_latent", 2.0),
        ("n_latent", True),
        ("n_hidden", math.inf),
        ("seed", 1.5),
        ("seed", -1),
        ("seed", "0"),
        ("stepsize", math.inf),
        ("stepsize", math.nan),
        ("stepsize", -1),
        ("stepsize", True),
        ("stepsize", None),
        ("kl_weight", math.inf),
        ("init_std", -1),
        ("init_std", 0),
        ("init_std", math.nan),
        ("warmup", -3),
        ("warmup", math.nan),
        ("n_leapfrog", 0),
        ("n_weight_updates", 0),
        ("target_acceptance", 1.5),
        ("target_acceptance", 0),
        ("prior_precision", -1),
        ("prior_precision", math.nan),
        ("prior_on_biases", 1),
        ("replacement", "no"),
        ("precision", "float64"),
        ("networks", "../networks"),
        ("networks", None),
        ("encoder_log_variance", None),
        ("output_bias", "slow"),
        ("decoder_layers", 3),
        ("mnist_scale", 254),
        ("m_step_points", 0),
        ("dataset", "../mnist"),
        ("dataset", ""),
        ("dataset", None),
    ],
)
def test_impossible_settings_are_named(name: str, value: object) -> None:
    with pytest.raises(UserError, match=name):
        dataclasses.replace(BASE, **{name: value})


@pytest.mark.parametrize("algorithm", get_args(AlgorithmName))
@pytest.mark.parametrize("name", OWN)
def test_a_choice_that_an_algorithm_has_not_is_refused(name: str, algorithm: AlgorithmName) -> None:
    settings: dict[str, Any] = {"algorithm": algorithm, "measure": ML, name: OTHERS[name]}
    if algorithm in OWN[name]:
        dataclasses.replace(BASE, **settings)
    else:
        with pytest.raises(UserError, match=f"{name} is .*, but {algorithm} has no such choice"):
            dataclasses.replace(BASE, **settings)


def test_a_block_is_no_larger_than_the_minibatch() -> None:
    with pytest.raises(UserError, match="m_step_points is 101, but a step has a minibatch of 100"):
        dataclasses.replace(BASE, algorithm="mcem", measure=ML, m_step_points=101)


def test_equal_settings_have_one_name_and_one_record() -> None:
    """However their numbers are written."""
    written: dict[str, object] = {
        "stepsize": 1,
        "n_latent": np.int64(3),
        "init_std": np.float64(0.5),
        "prior_precision": 2,
        "seed": np.int32(7),
        "warmup": np.int64(5),
        "kl_weight": -0.0,
    }
    plain = {
        "stepsize": 1.0,
        "n_latent": 3,
        "init_std": 0.5,
        "prior_precision": 2.0,
        "seed": 7,
        "warmup": 5,
        "kl_weight": 0.0,
    }
    one, two = (dataclasses.replace(BASE, **settings) for settings in (written, plain))
    assert one == two
    assert one.slug == two.slug
    assert json.dumps(one.to_dict()) == json.dumps(two.to_dict())


def test_every_reference_run_keeps_its_name() -> None:
    """The folder is found by the name: a change of it would lose the run."""
    records = sorted(Path("data/reference").glob("*/record.json"))
    assert len(records) > 200
    for path in records:
        settings = json.loads(path.read_text("utf-8"))["config"]
        config = RunConfig.from_dict(settings)
        assert config.slug == path.parent.name
        assert json.dumps(config.to_dict()) == json.dumps({**BASE.to_dict(), **settings})


def test_mcem_has_no_bound() -> None:
    with pytest.raises(UserError, match="recognition model"):
        dataclasses.replace(BASE, algorithm="mcem")


@pytest.mark.parametrize("settings", [{"algorithm": "wake_sleep"}, {"estimator": "A"}])
def test_only_estimator_b_has_a_kl_to_weigh(settings: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"kl_weight is 0\.5, but only aevb"):
        dataclasses.replace(BASE, kl_weight=0.5, **settings)


def test_estimator_a_has_float32_only() -> None:
    with pytest.raises(UserError, match="precision 'bfloat16' is there for estimator 'B' only"):
        dataclasses.replace(BASE, estimator="A", precision="bfloat16")


def test_networks_of_one_s_own_stand_in_the_name_and_have_no_settings_of_appendix_c() -> None:
    own = dataclasses.replace(BASE, networks="convolutional_1234")
    assert own.name == "mnist-aevb-z3-convolutional_1234-n50000-auto-grey-s0"
    assert own.slug.startswith(f"{own.name}-x")
    for settings in (
        {"init_std": 0.1},
        {"encoder_log_variance": "slow"},
        {"precision": "bfloat16"},
    ):
        (name,) = settings
        with pytest.raises(UserError, match=rf"{name} is .*, but it is for the networks of App"):
            dataclasses.replace(own, **settings)


@pytest.mark.parametrize("settings", [{"dataset": "mnist"}, {**BASE.to_dict(), "colour": 1}])
def test_settings_of_another_version_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UserError, match="another version"):
        RunConfig.from_dict(settings)
