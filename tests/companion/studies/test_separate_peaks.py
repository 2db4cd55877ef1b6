"""Peaks are found where they are known to be, and chains that part are told from those that mix."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from companion.studies.separate_peaks import (
    CHAINS_KEPT,
    DRAWS_KEPT,
    chains_from_the_prior,
    errors_by_training,
    scale_reduction,
    slice_between_peaks,
)
from tests.helpers import rng
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import VariationalAutoencoder

# Of log p(z|x) over z₁, −½(5 − 5|z₁|)² − ½z₁², for the pixels (5, 0): ±25/26.
PEAK = 25 / 26
BARRIER = 12.5 - 0.5 * PEAK


class Folded(nn.Module):
    """p(x|z) = N(5 (|z₁|, z₂), noise²): z₁ and −z₁ explain every x alike."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.noise = nn.Parameter(torch.tensor(noise))

    def forward(self, z: Tensor) -> Independent[Normal]:
        mean = 5.0 * torch.stack([z[..., 0].abs(), z[..., 1]], dim=-1)
        return Independent(Normal(mean, self.noise), 1)


def folded(noise: float = 1.0) -> VariationalAutoencoder:
    return VariationalAutoencoder(nn.Identity(), Folded(noise), n_latent=2)


def test_chains_start_on_either_peak_and_stay_there() -> None:
    x = torch.tensor([[5.0, 0.0]]).repeat(20, 1)
    draws = chains_from_the_prior(folded(0.3), x, generator=rng(0))
    assert draws.shape == (DRAWS_KEPT, CHAINS_KEPT, 20, 2)
    signs = draws[..., 0].sign()
    assert torch.equal(signs, signs[:1].expand_as(signs))
    assert set(signs.flatten().tolist()) == {-1.0, 1.0}
    assert (draws[..., 0].abs() - 1.0).abs().max() < 0.3
    both = (signs[0] > 0).any(0) & (signs[0] < 0).any(0)
    assert (scale_reduction(draws)[both] > 5.0).all()


def test_chains_of_one_peak_agree() -> None:
    exact = ProbabilisticPCA.example()
    x = exact.sample(30, rng(1))
    draws = chains_from_the_prior(exact.best_model(), x, generator=rng(2))
    assert scale_reduction(draws).median() < 1.2


def test_scale_reduction_of_known_chains() -> None:
    """Two chains of 0 and 1 with variance ½ each; their means are 0.5 and 4.5, of variance 8."""
    draws = torch.tensor([[0.0, 4.0], [1.0, 5.0]]).view(2, 2, 1, 1)
    assert scale_reduction(draws).item() == pytest.approx((0.5 + 8.0 / 0.5) ** 0.5)
    apart = torch.cat([torch.zeros(2, 2, 1, 1) + draws[:, :1], draws], dim=-1)
    assert scale_reduction(apart).item() == pytest.approx((0.5 + 8.0 / 0.5) ** 0.5)


def test_the_slice_goes_through_both_peaks() -> None:
    draws = torch.tensor([[PEAK, 0.0], [-PEAK, 0.0], [PEAK - 0.1, 0.1], [-PEAK, -0.2]])
    found = slice_between_peaks(folded(), torch.tensor([5.0, 0.0]), draws, highest=draws, n=41)
    assert found.codes[:, 0].abs().tolist() == pytest.approx([PEAK, PEAK])
    assert found.codes[:, 0].prod() < 0
    assert found.barrier == pytest.approx(BARRIER, abs=1e-4)
    assert found.log_density.shape == (41, 41)
    # The second code lies at the height of the first, and the valley's bottom half-way.
    at = {place: int((found.along - place).abs().argmin()) for place in (0.0, PEAK, 2 * PEAK)}
    middle = found.log_density[20]
    assert middle[at[0.0]] == pytest.approx(0.0, abs=1e-4)
    assert middle[at[2 * PEAK]] == pytest.approx(0.0, abs=1e-4)
    assert middle[at[PEAK]] == pytest.approx(-BARRIER, abs=1e-3)
    assert found.draws[:, 0].min() == pytest.approx(0.0, abs=1e-5)


def test_a_peak_that_no_chain_has_met_is_the_first() -> None:
    highest, missed = torch.tensor([[PEAK, 0.0]]), torch.tensor([[-PEAK, 0.3], [-0.9, 0.3]])
    found = slice_between_peaks(folded(), torch.tensor([5.0, 0.0]), missed, highest=highest, n=41)
    assert torch.equal(found.codes[0], highest[0])
    assert found.codes[1, 0] < 0
    assert found.draws.shape == (2, 2)
    assert found.log_density.max() == pytest.approx(0.0, abs=0.05)


def test_with_many_draws_of_the_prior_narrow_peaks_are_met() -> None:
    """Both peaks here are as high, and so narrow that of a thousand draws hardly one is on them."""
    x = torch.tensor([[5.0, 0.0]])
    wide = chains_from_the_prior(folded(0.05), x, generator=rng(5), n_prior_draws=200_000)
    assert (wide[..., 0].abs() - 1.0).abs().max() < 0.1


def test_errors_are_those_against_quadrature() -> None:
    exact = ProbabilisticPCA.example()
    x = exact.sample(12, rng(3))
    models = {10: exact.best_model(), 1000: exact.exact_model()}
    table = errors_by_training(models, x, seed=rng(4).initial_seed(), repetitions=2)
    assert table.groupby(["trained", "repetition"]).size().tolist() == [12] * 4
    assert (table["n_latent"] == 2).all()
    assert table["error"].abs().max() < 1.0
    assert table["error"].abs().median() < 0.15
    assert table["scale_reduction"].median() < 1.2
