"""From settings to objects: the right algorithm, the right settings, the same start."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from companion.runs import assembly
from companion.runs.config import STEPSIZES, RunConfig
from companion.runs.other_networks import register
from tests.companion.own import pairs
from tests.helpers import six_pixels
from vaelib.aevb import AEVB
from vaelib.errors import UserError
from vaelib.mcem import MCEM
from vaelib.wake_sleep import WakeSleep

CONFIG = RunConfig(dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80)
DATA = six_pixels()


@pytest.mark.parametrize(
    ("name", "kind"), [("aevb", AEVB), ("wake_sleep", WakeSleep), ("mcem", MCEM)]
)
def test_settings_name_the_algorithm(name: str, kind: type) -> None:
    config = dataclasses.replace(CONFIG, algorithm=name, measure="marginal_likelihood")  # type: ignore[arg-type]
    trainer = assembly.make_trainer(config, DATA, stepsize=0.01, device="cpu")
    assert isinstance(trainer.algorithm, kind)
    trainer.step()
    assert trainer.samples == config.samples_per_step


def test_every_algorithm_starts_from_the_same_parameters() -> None:
    models = [
        assembly.make_model(
            dataclasses.replace(CONFIG, algorithm=name, measure="marginal_likelihood"),
            DATA,
            device="cpu",
        )
        for name in ("aevb", "wake_sleep", "mcem")
    ]
    for parameters in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(parameters[0], parameters[1])
        assert torch.equal(parameters[0], parameters[2])


@pytest.mark.parametrize("name", ["aevb", "wake_sleep", "mcem"])
def test_every_stepsize_is_compared_and_the_comparison_is_repeatable(name: str) -> None:
    config = dataclasses.replace(CONFIG, algorithm=name, measure="marginal_likelihood")  # type: ignore[arg-type]
    reached = assembly.compare_stepsizes(config, DATA, device="cpu")
    assert tuple(reached) == STEPSIZES
    assert len(set(reached.values())) == len(STEPSIZES)
    assert reached == assembly.compare_stepsizes(config, DATA, device="cpu")


def test_a_stepsize_that_diverges_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "STEPSIZES", (0.01, 1e30))
    config = dataclasses.replace(CONFIG, algorithm="wake_sleep")
    assert list(assembly.compare_stepsizes(config, DATA, device="cpu")) == [0.01]


@pytest.mark.parametrize(
    ("name", "kind"), [("aevb", AEVB), ("wake_sleep", WakeSleep), ("mcem", MCEM)]
)
def test_other_networks_take_the_plain_form_of_each_algorithm(name: str, kind: type) -> None:
    register("linear", lambda n_latent: pairs.pair()((6,), n_latent))
    config = dataclasses.replace(
        CONFIG, algorithm=name, measure="marginal_likelihood", networks="linear"
    )  # type: ignore[arg-type]
    trainer = assembly.make_trainer(config, DATA, stepsize=0.01, device="cpu")
    assert type(trainer.algorithm) is kind
    before = [parameter.clone() for parameter in trainer.algorithm.model.parameters()]
    again = assembly.make_model(config, DATA, device="cpu")
    assert all(torch.equal(*both) for both in zip(before, again.parameters(), strict=True))
    for _ in range(config.warmup + 1):
        trainer.step()
    moved = trainer.algorithm.model.parameters()
    assert any(not torch.equal(*both) for both in zip(before, moved, strict=True))
    with pytest.raises(UserError, match="the step cannot be compiled for networks linear"):
        assembly.make_trainer(config, DATA, stepsize=0.01, device="cpu", compile_step=True)


def test_the_start_of_other_networks_is_a_function_of_the_seed_alone() -> None:
    register("linear", lambda n_latent: pairs.pair()((6,), n_latent))
    config = dataclasses.replace(CONFIG, networks="linear")
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    one = assembly.make_model(config, DATA, device="cpu").state_dict()
    assert torch.equal(torch.rand(1), expected)
    other = assembly.make_model(dataclasses.replace(config, seed=1), DATA, device="cpu")
    assert not torch.equal(one["encoder.layer.weight"], other.state_dict()["encoder.layer.weight"])
