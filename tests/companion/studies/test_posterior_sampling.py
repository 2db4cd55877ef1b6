"""What the sampler costs, and that it is right, where both are known."""

from __future__ import annotations

import pytest
import torch
from scipy import stats
from torch import Tensor

from companion.studies.posterior_sampling import (
    calibration_ranks,
    energy_error,
    sampling_efficiency,
    tuning_path,
)
from tests.helpers import rng
from vaelib.errors import UserError
from vaelib.model import build


def standard_normal(z: Tensor) -> Tensor:
    return -0.5 * z.square().sum(-1)


def test_sampling_efficiency_spends_the_same_gradients_on_every_setting() -> None:
    model = build(n_pixels=8, n_hidden=6, n_latent=2, init_std=0.5, generator=rng())
    calls = []
    log_joint = model.log_joint

    def counted(x: Tensor, z: Tensor) -> Tensor:
        calls.append(len(z))
        return log_joint(x, z)

    model.log_joint = counted  # type: ignore[method-assign]
    table = sampling_efficiency(
        model,
        torch.rand(5, 8, generator=rng(1)),
        n_leapfrog=(1, 4),
        target_acceptance=(0.8, 0.95),
        n_gradients=80,
        generator=rng(2),
    )
    # One more each, where the chains start.
    assert calls == [5] * 4 * 81
    assert table[["n_leapfrog", "target"]].to_numpy().tolist() == [
        [1, 0.8],
        [1, 0.95],
        [4, 0.8],
        [4, 0.95],
    ]
    assert (table["ess"] >= 1).all()
    assert (table["worst"] <= table["ess_per_gradient"]).all()
    assert (table["seconds"] > 0).all()
    # A quarter of the 80 gradients is burn-in.
    assert (table["ess_per_gradient"] * 60).tolist() == pytest.approx(table["ess"].tolist())


def test_energy_error_of_a_harmonic_oscillator() -> None:
    """Slope 2; the paths are of one length, and their error vanishes with the stepsize."""
    start = torch.randn(200, 3, generator=rng(), dtype=torch.float64)
    table = energy_error(standard_normal, start, (0.2, 0.1, 0.05), length=1.0, generator=rng(1))
    assert table["n_leapfrog"].tolist() == [5, 10, 20]
    ratios = (table["error"][:-1].to_numpy() / table["error"][1:].to_numpy()).tolist()
    assert ratios == pytest.approx([4.0, 4.0], rel=0.05)
    for stepsize in (0.0, 2.0):
        with pytest.raises(UserError, match=rf"stepsizes? .*{stepsize}"):
            energy_error(standard_normal, start, (stepsize,), length=1.0, generator=rng())


@pytest.mark.statistical(1e-7)
def test_tuning_paths_meet_at_the_target() -> None:
    """The mean acceptance of 30 transitions of 300 chains, in the end: 0.9 ± 0.02, from anywhere.

    Over seeds it strays by about 0.001.
    """
    start = torch.randn(300, 3, generator=rng(), dtype=torch.float64)
    path = tuning_path(standard_normal, start, (0.01, 10.0), generator=rng(1))
    assert path.groupby("first")["transition"].apply(list).tolist() == [list(range(1, 61))] * 2
    assert path[path["transition"] == 1]["stepsize"].tolist() == [0.01, 10.0]
    late = path[path["transition"] > 30].groupby("first")["acceptance"].mean()
    assert late.tolist() == pytest.approx([0.9, 0.9], abs=0.02)


@pytest.mark.statistical(2e-7)
def test_calibration_ranks_are_uniform() -> None:
    """Chi-square at 1e-7 for each of two dimensions."""
    ranks = calibration_ranks(n_datasets=2000, n_draws=15, generator=rng())
    assert ranks.shape == (2000, 2)
    for column in ranks.T:
        counts = torch.bincount(column, minlength=16)
        assert len(counts) == 16
        assert stats.chisquare(counts.numpy()).pvalue > 1e-7
