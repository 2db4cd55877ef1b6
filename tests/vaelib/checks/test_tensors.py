"""No bad input ends in a silent NaN: each is named, or the result says that it is not trustworthy.

Each test is a fault, and its parameters are the functions that may meet it: quadrature, MCEM and
Appendix D ask no encoder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from companion.studies.annealed_importance import annealed_importance_sampling
from companion.studies.quadrature import quadrature
from tests.helpers import rng
from vaelib import hmc
from vaelib.aevb import AEVB
from vaelib.algorithm import Batch
from vaelib.checks.tensors import all_finite, check_data, check_gaussian, check_log_likelihood
from vaelib.elbo import evaluate, gaussian_kl, lower_bound
from vaelib.errors import DivergedError, UserError
from vaelib.full_vb import FullVB
from vaelib.likelihood.marginal_likelihood import importance_sampling, posterior_density_estimator
from vaelib.mcem import MCEM
from vaelib.model import VariationalAutoencoder, build
from vaelib.reparameterization import gaussian
from vaelib.score_function import score_function_surrogate
from vaelib.sgvb import estimator_a, estimator_b, minibatch_estimator
from vaelib.training import Trainer
from vaelib.wake_sleep import WakeSleep


class Encoder(nn.Module):
    """q(z|x) = N(0, scale² I) whatever x is."""

    def __init__(self, scale: float, n_latent: int = 2) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.n_latent = n_latent

    def forward(self, x: Tensor) -> Independent[Normal]:
        mean = x.new_zeros(*x.shape[:-1], self.n_latent)
        return normal(mean, self.scale.expand_as(mean))


class Decoder(nn.Module):
    """p(x|z) = N(x; W z, scale² I)."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 6)
        self.scale = scale
        nn.init.constant_(self.linear.weight, 0.3)

    def forward(self, z: Tensor) -> Independent[Normal]:
        mean = self.linear(z)
        return normal(mean, torch.full_like(mean, self.scale))


def normal(mean: Tensor, scale: Tensor) -> Independent[Normal]:
    return Independent(Normal(mean, scale, validate_args=False), 1, validate_args=False)


def good() -> VariationalAutoencoder:
    return build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())


def with_encoder(encoder: nn.Module) -> VariationalAutoencoder:
    return VariationalAutoencoder(encoder, good().decoder, n_latent=2)


def with_decoder(decoder: nn.Module) -> VariationalAutoencoder:
    return VariationalAutoencoder(good().encoder, decoder, n_latent=2)


def with_nan_in(part: str) -> VariationalAutoencoder:
    model = good()
    with torch.no_grad():
        next(model.get_submodule(part).parameters())[0, 0] = torch.nan
    return model


def pixels() -> Tensor:
    return torch.rand(4, 6, generator=rng(1))


def noise() -> Tensor:
    return torch.randn(3, 4, 2, generator=rng(2))


def train(kind: Callable[..., Any]) -> Callable[[VariationalAutoencoder, Tensor], object]:
    def run(model: VariationalAutoencoder, x: Tensor) -> object:
        algorithm = kind(model, n_train=4, stepsize=0.01, warmup=0, generator=rng(3))
        trainer = Trainer(algorithm, x, minibatch_size=2, generator=rng(4))
        return [trainer.step() for _ in range(5)]

    return run


def step(kind: Callable[..., Any]) -> Callable[[VariationalAutoencoder, Tensor], object]:
    def run(model: VariationalAutoencoder, x: Tensor) -> object:
        algorithm = kind(model, n_train=4, stepsize=0.01, generator=rng(3))
        return algorithm.step(Batch(x, torch.arange(len(x))))

    return run


