"""The closed forms are log p(x, z) and its gradient, to rounding, and they are used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.helpers import rng
from vaelib import hmc
from vaelib.errors import UserError
from vaelib.hmc.latent_density import latent_density
from vaelib.hmc.log_density import HasGradient, with_gradient
from vaelib.likelihood.probabilistic_pca import LinearGaussian
from vaelib.model import DecoderKind, VariationalAutoencoder, build
from vaelib.networks import GaussianMLP

# Name: the decoder's kind, and what its mean passes through where it has one.
DECODERS = {
    "bernoulli": ("bernoulli", None),
    "gaussian": ("gaussian", "sigmoid"),
    "gaussian, any mean": ("gaussian", "identity"),
}


def appendix_c(name: str) -> VariationalAutoencoder:
    kind, activation = DECODERS[name]
    decoder: DecoderKind = "bernoulli" if kind == "bernoulli" else "gaussian"
    model = build(
        n_pixels=30, n_hidden=7, n_latent=3, decoder=decoder, init_std=1.0, generator=rng()
    )
    if isinstance(model.decoder, GaussianMLP):
        model.decoder.mean_activation = activation  # type: ignore[assignment]
        model.decoder.log_variance_factor = 0.3
    return model.double()


def pixels(m: int = 5) -> Tensor:
    return torch.rand(m, 30, generator=rng(1), dtype=torch.float64)


def latent(*shape: int, reach: float = 3.0) -> Tensor:
    return reach * torch.randn(*shape, 3, generator=rng(2), dtype=torch.float64)


def by_autograd(model: VariationalAutoencoder, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    leaf = z.clone().requires_grad_()
    value = model.log_joint(x, leaf)
    return value.detach(), torch.autograd.grad(value.sum(), leaf)[0]


@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 4, 5)])
@pytest.mark.parametrize("name", DECODERS)
def test_value_and_gradient_are_log_joint_s_and_autograd_s(
    name: str, shape: tuple[int, ...]
) -> None:
    model, x, z = appendix_c(name), pixels(), latent(*shape)
    density = with_gradient(latent_density(model, x))
    exact = {"rtol": 1e-10, "atol": 1e-10}
    value, gradient = density.value_and_gradient(z)
    expected, expected_gradient = by_autograd(model, x, z)
    torch.testing.assert_close(value, expected, **exact)
    torch.testing.assert_close(gradient, expected_gradient, **exact)
    assert torch.equal(density.gradient(z), gradient)
    assert torch.equal(latent_density(model, x)(z), value)


@pytest.mark.parametrize("name", DECODERS)
def test_float32_is_float64_to_rounding(name: str) -> None:
    """Sums over 30 pixels of numbers up to a few thousand: relative to the largest of each."""
    model, x, z = appendix_c(name), pixels(), latent(4, 5)
    exact = with_gradient(latent_density(model, x)).value_and_gradient(z)
    single = with_gradient(latent_density(model.float(), x.float())).value_and_gradient(z.float())
    for one, other in zip(single, exact, strict=True):
        assert one.dtype == torch.float32
        assert (one.double() - other).abs().max() < 1e-5 * other.abs().max()


@pytest.mark.parametrize("factor", [1.0, 1e3])
def test_saturated_pixels_are_exact(factor: float) -> None:
    """Logits from ±10 to ±10⁴, where softplus is a straight line, and binary pixels."""
    model, z = appendix_c("bernoulli"), latent(4, 5)
    x = pixels().round()
    with torch.no_grad():
        model.decoder.logits.weight *= factor  # type: ignore[union-attr, operator]
    value, gradient = with_gradient(latent_density(model, x)).value_and_gradient(z)
    expected, expected_gradient = by_autograd(model, x, z)
    torch.testing.assert_close(value, expected, rtol=1e-10, atol=1e-10 * factor)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-10, atol=1e-10 * factor)


def test_no_graph_and_the_position_stays_as_it_is() -> None:
    model, x, z = appendix_c("bernoulli"), pixels(), latent(4, 5)
    before = z.clone()
    density = latent_density(model, x)
    assert isinstance(density, HasGradient)
    results = (density(z), density.gradient(z), *density.value_and_gradient(z))
    assert not any(result.requires_grad for result in results)
    assert torch.equal(z, before)
    assert all(parameter.grad is None for parameter in model.parameters())


class Squared(VariationalAutoencoder):
    """A model that has another joint density than the decoder says."""

    def log_joint(self, x: Tensor, z: Tensor) -> Tensor:
        return super().log_joint(x, z.square())


class Shifted(GaussianMLP):
    def forward(self, inputs: Tensor):  # type: ignore[no-untyped-def]
        return super().forward(inputs + 1.0)


def linear() -> nn.Module:
    weight = torch.randn(30, 3, generator=rng(3), dtype=torch.float64)
    return LinearGaussian(weight, weight[:, 0], 0.5)


@pytest.mark.parametrize(
    "model",
    [
        lambda: VariationalAutoencoder(nn.Identity(), linear(), n_latent=3),
        lambda: VariationalAutoencoder(nn.Identity(), Shifted(3, 7, 30).double(), n_latent=3),
        lambda: Squared(nn.Identity(), appendix_c("bernoulli").decoder, n_latent=3),
    ],
)
def test_any_other_model_keeps_its_own_density(model: Callable[[], VariationalAutoencoder]) -> None:
    other, x, z = model(), pixels(), latent(4, 5)
    density = latent_density(other, x)
    assert not isinstance(density, HasGradient)
    assert torch.equal(density(z), other.log_joint(x, z))
    value, gradient = with_gradient(density).value_and_gradient(z)
    expected, expected_gradient = by_autograd(other, x, z)
    assert torch.equal(value, expected)
    assert torch.equal(gradient, expected_gradient)


@pytest.mark.parametrize("name", DECODERS)
def test_hmc_moves_by_it_as_by_autograd(name: str) -> None:
    """The same randomness: every chain ends where autograd's ends."""
    model, x = appendix_c(name), pixels()
    settings = {"n_samples": 3, "n_leapfrog": 4, "stepsize": 1e-3, "n_burn_in": 2}
    closed, differentiated = (
        hmc.sample(density, latent(4, 5, reach=1.0), generator=rng(4), **settings)[0]  # type: ignore[arg-type]
        for density in (latent_density(model, x), lambda z: model.log_joint(x, z))
    )
    torch.testing.assert_close(closed, differentiated, rtol=0, atol=1e-9)
    assert (closed[-1] - closed[0]).abs().max() > 1e-4


