"""Compiled densities and transitions are those that they are made of."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.helpers import rng
from tests.vaelib.hmc.test_latent_density import DECODERS, appendix_c, latent, pixels
from vaelib import hmc
from vaelib.arithmetic.compiling import is_available
from vaelib.hmc.compiled_density import compiled_latent_density
from vaelib.hmc.latent_density import latent_density
from vaelib.hmc.log_density import LogDensity, with_gradient
from vaelib.hmc.sampler import HasTransition
from vaelib.likelihood.marginal_likelihood import posterior_density_estimator
from vaelib.likelihood.probabilistic_pca import LinearGaussian

pytestmark = pytest.mark.skipif(not is_available(), reason="there is no C++ compiler")
EXACT = {"rtol": 1e-10, "atol": 1e-10}


@pytest.mark.parametrize("name", DECODERS)
def test_value_and_gradient_are_the_same(name: str) -> None:
    model, x, z = appendix_c(name), pixels(), latent(4, 5)
    plain, fast = (of(model, x) for of in (latent_density, compiled_latent_density))
    torch.testing.assert_close(fast(z), plain(z), **EXACT)
    for own, expected in zip(
        with_gradient(fast).value_and_gradient(z),
        with_gradient(plain).value_and_gradient(z),
        strict=True,
    ):
        torch.testing.assert_close(own, expected, **EXACT)
    torch.testing.assert_close(with_gradient(fast).gradient(z), with_gradient(plain).gradient(z))


@pytest.mark.parametrize("name", DECODERS)
def test_transitions_are_the_same(name: str) -> None:
    """Three transitions of three leapfrog steps, stepsizes from useful to absurd."""
    model, x = appendix_c(name), pixels()
    stepsize = torch.logspace(-2, 3, 5, dtype=torch.float64)

    def moved(log_density: LogDensity) -> list[Tensor]:
        step = hmc.kernel(log_density, n_leapfrog=3, generator=rng(3))
        state = hmc.init(latent(4, 5), log_density)
        results: list[Tensor] = []
        for _ in range(3):
            state, info = step(state, stepsize)
            results += [*state, info.acceptance_probability, info.accepted, info.divergent]
        return results

    for own, expected in zip(
        moved(compiled_latent_density(model, x)), moved(latent_density(model, x)), strict=True
    ):
        torch.testing.assert_close(own, expected, rtol=1e-8, atol=1e-8)


def test_what_is_compiled_takes_the_weights_and_data_that_it_is_given() -> None:
    """Models and data of one size share a graph, and nothing of one is left in the next."""
    for seed in (5, 6):
        model = appendix_c("bernoulli")
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(generator=rng(seed))
        x, z = torch.rand(5, 30, generator=rng(seed), dtype=torch.float64), latent(4, 5)
        fast, plain = compiled_latent_density(model, x), latent_density(model, x)
        torch.testing.assert_close(fast(z), plain(z), **EXACT)


def test_the_estimator_comes_to_the_same() -> None:
    model, x = appendix_c("bernoulli"), pixels(20)
    plain, fast = (
        posterior_density_estimator(model, x, generator=rng(7), compile_step=compile_step)[0]
        for compile_step in (False, True)
    )
    torch.testing.assert_close(fast, plain, rtol=0.0, atol=1e-6)


def test_other_models_keep_their_own_density() -> None:
    model = LinearGaussian(torch.eye(30, 3), torch.zeros(30), 0.1)
    assert not isinstance(compiled_latent_density(model, pixels().float()), HasTransition)
