"""Full VB on images: bounds that belong together, prices that add up, averages that are right."""

from __future__ import annotations

import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from companion.studies.full_vb import FULL_VB, MAP, ML, Fitted, exact_log_likelihood, fit_by
from companion.studies.quadrature import quadrature
from companion.studies.weight_posterior import (
    best_without_codes,
    decodings,
    mixed_predictive_bound,
    spread,
    unit_prices,
)
from tests.helpers import rng, six_pixels
from vaelib.algorithm import Batch
from vaelib.errors import UserError
from vaelib.full_vb import FullVB, predictive_bound
from vaelib.global_posterior import GlobalPosterior
from vaelib.model import VariationalAutoencoder, build


def small(std: float = 0.3) -> tuple[VariationalAutoencoder, GlobalPosterior, Tensor]:
    """A model in float64 with a posterior whose standard deviations differ."""
    model = build(n_pixels=6, n_hidden=4, n_latent=2, init_std=0.7, generator=rng()).double()
    posterior = GlobalPosterior(model.decoder, initial_std=std)
    with torch.no_grad():
        posterior.log_std += 0.3 * torch.randn(posterior.log_std.shape, generator=rng(1))
    return model, posterior, torch.rand(5, 6, generator=rng(2), dtype=torch.float64)


@pytest.mark.parametrize("method", [ML, MAP, FULL_VB])
def test_fit_reports_bounds_that_belong_together(method: str) -> None:
    data = six_pixels()
    fitted = fit_by(method, data.train, data.test, until=40_000, stepsize=0.1, n_hidden=4, seed=0)
    curve = fitted.curve
    assert curve["training_samples"].tolist() == [15_800, 25_100, 39_800]
    assert set(curve["n_train"]) == {80}
    assert set(curve["method"]) == {method}
    assert curve[["train_bound", "test_bound"]].to_numpy().max() < 0
    if method == FULL_VB:
        assert fitted.posterior is not None
        kl = fitted.posterior.kl().item() / 80
        assert curve["kl_theta"].iloc[-1] == pytest.approx(kl)
        assert (curve["full_bound"] + curve["kl_theta"]).tolist() == pytest.approx(
            curve["train_bound"].tolist()
        )
    else:
        assert fitted.posterior is None
        assert curve[["kl_theta", "full_bound"]].isna().all(axis=None)


def test_fit_names_an_unknown_method() -> None:
    x = six_pixels().train
    with pytest.raises(UserError, match="method 'SVI' is not known"):
        fit_by("SVI", x, x, until=100, stepsize=0.1, seed=0)


def test_exact_log_likelihood_of_a_posterior_without_width_is_the_point_estimates() -> None:
    model, _, x = small()
    narrow = GlobalPosterior(model.decoder, initial_std=1e-12)
    curve = pd.DataFrame()
    point = exact_log_likelihood(Fitted(curve, model, None), x, generator=rng())
    torch.testing.assert_close(point, quadrature(model, x)[0])
    full = exact_log_likelihood(Fitted(curve, model, narrow), x, generator=rng())
    torch.testing.assert_close(full, point)


def test_exact_log_likelihood_leaves_the_mean_alone() -> None:
    model, posterior, x = small()
    before = posterior.mean.detach().clone()
    fitted = Fitted(pd.DataFrame(), model, posterior)
    one, two = (exact_log_likelihood(fitted, x, generator=rng(s)) for s in (1, 2))
    assert (one != two).all()
    assert torch.equal(before, posterior.mean)


@pytest.mark.statistical(1e-8)
def test_without_width_mixing_changes_nothing() -> None:
    """4000 draws of z each; 6 standard errors of the difference for five datapoints."""
    model, _, x = small()
    narrow = GlobalPosterior(model.decoder, initial_std=1e-12)
    mixed = mixed_predictive_bound(model, narrow, x, n_samples=4000, generator=rng())
    plain = predictive_bound(model, narrow, x, n_samples=4000, generator=rng(1))
    q = model.encode(x)
    z = q.mean + q.stddev * torch.randn(1000, 5, 2, generator=rng(2), dtype=torch.float64)
    error = model.decode(z).log_prob(x).std(0) * (2 / 4000) ** 0.5
    assert ((mixed - plain).abs() < 6 * error).all()


@pytest.mark.statistical(1e-8)
def test_mixing_averages_the_output_layer_inside_the_logarithm() -> None:
    """One latent point and one hidden layer: against 400 000 draws of the output layer.

    6 standard errors for each of five datapoints; the pixels' errors are independent.
    """
    model, posterior, x = small()
    with torch.no_grad():
        # z and the hidden layer without noise.
        model.encoder.log_variance.weight.zero_()
        model.encoder.log_variance.bias.fill_(-60.0)
        names = dict(model.decoder.named_parameters())
        n_hidden_layer = names["hidden.weight"].numel() + names["hidden.bias"].numel()
        posterior.log_std[:n_hidden_layer] = -30.0
        mixed = mixed_predictive_bound(model, posterior, x, n_samples=1, generator=rng())
        q = model.encode(x)
        hidden = torch.tanh(model.decoder.hidden(q.mean))
        marginals = posterior.marginals()
        n = 400_000
        weight, bias = (
            marginals[name].mean
            + marginals[name].stddev
            * torch.randn(n, *marginals[name].mean.shape, generator=rng(3), dtype=torch.float64)
            for name in ("logits.weight", "logits.bias")
        )
        reconstruction, variance = torch.zeros_like(mixed), torch.zeros_like(mixed)
        for i in range(len(x)):
            logits = weight @ hidden[i] + bias
            log_pixel = x[i] * logits - nn.functional.softplus(logits)
            # Pixel by pixel: the integral factorises.
            pixel = log_pixel.exp()
            reconstruction[i] = pixel.mean(0).log().sum()
            variance[i] = (pixel.var(0) / pixel.mean(0).square()).sum() / n
        kl = kl_divergence(q.base_dist, Normal(0.0, 1.0)).sum(-1)
    assert ((mixed - reconstruction + kl).abs() < 6 * variance.sqrt()).all()