def test_the_value_is_computed_once_in_a_trajectory() -> None:
    calls = []

    class Counting:
        def __call__(self, z: Tensor) -> Tensor:
            raise AssertionError("the value alone is never asked for")

        def gradient(self, z: Tensor) -> Tensor:
            calls.append("gradient")
            return -z

        def value_and_gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
            calls.append("both")
            return -0.5 * z.square().sum(-1), -z

    state = hmc.init(latent(6), Counting())
    hmc.kernel(Counting(), n_leapfrog=3, generator=rng(5))(state, 0.1)
    assert calls == ["both", "gradient", "gradient", "both"]


@pytest.mark.parametrize("name", DECODERS)
def test_a_nan_in_the_weights_is_refused_as_by_autograd(name: str) -> None:
    model, x = appendix_c(name), pixels()
    with torch.no_grad():
        next(model.decoder.parameters()).fill_(torch.nan)
    for density in (latent_density(model, x), lambda z: model.log_joint(x, z)):
        with pytest.raises(UserError, match="NaN or infinite at the initial position of 20 of 20"):
            hmc.init(latent(4, 5), density)


@pytest.mark.parametrize("name", DECODERS)
def test_bad_inputs_are_named(name: str) -> None:
    model, x = appendix_c(name), pixels()
    with pytest.raises(UserError, match="30 values that are not finite"):
        latent_density(model, x.index_fill(0, torch.tensor(2), torch.nan))
    with pytest.raises(UserError, match="the decoder gives 30 pixels"):
        latent_density(model, x[:, :1])
    with pytest.raises(UserError, match="takes inputs of 3 dimensions, but these have 2"):
        latent_density(model, x)(latent(5)[:, :2])