Function = Callable[[VariationalAutoencoder, Tensor], object]
ASK_THE_ENCODER: dict[str, Function] = {
    "lower_bound": lambda model, x: lower_bound(model, x, noise()),
    "estimator_a": lambda model, x: estimator_a(model, x, noise()),
    "estimator_b": lambda model, x: estimator_b(model, x, noise()),
    "score function": lambda model, x: score_function_surrogate(model, x, noise()),
    "evaluate": lambda model, x: evaluate(model, x, generator=rng(3)),
    "importance_sampling": lambda model, x: importance_sampling(
        model, x, n_samples=5, generator=rng(3)
    ),
    "annealed_importance_sampling": lambda model, x: annealed_importance_sampling(
        model, x, n_steps=3, generator=rng(3)
    ),
    "AEVB": step(AEVB),
    "wake-sleep": step(WakeSleep),
    "full VB": step(FullVB),
    "training with AEVB": train(AEVB),
    "training with wake-sleep": train(WakeSleep),
    "training with full VB": train(FullVB),
}
LEAVE_THE_ENCODER: dict[str, Function] = {
    "posterior_density_estimator": lambda model, x: posterior_density_estimator(
        model, x, generator=rng(3)
    ),
    "quadrature": lambda model, x: quadrature(model, x),
    "MCEM": step(MCEM),
    "training with MCEM": train(MCEM),
}
FUNCTIONS = {**ASK_THE_ENCODER, **LEAVE_THE_ENCODER}


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_data_that_are_not_finite_are_named(function: str, value: float) -> None:
    x = pixels()
    x[1, 2] = value
    with pytest.raises(UserError, match=r"x has shape .* and 1 values that are not finite"):
        FUNCTIONS[function](good(), x)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_data_are_named(function: str) -> None:
    with pytest.raises(UserError, match=r"x has shape \(0, 6\)"):
        FUNCTIONS[function](good(), pixels()[:0])


@pytest.mark.parametrize("n_pixels", [1, 7])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_another_number_of_pixels_is_named(function: str, n_pixels: int) -> None:
    """Even one pixel, which could be broadcast, and with an encoder that takes any number."""
    x = torch.rand(4, n_pixels, generator=rng(1))
    if not function.endswith("wake-sleep"):
        with pytest.raises(UserError, match="but the decoder gives 6 pixels"):
            FUNCTIONS[function](with_encoder(Encoder(1.0)), x)
    with pytest.raises(UserError, match=f"have {n_pixels}|decoder gives 6 pixels"):
        FUNCTIONS[function](good(), x)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("function", ASK_THE_ENCODER)
def test_an_impossible_scale_of_the_encoder_is_named(function: str, scale: float) -> None:
    with pytest.raises(DivergedError, match=f"q has standard deviations from {scale:g} to"):
        ASK_THE_ENCODER[function](with_encoder(Encoder(scale)), pixels())


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan])
def test_an_impossible_scale_of_the_decoder_is_named(function: str, scale: float) -> None:
    model = with_decoder(Decoder(scale))
    if function == "quadrature" and scale < 0.0:
        # Only the square of a scale enters where it scans.
        assert not quadrature(model, pixels())[1].converged.any()
        return
    with pytest.raises(UserError, match="NaN"):
        FUNCTIONS[function](model, pixels())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_nan_in_the_weights_is_named(function: str) -> None:
    with pytest.raises(UserError, match=r"NaN|q\(θ\) has .* and 1 means that are not finite"):
        FUNCTIONS[function](with_nan_in("decoder.logits"), pixels())
    if function in ASK_THE_ENCODER:
        with pytest.raises(DivergedError, match="means that are not finite"):
            FUNCTIONS[function](with_nan_in("encoder.mean"), pixels())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_latent_dimensions_that_do_not_match_are_named(function: str) -> None:
    one, other = good(), with_encoder(Encoder(1.0, n_latent=1))
    wide = VariationalAutoencoder(one.encoder, one.decoder, n_latent=3)
    with pytest.raises(UserError, match=r"model has n_latent 3|2 dimensions, but these have 3"):
        FUNCTIONS[function](wide, pixels())
    if function in ASK_THE_ENCODER:
        with pytest.raises(UserError, match=r"encoder gives \(1,\) latent dimensions"):
            FUNCTIONS[function](other, pixels())


@pytest.mark.parametrize("function", [lower_bound, estimator_a, estimator_b])
def test_bad_noise_is_named(function: Callable[..., object]) -> None:
    epsilon = noise()
    for bad in (epsilon[..., :1], epsilon[:, :3], epsilon[0], epsilon[:0]):
        with pytest.raises(UserError, match="epsilon has shape"):
            function(good(), pixels(), bad)
    with pytest.raises(UserError, match="epsilon holds a NaN"):
        function(good(), pixels(), epsilon * torch.nan)
    with pytest.raises(UserError, match=r"epsilon holds torch\.float64, but the encoder gives"):
        function(good(), pixels(), epsilon.double())
    function(good(), pixels(), epsilon[:, :1])  # One draw, shared by all datapoints.


