"""The comparisons of section 2.3 compare what they say."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.distributions import Independent, Normal

from companion.experiments.seeds import interval
from companion.runs.config import RunConfig, RunRequest
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record
from companion.runs.requested import ensure
from companion.runs.store import Run, RunStore
from companion.studies.objective import (
    auto_encoder,
    code_price,
    decoding_curves,
    draws_at_equal_cost,
    kl_weight_bounds,
)
from tests.helpers import six_pixels
from vaelib.elbo import gaussian_kl
from vaelib.errors import UserError


def run(curve: list[tuple[int, float]], **settings: object) -> Run:
    config = RunConfig(
        dataset="mnist",
        algorithm="aevb",
        n_latent=2,
        n_hidden=5,
        n_train=80,
        **settings,  # type: ignore[arg-type]
    )
    points = [
        CurvePoint(samples, split, "lower_bound", value - (split == "test"))
        for samples, value in curve
        for split in ("train", "test")
    ]
    return Run(Record(config, curve[-1][0], 0.01, {}, {}, {}, "", points), Path())


def test_interval_is_student_s() -> None:
    """For 1, 2, 3: mean 2, standard error 1/√3, and t = 4.3027 with two degrees of freedom."""
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.high - found.mean == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)
    with pytest.raises(UserError, match="there are 1 values"):
        interval([1.0])


def test_decodings_are_samples_times_draws() -> None:
    table = decoding_curves([run([(100, -5.0), (200, -4.0)], n_samples=4)])
    test = table[table["split"] == "test"]
    assert list(test["decodings"]) == [400, 800]
    assert list(test["value"]) == [-6.0, -5.0]


def test_equal_cost_and_equal_data_are_told_apart() -> None:
    one = run([(1000, -9.0), (10_000, -4.0)])
    ten = run([(500, -9.5), (1000, -8.0)], n_samples=10)
    (row,) = draws_at_equal_cost(decoding_curves([one, ten])).to_dict("records")
    assert row["n_samples"] == 10
    assert row["equal_cost"] == -4.0
    assert row["equal_data"] == 1.0
    with pytest.raises(UserError, match="no point near 9000 decodings"):
        draws_at_equal_cost(decoding_curves([one, run([(900, -8.0)], n_samples=10)]))


def test_bounds_by_weight_are_the_last_ones() -> None:
    table = kl_weight_bounds([run([(100, -9.0), (200, -5.0)], kl_weight=w) for w in (0.0, 1.0)])
    assert list(table["kl_weight"]) == [0.0, 0.0, 1.0, 1.0]
    assert set(table["training_samples"]) == {200}
    assert list(table.query("split == 'train'")["value"]) == [-5.0, -5.0]


def test_an_auto_encoder_s_account_adds_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = six_pixels()
    monkeypatch.setattr("vaelib.datasets.load", lambda *args, **kwargs: data)
    config = RunConfig(
        dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1
    )
    (found,) = ensure([RunRequest(config, 200)], store=RunStore(tmp_path), progress=False)
    account = auto_encoder(found, data, n_samples=500)
    assert account["bound"] == pytest.approx(account["reconstruction"] - account["kl"], abs=1e-4)
    with torch.no_grad():
        q = found.model().encode(data.test)
    assert account["kl"] == pytest.approx(gaussian_kl(q).mean().item(), rel=1e-5)
    assert account["posterior_std"] == pytest.approx(q.stddev.mean().item(), rel=1e-5)


def test_codes_a_unit_from_the_prior_cost_half_a_nat_for_each_dimension() -> None:
    q = Independent(Normal(torch.ones(5, 3), 1.0), 1)
    model = SimpleNamespace(encode=lambda x: q)
    trained = SimpleNamespace(model=lambda: model)
    assert code_price(trained, torch.zeros(5, 4)) == pytest.approx(1.5)  # type: ignore[arg-type]
