"""Gradient estimators agree on average, differ in noise, and their ratio is a number."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from companion.runs.assembly import make_trainer
from companion.runs.config import RunConfig
from companion.studies.gradients import (
    BASELINE,
    CONTROLLED,
    PATHWISE,
    RAO_BLACKWELL,
    RAO_BLACKWELL_CONTROLLED,
    SCORE,
    SCORES,
    A,
    B,
    gradient_variance,
    gradient_variance_in_training,
)
from companion.studies.variance_ratios import (
    variance_ratio,
    variance_ratios,
)
from tests.helpers import rng, six_pixels
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder, build

ALL = [*SCORES, *PATHWISE]
KEY = ["parameter", "component"]


def model() -> VariationalAutoencoder:
    generator = torch.Generator().manual_seed(0)
    return build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=generator)


def pixels(m: int) -> torch.Tensor:
    return torch.rand(m, 20, generator=torch.Generator().manual_seed(1))


@pytest.mark.statistical(1e-9)
def test_what_is_known_of_the_score_function_makes_it_quieter() -> None:
    """The medians differ by factors of 40 and more; here and there they stray by a fifth.

    Each is a median of 36 variances of 100 draws, so a factor of 4 either way is out of reach.
    """
    table = gradient_variance(
        model(), pixels(10), estimators=ALL, repetitions=100, generator=rng(2)
    )
    typical = table.groupby("estimator")["variance"].median()
    assert typical[SCORE] > 10 * typical[BASELINE]
    assert typical[SCORE] > 10 * typical[CONTROLLED]
    assert typical[RAO_BLACKWELL] > 10 * typical[RAO_BLACKWELL_CONTROLLED]
    assert typical[CONTROLLED] > 4 * typical[B]


def test_table_has_every_component_of_the_chosen_layers() -> None:
    table = gradient_variance(
        model(),
        pixels(3),
        estimators=[SCORE, B],
        layers=["hidden", "mean"],
        repetitions=2,
        generator=rng(),
    )
    sizes = table.groupby(["estimator", "parameter"]).size()
    expected = {"hidden.weight": 160, "hidden.bias": 8, "mean.weight": 16, "mean.bias": 2}
    for estimator in (SCORE, B):
        assert sizes[estimator].to_dict() == expected
    # Component 9 of mean.weight, which is (2, 8), feeds the second latent dimension.
    rows = table[table["parameter"] == "mean.weight"].set_index("component")
    assert (rows.loc[9, "unit"] == 1).all()


def test_moments_are_those_of_the_gradients() -> None:
    """Mean and variance of estimator B against gradients collected one by one."""
    vae, x = model(), pixels(3)
    table = gradient_variance(
        vae, x, estimators=[B], layers=["mean"], repetitions=7, generator=rng(3)
    )
    generator = rng(3)
    draws = []
    for _ in range(7):
        epsilon = torch.empty(1, 3, 2).normal_(generator=generator)
        bound = PATHWISE[B](vae, x, epsilon).mean()
        draws.append(torch.autograd.grad(bound, vae.encoder.mean.weight)[0].flatten().double())
    rows = table[table["parameter"] == "mean.weight"]
    np.testing.assert_allclose(rows["mean"], torch.stack(draws).mean(0), rtol=1e-6)
    np.testing.assert_allclose(rows["variance"], torch.stack(draws).var(0), rtol=1e-6)


@pytest.mark.statistical(1e-6)
@pytest.mark.parametrize("estimator", [name for name in ALL if name != B])
def test_gradient_means_agree(estimator: str) -> None:
    """36 means over 600 draws within 6.5 joint standard errors: 3e-9 for normal means.

    With the variance estimated from 600 draws the tails are a little heavier.
    """
    n = 600
    table = gradient_variance(
        model(), pixels(5), estimators=[estimator, B], repetitions=n, generator=rng(2)
    )
    wide = table.pivot(index=KEY, columns="estimator")
    difference = (wide["mean", estimator] - wide["mean", B]).abs()
    joint = ((wide["variance", estimator] + wide["variance", B]) / n) ** 0.5
    assert len(difference) == 36
    assert (difference < 6.5 * joint).all()


def test_variance_in_training_follows_the_trainer() -> None:
    config = RunConfig(
        dataset="mnist",
        algorithm="aevb",
        n_latent=2,
        n_hidden=4,
        n_train=80,
        stepsize=0.1,
        minibatch_size=20,
        warmup=5,
    )
    data = six_pixels()
    table = gradient_variance_in_training(
        make_trainer(config, data, stepsize=0.1, device="cpu"),
        data.test[:4],
        at=(0, 100, 400),
        estimators=[SCORE, B],
        repetitions=3,
        generator=rng(),
    )
    assert set(table["training_samples"]) == {0, 100, 400}
    # The weights do not move during the warm-up, and do after it.
    trainer = make_trainer(config, data, stepsize=0.1, device="cpu")
    start = trainer.algorithm.model.encoder.mean.weight.detach().clone()
    for samples in (0, 100, 400):
        for _ in trainer.advance(samples):
            pass
        moved = not torch.equal(start, trainer.algorithm.model.encoder.mean.weight)
        assert moved == (samples == 400)


def ratio_table(ratios: torch.Tensor) -> pd.DataFrame:
    """Estimators with known variance ratios, `(units, components)`, beside an idle component."""
    units, components = ratios.shape
    reference = pd.DataFrame(
        {
            "unit": np.repeat(range(units), components),
            "parameter": "mean.weight",
            "component": range(units * components),
            "estimator": B,
            "variance": 0.5,
        }
    )
    ours = reference.assign(estimator=SCORE, variance=0.5 * ratios.flatten().numpy())
    idle = reference[:1].assign(component=-1, variance=0.0)
    return pd.concat([reference, ours, idle, idle.assign(estimator=SCORE)])


def test_variance_ratio_is_the_median_over_components() -> None:
    ratios = torch.tensor([[1.0, 2.0, 3.0], [4.0, 50.0, 600.0]])
    assert variance_ratio(ratio_table(ratios)).ratio == pytest.approx(3.5)
    constant = variance_ratio(ratio_table(torch.full((3, 4), 7.0)))
    assert constant == pytest.approx((7.0, 7.0, 7.0))
    table = ratio_table(ratios)
    assert variance_ratio(table) == variance_ratio(table.sample(frac=1.0))


@pytest.mark.statistical(1e-7)
def test_interval_covers_the_median_as_often_as_it_says() -> None:
    """Log-ratios vary between 30 units only; 120 intervals of 95 %, of which 84 must cover.

    Where one in ten misses, which is more than the percentile bootstrap does, fewer than 84 cover
    with a probability below 1e-8. The median's deviation is 1.25/√30, which gives the width.
    """
    logs = torch.randn(120, 30, 1, generator=rng(5), dtype=torch.float64)
    intervals = [
        variance_ratio(ratio_table(sample.exp().expand(30, 2)), resamples=200) for sample in logs
    ]
    assert sum(i.low <= 1.0 <= i.high for i in intervals) >= 84
    width = np.mean([math.log(i.high / i.low) for i in intervals])
    assert width == pytest.approx(2 * 1.96 * 1.25 / math.sqrt(30), rel=0.35)


def test_variance_ratios_has_a_row_for_each_estimator_and_group() -> None:
    table = ratio_table(torch.full((3, 2), 9.0))
    table = pd.concat([table.assign(training_samples=n) for n in (0, 100)])
    rows = variance_ratios(table, ["training_samples", "parameter"])
    assert list(rows["training_samples"]) == [0, 100]
    assert set(rows["estimator"]) == {SCORE}
    assert rows["ratio"].tolist() == pytest.approx([9.0, 9.0])


def test_bad_inputs_are_named() -> None:
    vae, x = model(), pixels(3)
    with pytest.raises(UserError, match="1 datapoints"):
        gradient_variance(vae, x[:1], generator=rng())
    with pytest.raises(UserError, match="gradient estimator 'C' is not known"):
        gradient_variance(vae, x, estimators=["C"], generator=rng())
    with pytest.raises(UserError, match="no layer output"):
        gradient_variance(vae, x, layers=["mean", "output"], generator=rng())
    table = ratio_table(torch.ones(2, 2))
    with pytest.raises(UserError, match="no rows of 'estimator A'"):
        variance_ratio(table, A)
    with pytest.raises(UserError, match="no component varies"):
        variance_ratio(table.assign(variance=0.0))
