"""What a run settles otherwise, in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from companion.experiments import deviations, paper_grid, reference
from companion.runs.choices import WORDS, Choices
from companion.runs.config import OWN, RunConfig
from vaelib.errors import UserError


def test_the_default_needs_no_words() -> None:
    assert str(Choices()) == ""
    assert str(paper_grid.mnist(20)) == "mnist-aevb-z20-h500-n50000-auto-grey-s0"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"minibatch_size": 500, "kl_weight": 0.0}, "M=500, KL off"),
        ({"n_samples": 4, "kl_weight": 3.0}, "L=4, KL weight 3"),
        ({"kl_weight": 0.3}, "KL weight 0.3"),
        ({"estimator": "A"}, "estimator A"),
        ({"init_std": 0.1}, "initial std 0.1"),
        ({"encoder_log_variance": "slow"}, "log variance slow"),
        ({"encoder_log_variance": "from zero"}, "log variance from zero"),
        ({"output_bias": "from zero"}, "output biases from zero"),
        ({"decoder_layers": 2}, "2 decoder layers"),
        ({"warmup": 0}, "no warm-up"),
        ({"warmup": 20}, "warm-up of 20"),
        ({"prior_precision": 0.0}, "no prior"),
        ({"prior_precision": 2.5}, "prior precision 2.5"),
        ({"prior_on_biases": True}, "prior on biases"),
        ({"replacement": False}, "by epochs"),
        ({"split": "in order"}, "faces in order"),
        ({"face_scale": 255}, "bytes over 255"),
        ({"mnist_scale": 256}, "digits over 256"),
        ({"n_leapfrog": 20}, "20 leapfrog steps"),
        ({"n_weight_updates": 1}, "1 weight update"),
        ({"m_step_points": 50}, "M-step by blocks of 50"),
        ({"target_acceptance": 0.65}, "acceptance 0.65"),
        ({"precision": "bfloat16"}, "bfloat16 products"),
    ],
)
def test_each_is_said(settings: dict[str, Any], words: str) -> None:
    assert str(Choices(**settings)) == words
    (choice, *_) = settings
    base = paper_grid.figure3()[2] if OWN.get(choice) == ("mcem",) else paper_grid.mnist(20)
    config = dataclasses.replace(base, **settings)
    assert config.choices == Choices(**settings)
    assert str(config) == f"{base.slug} ({words})"


def test_every_choice_has_words() -> None:
    assert list(WORDS) == [field.name for field in dataclasses.fields(Choices)]


def test_runs_of_different_folders_have_different_words() -> None:
    """Of all that is planned, by name and by words."""
    configs = {request.config.slug: request.config for request in reference.plan()}
    configs |= {config.slug: config for config in deviations.runs()}
    assert len({str(config) for config in configs.values()}) == len(configs)
    assert all(config.slug.startswith(config.name) for config in configs.values())


def test_settings_lie_side_by_side_on_disk() -> None:
    """First what a run is named for, as in every record that was ever written."""
    names = [field.name for field in dataclasses.fields(RunConfig)]
    n_choices = len(dataclasses.fields(Choices))
    config = dataclasses.replace(paper_grid.mnist(3), minibatch_size=50)
    assert list(config.to_dict()) == names[n_choices:] + names[:n_choices]
    assert RunConfig.from_dict(config.to_dict()) == config


def test_what_cannot_be_is_refused_here_too() -> None:
    with pytest.raises(UserError, match="n_samples is 0"):
        Choices(n_samples=0)
    with pytest.raises(UserError, match="precision 'bfloat16' is there for estimator 'B' only"):
        Choices(estimator="A", precision="bfloat16")
