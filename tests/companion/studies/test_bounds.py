"""The noise of an estimated bound, where it is known."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from companion.experiments import paper_grid
from companion.studies import bounds
from companion.studies.bounds import bound_noise, estimator_variance
from tests.helpers import rng
from vaelib.elbo import evaluate
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
def test_bound_noise_is_the_variance_of_the_average(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against 400 evaluations: their sample variance strays by 7 %, the ratio by 7 of that at most.

    The 40 repetitions, each over 500 datapoints, stray by less than a tenth of it.
    """
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(500, 20, generator=rng(1))
    monkeypatch.setattr(bounds, "NOISE_REPETITIONS", {"mnist": 40})
    run = SimpleNamespace(model=lambda: model, config=paper_grid.mnist(2))
    variances = bound_noise(run, x)["variance"]  # type: ignore[arg-type]
    evaluated = torch.tensor([evaluate(model, x, generator=rng(2 + n)) for n in range(400)])
    assert len(variances) == 40
    assert variances.nunique() == 40
    assert variances.mean() == pytest.approx(evaluated.double().var().item(), rel=0.5)


def test_bound_noise_is_one_number_wherever_it_is_shown() -> None:
    model = build(n_pixels=20, n_hidden=8, n_latent=2, init_std=0.5, generator=rng())
    x = torch.rand(10, 20, generator=rng(1))
    run, other = (
        SimpleNamespace(model=lambda: model, config=paper_grid.mnist(2, seed=seed))
        for seed in (0, 1)
    )
    first = bound_noise(run, x)  # type: ignore[arg-type]
    assert first.equals(bound_noise(run, x))  # type: ignore[arg-type]
    assert not first.equals(bound_noise(other, x))  # type: ignore[arg-type]
