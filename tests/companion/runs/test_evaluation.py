"""Evaluations depend on seed, split and samples alone."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import torch

from companion.runs.config import RunConfig
from companion.runs.evaluation import curve_points, evaluation_grid, figure3_grid, grid
from vaelib.elbo import evaluate as average_bound
from vaelib.elbo import evaluation_noise
from vaelib.model import build
from vaelib.randomness import generator

BOUND = RunConfig(dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=30)
LIKELIHOOD = dataclasses.replace(BOUND, measure="marginal_likelihood")
MODEL = build(
    n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=torch.Generator().manual_seed(1)
)
X = torch.rand(30, 6, generator=torch.Generator().manual_seed(2))
SPLITS = {"train": X[:20], "test": X[20:]}


def test_bound_is_that_of_the_split() -> None:
    train, test = curve_points(BOUND, MODEL, SPLITS, samples=100)
    assert (train.split, test.split, test.measure) == ("train", "test", "lower_bound")
    assert test.training_samples == 100
    noise = generator(0, "evaluation", "test", 100)
    assert test.value == average_bound(MODEL, X[20:], generator=noise)


def test_a_test_bound_has_its_noise() -> None:
    train, test = curve_points(BOUND, MODEL, SPLITS, samples=100)
    assert train.noise is None
    beside = generator(0, "evaluation noise", 100)
    assert test.noise == evaluation_noise(MODEL, X[20:], generator=beside) > 0
    assert all(p.noise is None for p in curve_points(LIKELIHOOD, MODEL, SPLITS, samples=100))


def test_evaluation_is_repeatable_and_leaves_global_state_alone() -> None:
    for config in (BOUND, LIKELIHOOD):
        state = torch.random.get_rng_state()
        first = curve_points(config, MODEL, SPLITS, samples=100)
        assert torch.equal(state, torch.random.get_rng_state())
        assert first == curve_points(config, MODEL, SPLITS, samples=100)
        alone = curve_points(config, MODEL, {"test": X[20:]}, samples=100)
        assert alone == first[1:]


def test_marginal_likelihood_lies_above_the_bound() -> None:
    """The encoder here is far from the posterior: the gap is large against either's noise."""
    bound = curve_points(BOUND, MODEL, SPLITS, samples=100)[0]
    likelihood = curve_points(LIKELIHOOD, MODEL, SPLITS, samples=100)[0]
    assert likelihood.measure == "marginal_log_likelihood"
    assert likelihood.value > bound.value


def test_each_measure_has_its_figure_s_grid() -> None:
    assert grid(BOUND, 10**6) == evaluation_grid(10**6)
    assert grid(LIKELIHOOD, 10**6) == figure3_grid(10**6)


def test_grid_of_figure_2() -> None:
    grid = evaluation_grid(10**8)
    assert grid[:6] == [15_800, 25_100, 39_800, 63_100, 100_000, 125_900]
    assert grid[-1] == 10**8
    assert len(grid) == 4 + 31
    assert all(point % 100 == 0 for point in grid)
    ratios = [later / earlier for earlier, later in pairwise(grid[4:])]
    assert 1.25 < min(ratios) < max(ratios) < 1.27
    assert evaluation_grid(99_999) == grid[:4]
    assert evaluation_grid(100_000) == grid[:5]


def test_grid_of_figure_3_contains_the_paper_s() -> None:
    grid = figure3_grid(60_000_000)
    assert grid == sorted(grid)
    assert {500_000, 1_500_000, 10_000_000, 12_000_000, 60_000_000} <= set(grid)
    assert grid[: len(figure3_grid(100_000))] == figure3_grid(100_000) == [20_000, 50_000, 100_000]