def test_bad_sizes_are_named() -> None:
    for settings in ({"n_samples": 0}, {"batch_size": 0}):
        with pytest.raises(UserError, match=f"{next(iter(settings))} is 0"):
            evaluate(good(), pixels(), generator=rng(), **settings)
    with pytest.raises(UserError, match="chunk_size is 0"):
        posterior_density_estimator(good(), pixels(), generator=rng(), chunk_size=0)
    with pytest.raises(UserError, match="chunk_size is 0"):
        quadrature(good(), pixels(), chunk_size=0)
    with pytest.raises(UserError, match="per_datapoint is empty"):
        minibatch_estimator(torch.zeros(0), n_datapoints=5)


def test_a_bound_of_minus_infinity_is_not_averaged() -> None:
    """log p(x|z) that underflows is a number for one datapoint, but no point of a curve."""
    model = with_decoder(Decoder(math.inf))
    assert lower_bound(model, pixels(), noise()).bound.eq(-torch.inf).all()
    with pytest.raises(DivergedError, match="the bound of the data set is -inf"):
        evaluate(model, pixels(), generator=rng())


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_gaussians_are_looked_at_wherever_they_are_used(scale: float) -> None:
    mean, std = torch.zeros(3, 2), torch.tensor([1.0, scale]).expand(3, 2)
    with pytest.raises(DivergedError, match="q has standard deviations"):
        gaussian_kl(normal(mean, std))
    with pytest.raises(DivergedError, match="q has standard deviations"):
        gaussian(mean, std, mean)
    with pytest.raises(DivergedError, match="and 6 means"):
        check_gaussian(mean * torch.nan, torch.ones(3, 2))


def test_large_numbers_are_finite() -> None:
    """Their sum overflows; they do not."""
    x = torch.full((2, 3), 2e38)
    assert all_finite(x)
    check_data(x)
    check_log_likelihood(torch.tensor([-2e38, -2e38, -torch.inf]))
    with pytest.raises(DivergedError, match="for 2 of 3 pairs"):
        check_log_likelihood(torch.tensor([torch.inf, torch.nan, 0.0]))


def test_a_posterior_that_is_too_sharp_is_named() -> None:
    model = good()
    with torch.no_grad():
        model.get_submodule("decoder.logits").weight *= 1e30  # type: ignore[operator]
    with pytest.raises(UserError, match="too sharp to be sampled for"):
        posterior_density_estimator(model, pixels(), generator=rng())
    _, diagnostics = importance_sampling(model, pixels(), n_samples=5, generator=rng())
    assert (diagnostics.effective_sample_size < 1.01).all()
    assert not quadrature(model, pixels())[1].converged.any()


# Densities that cannot be normalised, and what gives them away.
IMPROPER = {
    "flat in one dimension": lambda z: -0.5 * z[..., 0].square() + 0.0 * z[..., 1],
    "a plane": lambda z: z.sum(-1),
    "growing": lambda z: z.square().sum(-1),
    "heavy tails": lambda z: -0.5 * (1.0 + z.square().sum(-1)).log(),
    "a spike": lambda z: 1.0 / z.abs().sum(-1),
}


@pytest.mark.parametrize("name", IMPROPER)
def test_an_improper_density_is_diagnosed(name: str) -> None:
    """The chains run away or stick: an effective sample size far below the 400 draws kept."""
    draws, diagnostics = hmc.sample(
        IMPROPER[name],
        torch.randn(8, 2, generator=rng(5), dtype=torch.float64),
        n_samples=400,
        n_leapfrog=4,
        stepsize=0.1,
        n_burn_in=20,
        generator=rng(6),
    )
    assert draws.isfinite().all()
    worst = diagnostics.effective_sample_size.amin(-1)
    assert ((worst < 40.0) | (diagnostics.divergences > 0)).all()


def test_no_chain_is_named() -> None:
    for shape in ((0, 2), (3, 0)):
        with pytest.raises(UserError, match="holds no chain or no dimension"):
            hmc.init(torch.zeros(shape), lambda z: -z.square().sum(-1))
