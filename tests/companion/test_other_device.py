"""Nothing is left behind on the CPU: on a second device everything gives the numbers of the CPU."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from companion.runs import carrying
from companion.runs.carrying import carry, carry_together
from companion.runs.config import RunConfig
from companion.runs.store import RunStore
from companion.studies.annealed_importance import annealed_importance_sampling, bidirectional
from companion.studies.fitted_proposal import posterior_importance_sampling
from companion.studies.quadrature import quadrature
from tests.elsewhere import NAME, second_device
from tests.helpers import six_pixels
from vaelib import hmc
from vaelib.algorithm import Batch
from vaelib.elbo import evaluate
from vaelib.full_vb import FullVB, predictive_bound
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.marginal_likelihood import importance_sampling, posterior_density_estimator
from vaelib.model import VariationalAutoencoder, build
from vaelib.randomness import generator

AEVB = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)
CONFIGS = [
    AEVB,
    dataclasses.replace(AEVB, stepsize="auto"),
    dataclasses.replace(AEVB, estimator="A", n_samples=2),
    dataclasses.replace(AEVB, pixels="dynamic"),
    dataclasses.replace(AEVB, replacement=False, minibatch_size=20),
    dataclasses.replace(AEVB, encoder_log_variance="slow", prior_on_biases=True),
    dataclasses.replace(AEVB, measure="marginal_likelihood"),
    dataclasses.replace(AEVB, algorithm="wake_sleep"),
    dataclasses.replace(AEVB, algorithm="mcem", measure="marginal_likelihood"),
]
DATA = six_pixels()
CLOSE = 1e-4


@pytest.fixture(autouse=True)
def often_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "grid", lambda config, limit: list(range(1500, limit + 1, 1500)))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with second_device(monkeypatch) as name:
        yield name


def assert_same_run(here: RunStore, there: RunStore, config: RunConfig) -> None:
    """Up to rounding: some operations are put together of others there."""
    expected, found = here.checkpoint(config), there.checkpoint(config)
    assert expected is not None
    assert found is not None
    for one, other in zip(found[0].curve, expected[0].curve, strict=True):
        assert one[:3] == other[:3]
        assert one.value == pytest.approx(other.value, abs=CLOSE)
    assert found[1].keys() == expected[1].keys()
    for key, tensor in expected[1].items():
        torch.testing.assert_close(found[1][key], tensor, atol=CLOSE, rtol=CLOSE)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_run_is_begun_taken_up_and_evaluated(
    config: RunConfig, elsewhere: str, tmp_path: Path
) -> None:
    here, there = RunStore(tmp_path / "here"), RunStore(tmp_path / "there")
    for until in (1500, 3000):
        expected = carry(config, DATA, here, until, "cpu", False)
        found = carry(config, DATA, there, until, elsewhere, False)
    assert found.stepsizes_compared == pytest.approx(expected.stepsizes_compared, abs=CLOSE)
    assert_same_run(here, there, config)


def test_seeds_take_their_steps_together(elsewhere: str, tmp_path: Path) -> None:
    here, there = RunStore(tmp_path / "here"), RunStore(tmp_path / "there")
    sets = [(dataclasses.replace(AEVB, seed=seed), DATA) for seed in range(3)]
    for store, device in ((here, "cpu"), (there, elsewhere)):
        carry_together(sets, store, 3000, device, False)
    for config, _ in sets:
        assert_same_run(here, there, config)


def model_on(device: str) -> VariationalAutoencoder:
    made = build(
        n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=generator(1, "initialise")
    )
    return made.to(device)


def hmc_chains(model: VariationalAutoencoder, x: Tensor, draws: torch.Generator) -> Any:
    start = torch.zeros(3, len(x), 2, device=x.device)
    return hmc.sample(
        latent_density(model, x), start, n_samples=4, n_leapfrog=3, stepsize=0.1, n_burn_in=5,
        target_acceptance=0.9, generator=draws,
    )  # fmt: skip


def full_vb(model: VariationalAutoencoder, x: Tensor, draws: torch.Generator) -> Any:
    algorithm = FullVB(model, n_train=80, stepsize=0.1, warmup=1, generator=draws)
    for _ in range(3):
        algorithm.step(Batch(x, torch.arange(len(x), device=x.device)))
    algorithm.load_state_dict(algorithm.state_dict())
    return predictive_bound(model, algorithm.posterior, x, generator=draws)


MEASURED: dict[str, Callable[[VariationalAutoencoder, Tensor, torch.Generator], Any]] = {
    "bound": lambda model, x, draws: torch.tensor(evaluate(model, x, generator=draws)),
    "Appendix D": lambda model, x, draws: posterior_density_estimator(model, x, generator=draws),
    "Appendix D, kernels, from the encoder": lambda model, x, draws: posterior_density_estimator(
        model, x, density="kde", start="recognition", generator=draws
    ),
    "importance sampling": lambda model, x, draws: importance_sampling(
        model, x, n_samples=20, generator=draws
    ),
    "importance sampling by HMC": lambda model, x, draws: posterior_importance_sampling(
        model, x, n_samples=20, generator=draws
    ),
    "annealed": lambda model, x, draws: annealed_importance_sampling(
        model, x, n_steps=5, n_chains=2, generator=draws
    ),
    "annealed from the prior": lambda model, x, draws: annealed_importance_sampling(
        model, x, n_steps=5, n_chains=2, base="prior", generator=draws
    ),
    "bidirectional": lambda model, x, draws: bidirectional(
        model, n_datapoints=4, n_steps=5, n_chains=2, generator=draws
    ),
    "quadrature": lambda model, x, draws: quadrature(model, x),
    "HMC": hmc_chains,
    "full VB": full_vb,
    "samples": lambda model, x, draws: model.generate(3, generator=draws),
}


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_of_a_model_stays_on_its_device(name: str, elsewhere: str) -> None:
    expected, found = (
        MEASURED[name](model_on(device), DATA.test.to(device), generator(2, "draws", device=device))
        for device in ("cpu", elsewhere)
    )
    leaves = list(zip(tensors(found), tensors(expected), strict=True))
    assert leaves
    for one, other in leaves:
        assert name == "bound" or one.device.type == NAME
        torch.testing.assert_close(one.cpu(), other, atol=CLOSE, rtol=CLOSE, equal_nan=True)


def tensors(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result.detach()
    elif isinstance(result, tuple):
        for part in result:
            yield from tensors(part)


def test_the_device_refuses_what_cuda_refuses(elsewhere: str) -> None:
    there, here = torch.ones(3, device=elsewhere), torch.ones(3)
    draws = generator(0, device=elsewhere)
    with pytest.raises(RuntimeError, match="tensors of the CPU among others"):
        there + here
    with pytest.raises(RuntimeError, match="generator is on another device"):
        torch.randn(3, generator=draws)
    with pytest.raises(RuntimeError, match="generator is on another device"):
        there.normal_(generator=generator(0))
    assert torch.equal((there * 2.0).cpu(), here * 2.0)
    assert (there + torch.tensor(1.0)).device.type == NAME
