"""The closed forms that other tests rely on, each held against a way that does not use it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import hessian

from companion.studies.quadrature import quadrature
from companion.studies.side_by_side import corners
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import LinearGaussian, ProbabilisticPCA
from vaelib.model import VariationalAutoencoder, log_standard_normal


def oblique(n_latent: int = 2) -> ProbabilisticPCA:
    """A model whose loadings are not orthogonal, so that its posterior is correlated."""
    weight = torch.randn(5, n_latent, generator=rng(1), dtype=torch.float64)
    return ProbabilisticPCA(weight, torch.arange(5.0, dtype=torch.float64), 0.7)


def test_evidence_is_that_of_quadrature() -> None:
    ppca = oblique()
    x = ppca.sample(5, rng(2))
    decoder = LinearGaussian(ppca.weight, ppca.bias, ppca.noise)
    model = VariationalAutoencoder(torch.nn.Identity(), decoder, n_latent=2)
    value, _ = quadrature(model, x)
    torch.testing.assert_close(ppca.log_evidence(x), value, atol=1e-6, rtol=0)


def test_posterior_is_bayes_rule_at_every_z() -> None:
    ppca = oblique(n_latent=3)
    x = ppca.sample(4, rng(2))
    z = torch.randn(10, 4, 3, generator=rng(3), dtype=torch.float64)
    likelihood = LinearGaussian(ppca.weight, ppca.bias, ppca.noise)(z).log_prob(x)
    expected = log_standard_normal(z) + likelihood - ppca.log_evidence(x)
    torch.testing.assert_close(ppca.posterior(x).log_prob(z), expected, atol=1e-10, rtol=0)


def test_maximum_likelihood_is_a_maximum() -> None:
    """The gradient vanishes, no curvature is positive, and a rotation changes nothing."""
    x = oblique().sample(50, rng(2))
    best = ProbabilisticPCA.maximum_likelihood(x, n_latent=2, noise=0.7)

    def mean_log_evidence(weight: Tensor, bias: Tensor) -> Tensor:
        return ProbabilisticPCA(weight, bias, 0.7).log_evidence(x).mean()

    at = best.weight.clone().requires_grad_(), best.bias.clone().requires_grad_()
    for gradient in torch.autograd.grad(mean_log_evidence(*at), at):
        assert gradient.abs().max() < 1e-12
    curvature = hessian(
        lambda flat: mean_log_evidence(flat[:10].view(5, 2), flat[10:]),
        torch.cat([best.weight.flatten(), best.bias]),
    )
    assert torch.linalg.eigvalsh(curvature).max() < 1e-10
    angle = torch.tensor(0.4, dtype=torch.float64)
    rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()]).view(2, 2)
    rotated = mean_log_evidence(best.weight @ rotation, best.bias)
    torch.testing.assert_close(rotated, mean_log_evidence(*at).detach(), atol=1e-12, rtol=0)


def test_maximum_exceeds_the_truth() -> None:
    truth = ProbabilisticPCA.example()
    x = truth.sample(100, rng())
    best = ProbabilisticPCA.maximum_likelihood(x, n_latent=2, noise=truth.noise)
    assert best.log_evidence(x).mean() > truth.log_evidence(x).mean()


def test_a_direction_below_the_noise_gets_no_loading() -> None:
    x = 0.1 * torch.randn(200, 4, generator=rng(), dtype=torch.float64)
    best = ProbabilisticPCA.maximum_likelihood(x, n_latent=2, noise=0.5)
    assert torch.equal(best.weight, torch.zeros_like(best.weight))


def test_corners_integrate_a_cubic() -> None:
    """Moments of N(0, I): first and third are 0, the second is the identity."""
    z = corners(3).squeeze(1)
    assert z.shape == (8, 3)
    assert torch.equal(z.mean(0), torch.zeros(3).double())
    assert torch.equal(z.T @ z / 8, torch.eye(3).double())
    assert torch.einsum("ni,nj,nk->ijk", z, z, z).abs().max() == 0


def test_a_correlated_posterior_has_no_exact_encoder() -> None:
    with pytest.raises(UserError, match="orthogonal columns"):
        oblique().exact_model()


@pytest.mark.parametrize("noise", [-1.0, 0.0, math.nan, math.inf, True, "0.5"])
def test_a_noise_that_is_none_is_named(noise: float) -> None:
    truth = ProbabilisticPCA.example()
    x = truth.sample(5, rng())
    makers: list[Callable[[], object]] = [
        lambda: ProbabilisticPCA(truth.weight, truth.bias, noise),
        lambda: ProbabilisticPCA.example(noise=noise),
        lambda: ProbabilisticPCA.maximum_likelihood(x, n_latent=2, noise=noise),
        lambda: LinearGaussian(truth.weight, truth.bias, noise),
    ]
    for make in makers:
        with pytest.raises(UserError, match=r"noise is .*: give a positive, finite number"):
            make()


def test_more_latent_dimensions_than_pixels_are_named() -> None:
    """W would have fewer columns than were asked for."""
    x = ProbabilisticPCA.example(n_pixels=3).sample(5, rng())
    with pytest.raises(UserError, match="n_latent is 4, but there are 3 pixels"):
        ProbabilisticPCA.maximum_likelihood(x, n_latent=4, noise=0.5)
    with pytest.raises(UserError, match="n_latent is 3, but there are 2 pixels"):
        ProbabilisticPCA.example(n_pixels=2, n_latent=3)


def test_data_that_are_none_are_named() -> None:
    truth = ProbabilisticPCA.example()
    x = truth.sample(5, rng())
    for bad in (x[:0], x * torch.nan):
        with pytest.raises(UserError, match="x has shape"):
            ProbabilisticPCA.maximum_likelihood(bad, n_latent=2, noise=0.5)


@pytest.mark.parametrize(
    ("weight", "bias", "message"),
    [
        (torch.ones(5, 2), torch.zeros(4), r"^weight has shape \(5, 2\) and bias \(4,\): give"),
        (torch.ones(5), torch.zeros(()), r"^weight has shape \(5,\) and bias \(\): give"),
        (torch.full((5, 2), math.nan), torch.zeros(5), "^weight holds what is no finite float"),
        (torch.ones(5, 2), torch.zeros(5, dtype=torch.int64), "^bias holds what is no finite"),
    ],
)
def test_what_is_no_model_is_named(weight: Tensor, bias: Tensor, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ProbabilisticPCA(weight, bias, 0.5)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(3, 5, dtype=torch.float64), "^x has shape .* gives 6 pixels"),
        (torch.zeros(3, 6), "pass x.to"),
        (torch.full((3, 6), math.nan, dtype=torch.float64), "18 values that are not finite"),
        (torch.zeros(3, 6).numpy(), "^x is a ndarray: pass a tensor$"),
    ],
)
def test_what_is_no_data_of_the_model_is_named(x: Tensor, message: str) -> None:
    model = ProbabilisticPCA.example()
    for function in (model.log_evidence, model.posterior):
        with pytest.raises(UserError, match=message):
            function(x)
