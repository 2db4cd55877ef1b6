"""The numbers of an assessment against what they must be, and each warning where it is due."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from companion.own.assessment import Assessment, Mean, assess, warnings_of
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record
from companion.runs.store import Run
from tests.helpers import linear_model, six_pixels
from vaelib.datasets import Dataset
from vaelib.model import VariationalAutoencoder

CONFIG = RunConfig(dataset="x", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1)
MEAN = Mean(-100.0, -101.0, -99.0, 50)
GOOD = Assessment(
    samples=100_000,
    train_bound=MEAN,
    test_bound=MEAN,
    log_likelihood=MEAN,
    bound_there=MEAN,
    effective_sample_size=500.0,
    variances=(0.9, 0.5),
    kl=(2.0, 1.0),
    n_active=2,
    smallest_deviation=0.1,
)


def a_run(*tests: float) -> Run:
    curve = [
        CurvePoint(20_000 * place, "test", "lower_bound", value)
        for place, value in enumerate(tests, start=1)
    ]
    return Run(Record(CONFIG, 100_000, 0.1, {}, {}, {}, "", curve), Path("nowhere"))


def test_a_model_of_known_likelihood_is_measured_as_that() -> None:
    """Its recognition model is the best diagonal one, and log p(x) is a formula."""
    model, x, exact = linear_model(2, n=400)
    model, x = model.float(), x.float()
    data = dataclasses.replace(six_pixels(), train=x[:200], test=x[200:], decoder="gaussian")
    found = assess(a_run(-100.0), model, data)
    truth = exact[200:].mean().item()
    assert found.log_likelihood.value == pytest.approx(truth, abs=0.05)
    assert found.log_likelihood.low < truth < found.log_likelihood.high
    assert found.bound_there.value < truth + 0.1
    assert found.log_likelihood.n == found.test_bound.n == 200
    spread = exact[200:].std().item()
    half = 1.96 * spread / math.sqrt(200)
    assert found.log_likelihood.high - found.log_likelihood.value == pytest.approx(half, rel=0.05)
    q = model.encode(data.test)
    assert sum(found.kl) == pytest.approx(
        torch.distributions.kl_divergence(q, model.prior().expand((200,))).mean().item(), rel=1e-4
    )
    assert found.variances == pytest.approx(q.mean.var(0, correction=0).tolist(), rel=1e-4)
    assert found.n_active == 2
    assert found.smallest_deviation == pytest.approx(0.5 / data.test.std().item(), rel=1e-4)


def test_an_idle_dimension_is_not_counted() -> None:
    model, x, _ = linear_model(2, n=60)
    model, x = model.float(), x.float()

    class Idle(torch.nn.Module):
        def __init__(self, encoder: torch.nn.Module) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, x: torch.Tensor) -> Any:
            q = self.encoder(x).base_dist
            keep = torch.tensor([1.0, 0.0])
            scale = q.scale * keep + (1 - keep)
            normal = torch.distributions.Normal(q.loc * keep, scale)
            return torch.distributions.Independent(normal, 1)

    idle = VariationalAutoencoder(Idle(model.encoder), model.decoder, n_latent=2)
    data: Dataset = dataclasses.replace(six_pixels(), train=x[:30], test=x[30:])
    found = assess(a_run(-100.0), idle, data)
    assert found.n_active == 1
    assert found.kl[1] == pytest.approx(0.0, abs=1e-6)
    assert found.kl[0] > 0.1


def test_no_warning_where_all_is_well() -> None:
    assert warnings_of(a_run(-120.0, -100.2, -100.0), GOOD) == []
    assert warnings_of(a_run(), dataclasses.replace(GOOD, smallest_deviation=None)) == []


@pytest.mark.parametrize(
    ("changed", "curve", "begins"),
    [
        ({"n_active": 0}, (-100.0,), "Posterior collapse: no latent dimension is used."),
        ({"n_active": 1}, (-100.0,), "Posterior collapse in part: 1 of 2 latent dimensions are"),
        ({"smallest_deviation": 0.004}, (-100.0,), "Variance at its floor: .* fallen to 0.004 of"),
        (
            {},
            (-120.0, -98.0, -99.9),
            "Overfitting: the test bound was highest, −98.0 nats, after 40.000 .* by 2.0 since",
        ),
        ({}, (-120.0, -100.8, -100.0), "Not at its end: the test bound was still rising"),
        ({"effective_sample_size": 3.2}, (-100.0,), "Of 1.000 importance weights about 3.2 count"),
    ],
)
def test_each_warning_is_given_where_it_is_due(
    changed: dict[str, Any], curve: tuple[float, ...], begins: str
) -> None:
    (warning,) = warnings_of(a_run(*curve), dataclasses.replace(GOOD, **changed))
    assert re.match(begins, warning)


def test_all_numbers_are_in_the_file() -> None:
    read = json.loads(GOOD.to_json())
    assert read["test_bound"] == {"value": -100.0, "low": -101.0, "high": -99.0, "n": 50}
    assert (read["kl"], read["n_active"], read["samples"]) == ([2.0, 1.0], 2, 100_000)