def test_prices_add_up_to_the_kl_and_are_sorted() -> None:
    _, posterior, _ = small()
    table = unit_prices(posterior)
    bias = kl_divergence(posterior.marginals()["logits.bias"], Normal(0.0, 1.0)).sum()
    total = table["incoming"].sum() + table["outgoing"].sum() + bias.item()
    assert total == pytest.approx(posterior.kl().item())
    assert table["outgoing"].is_monotonic_decreasing
    assert sorted(table["unit"]) == [0, 1, 2, 3]


def test_a_unit_left_at_the_prior_is_free() -> None:
    model, posterior, _ = small()
    with torch.no_grad():
        model.decoder.logits.weight[:, 2] = 0.0
        posterior.log_std.zero_()
    last = unit_prices(posterior).iloc[-1]
    assert last["unit"] == 2
    assert last["outgoing"] == 0.0


@pytest.mark.statistical(1e-7)
def test_best_without_codes_is_the_optimum_that_full_vb_reaches() -> None:
    """Algorithm 2 on a decoder of biases: never above the optimum, and near it at the end."""
    data = six_pixels()
    best = best_without_codes(data.train.double(), data.test.double())

    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(6))

        def forward(self, z: Tensor) -> torch.distributions.Independent:
            logits = self.bias.expand(len(z), 6)
            bernoulli = torch.distributions.Bernoulli(logits=logits, validate_args=False)
            return torch.distributions.Independent(bernoulli, 1, validate_args=False)

    encoder = build(n_pixels=6, n_hidden=2, n_latent=1, generator=rng()).encoder
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.zero_()
    model = VariationalAutoencoder(encoder, Constant(), n_latent=1)
    algorithm = FullVB(model, n_train=80, stepsize=0.1, initial_std=0.5, warmup=0, generator=rng(1))
    for _ in range(600):
        algorithm.step(Batch(data.train, torch.arange(80)))
    bounds = predictive_bound(
        model, algorithm.posterior, data.train, n_samples=4000, generator=rng(2)
    )
    reached = (bounds.mean() - algorithm.posterior.kl() / 80).item()
    # The noise of 4000 draws of θ is 0.0005 nats; what is missing is the training's.
    assert reached == pytest.approx(best["full_bound"], abs=0.02)
    assert best["train_bound"] > best["full_bound"]
    assert best["train_bound"] < -6 * 0.5


def test_decodings_differ_between_draws_and_are_reproducible() -> None:
    _, posterior, _ = small()
    z = torch.randn(3, 2, generator=rng(4), dtype=torch.float64)
    one, two = (decodings(posterior, z, n_theta=5, generator=rng(5)) for _ in range(2))
    assert one.shape == (5, 3, 6)
    assert torch.equal(one, two)
    assert (one.std(0) > 0).all()


def test_spread_is_that_of_the_decodings_on_circles() -> None:
    model = build(n_pixels=6, n_hidden=4, n_latent=2, init_std=0.7, generator=rng())
    posterior = GlobalPosterior(model.decoder, initial_std=0.3)
    table = spread(posterior, (0.0, 2.0), n_theta=6, n_directions=4, generator=rng(6))
    circle = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    draws = decodings(posterior, 2 * circle, n_theta=6, generator=rng(6))
    assert table["spread"][1] == pytest.approx(draws.std(0).mean().item(), rel=1e-5)
    at_zero = decodings(posterior, 0 * circle, n_theta=6, generator=rng(6))
    assert table["spread"][0] == pytest.approx(at_zero.std(0).mean().item(), rel=1e-5)
    narrow = GlobalPosterior(model.decoder, initial_std=1e-9)
    assert spread(narrow, (2.0,), generator=rng()).loc[0, "spread"] < 1e-6


def test_another_decoder_is_named() -> None:
    posterior = GlobalPosterior(nn.Linear(2, 6))
    with pytest.raises(UserError, match="Linear"):
        unit_prices(posterior)
    model = build(
        n_pixels=6, n_hidden=3, n_latent=2, decoder="gaussian", init_std=0.1, generator=rng()
    )
    with pytest.raises(UserError, match="GaussianMLP"):
        mixed_predictive_bound(
            model, GlobalPosterior(model.decoder), torch.rand(2, 6), generator=rng()
        )
