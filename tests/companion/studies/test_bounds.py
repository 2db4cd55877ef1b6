"""The noise of an estimated bound, where it is known."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from companion.studies.bounds import bound_noise, estimator_variance, variance_with_interval
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import build


@pytest.mark.statistical(1e-9)
def test_estimator_variance_of_an_exact_posterior() -> None:
    """Where q is exact, A has no variance and B has the reconstruction's.

    That is above 0.5 nats²; that of 100 draws falls below 0.1 with a probability below 1e-20.
    """
    ppca = ProbabilisticPCA.example()
    x = ppca.sample(6, rng(1))
    table = estimator_variance(ppca.exact_model(), x, repetitions=100, generator=rng(2))
    variance = table.pivot(index="datapoint", columns="estimator", values="variance")
    assert variance["A"].max() < 1e-15
    assert variance["B"].min() > 0.1


@pytest.mark.statistical(1e-9)
def test_bound_noise_shrinks_with_the_data() -> None:
    """Expected ratio 400; sample variances of 60 stray by a factor of 10 below 1e-9."""
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(4000, 20, generator=rng(1))
    variances = [
        bound_noise(model, x[:n], repetitions=60, generator=rng(2))["value"].var()
        for n in (10, 4000)
    ]
    assert variances[0] / variances[1] > 40


@pytest.mark.statistical(1e-9)
def test_the_interval_of_a_variance_holds_it_as_often_as_it_says() -> None:
    """2000 samples of ten values: the share is within 7 binomial deviations of 95 %."""
    samples = 3.0 * torch.randn(2000, 10, generator=rng(5), dtype=torch.float64)
    found = [variance_with_interval(pd.Series(row.numpy())) for row in samples]
    inside = sum(each.low < 9.0 < each.high for each in found) / 2000
    assert abs(inside - 0.95) < 7 * (0.95 * 0.05 / 2000) ** 0.5
    with pytest.raises(UserError, match="there are 1 values"):
        variance_with_interval(pd.Series([1.0]))
