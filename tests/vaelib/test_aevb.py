"""Algorithm 1 climbs the bound. Where the answer is known: test_studies_linear_gaussian.py."""

from __future__ import annotations

import pytest
import torch

from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import Batch
from vaelib.elbo import gaussian_kl, lower_bound
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import build
from vaelib.sgvb import estimator_a, estimator_b, noise


@pytest.mark.parametrize("estimator", ["A", "B"])
def test_step_is_algorithm_1(estimator: str) -> None:
    """One step equals: draw noise, differentiate the estimator plus the log prior, Adagrad."""
    x = torch.rand(10, 6, generator=rng(1))
    arguments = {"n_pixels": 6, "n_hidden": 5, "n_latent": 2, "init_std": 0.5}
    stepped, by_hand = (build(**arguments, generator=rng(2)) for _ in range(2))  # type: ignore[arg-type]
    algorithm = AEVB(
        stepped,
        n_train=50,
        stepsize=0.1,
        n_samples=3,
        estimator=estimator,  # type: ignore[arg-type]
        warmup=0,
        generator=rng(3),
    )
    metrics = algorithm.step(Batch(x, torch.arange(10)))

    epsilon = noise(by_hand, x, n_samples=3, generator=rng(3))
    function = {"A": estimator_a, "B": estimator_b}[estimator]
    bound = function(by_hand, x, epsilon).mean()
    weights = [p for name, p in by_hand.named_parameters() if name.endswith("weight")]
    log_prior = sum(torch.distributions.Normal(0.0, 1.0).log_prob(w).sum() for w in weights)
    gradients = torch.autograd.grad(-bound - log_prior / 50, list(by_hand.parameters()))
    assert metrics["lower_bound"].item() == bound.item()
    for new, old, gradient in zip(
        stepped.parameters(), by_hand.parameters(), gradients, strict=True
    ):
        expected = old - 0.1 * gradient / (gradient.abs() + 1e-10)
        torch.testing.assert_close(new, expected, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("kl_weight", [0.0, 0.3, 3.0])
def test_kl_weight_is_the_weight_of_the_kl(kl_weight: float) -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(10, 6, generator=rng(1))
    epsilon = noise(model, x, generator=rng(2))
    parts = lower_bound(model, x, epsilon)
    torch.testing.assert_close(
        estimator_b(model, x, epsilon, kl_weight=kl_weight),
        parts.reconstruction - kl_weight * parts.kl,
    )


def test_without_the_kl_a_huge_one_leaves_no_trace() -> None:
    """bound + kl would cancel to 0 where the KL is beyond the precision of float32."""
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng())
    with torch.no_grad():
        model.encoder.mean.bias.fill_(1e12)
    x = torch.rand(10, 6, generator=rng(1))
    epsilon = noise(model, x, generator=rng(2))
    objective = estimator_b(model, x, epsilon, kl_weight=0.0)
    assert torch.equal(objective, lower_bound(model, x, epsilon).reconstruction)
    assert (objective != 0).all()


@pytest.mark.statistical(1e-9)
def test_without_the_kl_the_posterior_narrows() -> None:
    """An auto-encoder has no use for a wide code: the same training ends with a far larger KL.

    Over 16 seeds the ratio was 4.3 with a deviation of 0.23.
    """
    ppca = ProbabilisticPCA.example()
    x = ppca.sample(500, rng(1))
    kl = {}
    for kl_weight in (0.0, 1.0):
        model = ppca.untrained_model(generator=rng(2))
        algorithm = AEVB(
            model,
            n_train=500,
            stepsize=0.2,
            kl_weight=kl_weight,
            warmup=0,
            prior_precision=0.0,
            generator=rng(3),
        )
        for _ in range(300):
            algorithm.step(Batch(x, torch.arange(500)))
        with torch.no_grad():
            kl[kl_weight] = gaussian_kl(model.encode(x)).mean().item()
    assert kl[0.0] > 1.5 * kl[1.0]


def test_bad_settings_are_named() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, generator=rng())
    with pytest.raises(UserError, match="kl_weight is 0"):
        AEVB(model, n_train=10, stepsize=0.1, estimator="A", kl_weight=0.0, generator=rng())
    with pytest.raises(UserError, match="estimator 'C'"):
        AEVB(model, n_train=10, stepsize=0.1, estimator="C", generator=rng())  # type: ignore[arg-type]
