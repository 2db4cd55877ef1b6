"""Evaluations depend on seed, split and samples alone."""

from __future__ import annotations

import dataclasses

import torch

from companion.runs.config import RunConfig
from companion.runs.evaluation import curve_points, grid
from vaelib.elbo import evaluate as average_bound
from vaelib.model import build
from vaelib.randomness import generator
from vaelib.training import evaluation_grid, figure3_grid

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
