"""Section 2.3: one expectation, different variances, exact gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from tests.helpers import rng
from vaelib.elbo import gaussian_kl
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import DecoderKind, VariationalAutoencoder, build
from vaelib.sgvb import estimator_a, estimator_b, minibatch_estimator, noise


def small_model(decoder: DecoderKind = "bernoulli") -> VariationalAutoencoder:
    return build(
        n_pixels=5, n_hidden=4, n_latent=2, decoder=decoder, init_std=0.7, generator=rng()
    ).double()


def pixels(m: int = 3) -> Tensor:
    return torch.rand(m, 5, generator=rng(1), dtype=torch.float64)


@pytest.mark.statistical(1e-8)
def test_noise_is_standard_normal_and_reproducible() -> None:
    """Mean and variance of 80000 draws within 6 standard errors, each missed at 2e-9."""
    model, x = small_model(), pixels(100)
    epsilon = noise(model, x, n_samples=400, generator=rng(2))
    n = epsilon.numel()
    assert epsilon.shape == (400, 100, 2)
    assert abs(epsilon.mean().item()) < 6 / math.sqrt(n)
    assert abs(epsilon.var().item() - 1) < 6 * math.sqrt(2 / n)
    assert torch.equal(epsilon, noise(model, x, n_samples=400, generator=rng(2)))


@pytest.mark.parametrize("decoder", ["bernoulli", "gaussian"])
def test_estimators_are_the_paper_s_sums(decoder: DecoderKind) -> None:
    model, x = small_model(decoder), pixels()
    epsilon = noise(model, x, n_samples=4, generator=rng(2))
    q = model.encode(x)
    mean, scale = q.base_dist.loc, q.base_dist.scale
    a, b = [], []
    for e in epsilon:
        z = mean + scale * e
        a.append(model.log_joint(x, z) - q.log_prob(z))
        b.append(model.decode(z).log_prob(x))
    torch.testing.assert_close(estimator_a(model, x, epsilon), torch.stack(a).mean(0))
    torch.testing.assert_close(
        estimator_b(model, x, epsilon), torch.stack(b).mean(0) - gaussian_kl(q)
    )


@pytest.mark.statistical(1e-8)
def test_estimators_agree_in_expectation() -> None:
    """Three means over 5000 paired draws within 6 standard errors, each missed at 2e-9."""
    model, x = small_model(), pixels()
    with torch.no_grad():
        epsilon = noise(model, x, n_samples=5000, generator=rng(3)).unsqueeze(1)
        difference = torch.stack(
            [estimator_a(model, x, e) - estimator_b(model, x, e) for e in epsilon]
        )
    error = difference.mean(0).abs() / (difference.std(0) / math.sqrt(len(difference)))
    assert (error < 6).all()


@pytest.mark.statistical(1e-9)
def test_estimator_a_has_no_variance_where_q_is_exact() -> None:
    """There B's variance is the larger one: C2's "typically" is not "always".

    B's deviation is above 0.5; that of 50 draws falls below 0.1 with a probability below 1e-20.
    """
    ppca = ProbabilisticPCA.example()
    model, x = ppca.exact_model(), ppca.sample(4, rng(1))
    draws = [noise(model, x, generator=rng(seed)) for seed in range(50)]
    a = torch.stack([estimator_a(model, x, e) for e in draws])
    b = torch.stack([estimator_b(model, x, e) for e in draws])
    assert a.std(0).max() < 1e-9
    assert b.std(0).min() > 0.1


@pytest.mark.parametrize(
    "estimator", [estimator_a, estimator_b, partial(estimator_b, kl_weight=0.3)]
)
@pytest.mark.parametrize("decoder", ["bernoulli", "gaussian"])
def test_gradients_are_those_of_finite_differences(
    estimator: Callable[..., Tensor], decoder: DecoderKind
) -> None:
    model, x = small_model(decoder), pixels()
    epsilon = noise(model, x, n_samples=2, generator=rng(2))
    parameters = dict(model.named_parameters())

    def value(*tensors: Tensor) -> Tensor:
        named = dict(zip(parameters, tensors, strict=True))
        return torch.func.functional_call(
            _Objective(model, estimator), {f"model.{k}": v for k, v in named.items()}, (x, epsilon)
        )

    inputs = tuple(p.detach().clone().requires_grad_() for p in parameters.values())
    assert torch.autograd.gradcheck(value, inputs, atol=1e-7)


class _Objective(torch.nn.Module):
    def __init__(self, model: VariationalAutoencoder, estimator: Callable[..., Tensor]) -> None:
        super().__init__()
        self.model = model
        self.estimator = estimator

    def forward(self, x: Tensor, epsilon: Tensor) -> Tensor:
        return self.estimator(self.model, x, epsilon).sum()


def test_minibatch_estimator_is_unbiased_for_the_data_set() -> None:
    values = torch.arange(12.0)
    estimates = [minibatch_estimator(part, n_datapoints=12) for part in values.split(4)]
    assert torch.stack(estimates).mean() == values.sum()


def test_no_samples_is_an_error() -> None:
    with pytest.raises(UserError, match="n_samples is 0"):
        noise(small_model(), pixels(), n_samples=0, generator=rng())


def test_an_array_where_a_tensor_is_asked_for_is_named() -> None:
    vae = build(n_pixels=6, n_hidden=4, n_latent=2, generator=rng(0))
    x = torch.rand(3, 6, generator=rng(1))
    with pytest.raises(UserError, match=r"^x is a ndarray: pass a tensor$"):
        estimator_b(vae, x.numpy(), torch.zeros(1, 3, 2))  # type: ignore[arg-type]
