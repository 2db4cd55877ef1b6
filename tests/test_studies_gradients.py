"""Gradient estimators are ordered as they should be, and agree on average."""

from __future__ import annotations

import pytest
import torch

from tests.helpers import rng
from vaelib import studies
from vaelib.errors import UserError
from vaelib.model import build


def test_gradient_variance_orders_the_estimators() -> None:
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(10, 20, generator=rng(1))
    table = studies.gradient_variance(model, x, repetitions=100, generator=rng(2))
    components = sum(
        p.numel()
        for name, p in model.encoder.named_parameters()
        if name.startswith(("mean", "log_variance"))
    )
    assert (table.groupby("estimator").size() == components).all()
    typical = table.groupby("estimator")["variance"].median()
    assert typical[studies.SCORE] > typical[studies.BASELINE] > typical[studies.B]
    with pytest.raises(UserError, match="1 datapoints"):
        studies.gradient_variance(model, x[:1], generator=rng())


def test_gradient_means_agree() -> None:
    """Each component's mean over 500 draws within 6 joint standard errors: alarms below 1e-6."""
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(5, 20, generator=rng(1))
    n = 500
    table = studies.gradient_variance(model, x, repetitions=n, generator=rng(2))
    wide = table.pivot(index=["parameter", "component"], columns="estimator")
    for estimator in (studies.SCORE, studies.BASELINE, studies.A):
        difference = (wide["mean", estimator] - wide["mean", studies.B]).abs()
        joint = ((wide["variance", estimator] + wide["variance", studies.B]) / n) ** 0.5
        assert (difference < 6 * joint).all()
