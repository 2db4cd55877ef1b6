"""What training costs was measured for every run of Figs 2 and 3, and the ratios make sense."""

from __future__ import annotations

import dataclasses

from companion.experiments import paper_grid
from companion.pages.training_cost import cost_key, model_key, training_cost


def test_every_run_of_both_figures_has_its_cost() -> None:
    cost = training_cost()
    configs = (*paper_grid.figure2(), *paper_grid.figure3())
    assert set(cost.training) == set(map(cost_key, configs))
    assert set(cost.evaluation) == set(map(model_key, configs))
    assert "torch" in cost.machine


def test_what_decides_the_cost_has_a_key_of_its_own() -> None:
    config = paper_grid.mnist(20)
    assert cost_key(dataclasses.replace(config, seed=3, n_train=1000)) == cost_key(config)
    others = [
        paper_grid.mnist(10),
        paper_grid.mnist(20, "wake_sleep"),
        dataclasses.replace(config, n_hidden=100),
        dataclasses.replace(config, measure="marginal_likelihood"),
        paper_grid.frey_face(20),
    ]
    assert len({cost_key(other) for other in (config, *others)}) == 6


def test_the_ratios_are_those_of_the_work() -> None:
    """Two hundred dimensions cost more than three, smaller networks less, and chains most."""
    cost = training_cost()
    aevb = {n: cost.training[cost_key(paper_grid.mnist(n))] for n in paper_grid.MNIST_LATENT}
    assert aevb[200] > max(aevb[n] for n in (3, 5, 10, 20))
    of_figure3 = {c.algorithm: cost.training[cost_key(c)] for c in paper_grid.figure3()}
    assert of_figure3["aevb"] < aevb[3]
    chains = min(cost.evaluation[model_key(c)] for c in paper_grid.figure3())
    assert chains > max(cost.evaluation[model_key(c)] for c in paper_grid.figure2())
