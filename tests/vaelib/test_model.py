"""Section 3: the model's densities, shapes and construction."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch.distributions import MultivariateNormal

from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import DecoderKind, LogVariance, build, log_standard_normal
from vaelib.networks import GaussianMLP


def test_prior_is_standard_normal() -> None:
    model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=rng())
    z = torch.randn(5, 2, generator=rng(1))
    expected = MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(z)
    torch.testing.assert_close(model.prior().log_prob(z), expected)
    torch.testing.assert_close(log_standard_normal(z), expected)


def test_log_joint_is_that_of_the_linear_gaussian_model() -> None:
    ppca = ProbabilisticPCA.example()
    z = torch.randn(5, 2, generator=rng(1), dtype=torch.float64)
    x = ppca.sample(5, rng(2))
    # p(x, z) = p(x) p(z|x), with both factors in closed form.
    model = ppca.exact_model()
    expected = ppca.log_evidence(x) + model.encode(x).log_prob(z)
    torch.testing.assert_close(model.log_joint(x, z), expected)


def test_log_joint_broadcasts_samples_against_datapoints() -> None:
    model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=rng())
    z = torch.randn(6, 5, 2, generator=rng(1))
    x = torch.rand(5, 4, generator=rng(2))
    joint = model.log_joint(x, z)
    assert joint.shape == (6, 5)
    torch.testing.assert_close(joint[3], model.log_joint(x, z[3]))


@pytest.mark.parametrize("decoder", ["bernoulli", "gaussian"])
def test_build_is_reproducible_and_has_the_paper_s_size(decoder: DecoderKind) -> None:
    first = build(n_pixels=4, n_hidden=3, n_latent=2, decoder=decoder, generator=rng(7))
    second = build(n_pixels=4, n_hidden=3, n_latent=2, decoder=decoder, generator=rng(7))
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )
    encoder = (4 + 1) * 3 + 2 * (3 + 1) * 2
    outputs = {"bernoulli": 1, "gaussian": 2}[decoder]
    decoder_size = (2 + 1) * 3 + outputs * (3 + 1) * 4
    assert sum(p.numel() for p in first.parameters()) == encoder + decoder_size


def test_only_the_means_of_an_unbounded_gaussian_leave_the_unit_interval() -> None:
    outside = {}
    for decoder in ("gaussian", "unbounded gaussian"):
        model = build(
            n_pixels=6, n_hidden=4, n_latent=2, decoder=decoder, init_std=5.0, generator=rng()
        )
        mean = model.generate(50, generator=rng(1))
        outside[decoder] = bool(((mean < 0) | (mean > 1)).any())
    assert outside == {"gaussian": False, "unbounded gaussian": True}


SIZES: dict[str, int] = {"n_pixels": 4, "n_hidden": 3, "n_latent": 2}


@pytest.mark.parametrize("kind", ["from zero", "slow"])
def test_a_log_variance_from_zero_begins_as_the_prior_s_and_leaves_the_rest_as_it_is(
    kind: LogVariance,
) -> None:
    usual = build(**SIZES, generator=rng(7))
    model = build(**SIZES, encoder_log_variance=kind, generator=rng(7))
    assert torch.equal(model.encode(torch.rand(5, 4, generator=rng(1))).stddev, torch.ones(5, 2))
    for (name, expected), own in zip(usual.named_parameters(), model.parameters(), strict=True):
        assert torch.equal(own, expected) != name.startswith("encoder.log_variance")
    encoder = cast(GaussianMLP, model.encoder)
    assert encoder.log_variance_factor == {"from zero": 1.0, "slow": 0.1}[kind]


@pytest.mark.parametrize(
    ("decoder", "heads"), [("bernoulli", ["logits"]), ("gaussian", ["mean", "log_variance"])]
)
def test_output_biases_from_zero_leave_the_rest_as_it_is(
    decoder: DecoderKind, heads: list[str]
) -> None:
    usual = build(**SIZES, decoder=decoder, generator=rng(7))
    model = build(**SIZES, decoder=decoder, output_bias="from zero", generator=rng(7))
    zero = [f"decoder.{head}.bias" for head in heads]
    for (name, expected), own in zip(usual.named_parameters(), model.parameters(), strict=True):
        if name in zero:
            assert not own.any()
        else:
            assert torch.equal(own, expected)


def test_a_second_layer_of_the_decoder_is_as_wide_and_lies_between() -> None:
    model = build(**SIZES, decoder="gaussian", decoder_layers=2, init_std=0.5, generator=rng(7))
    usual = build(**SIZES, decoder="gaussian", init_std=0.5, generator=rng(7))
    more = sum(p.numel() for p in model.parameters()) - sum(p.numel() for p in usual.parameters())
    assert more == (3 + 1) * 3
    decoder = cast(GaussianMLP, model.decoder)
    z = torch.rand(5, 2, generator=rng(1))
    first, second = decoder.layers
    hidden = torch.tanh(second(torch.tanh(first(z))))
    p = model.decode(z).base_dist
    torch.testing.assert_close(p.mean, torch.sigmoid(decoder.mean(hidden)))
    torch.testing.assert_close(p.variance.log(), decoder.log_variance(hidden))


def test_generate_gives_means_of_prior_draws() -> None:
    model = build(n_pixels=4, n_hidden=3, n_latent=2, init_std=1.0, generator=rng())
    images = model.generate(9, generator=rng(1))
    assert images.shape == (9, 4)
    assert ((images > 0) & (images < 1)).all()
    assert images.std(0).min() > 0
    assert torch.equal(images, model.generate(9, generator=rng(1)))


def test_bad_inputs_are_named() -> None:
    with pytest.raises(UserError, match="n_latent is 0"):
        build(n_pixels=4, n_hidden=3, n_latent=0, generator=rng())
    with pytest.raises(UserError, match="decoder 'poisson'"):
        build(n_pixels=4, n_hidden=3, n_latent=1, decoder="poisson", generator=rng())  # type: ignore[arg-type]
    with pytest.raises(UserError, match="encoder_log_variance 'fast'"):
        build(n_pixels=4, n_hidden=3, n_latent=1, encoder_log_variance="fast", generator=rng())  # type: ignore[arg-type]
    with pytest.raises(UserError, match="output_bias 'slow'"):
        build(**SIZES, output_bias="slow", generator=rng())  # type: ignore[arg-type]
    with pytest.raises(UserError, match="decoder_layers is 2, but a Bernoulli decoder has one"):
        build(**SIZES, decoder_layers=2, generator=rng())
    with pytest.raises(UserError, match="decoder_layers is 0"):
        build(**SIZES, decoder="gaussian", decoder_layers=0, generator=rng())
    model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=rng())
    with pytest.raises(UserError, match="z has 3 latent dimensions, but the model has 2"):
        model.decode(torch.zeros(1, 3))
