"""Where paper, authors' code and this companion can differ: each choice as a run of its own."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from companion.experiments import paper_grid
from companion.runs.config import STEPSIZES, RunConfig
from vaelib.checks.limits import Whole, checked
from vaelib.model import LogVariance

CHOICE_SEEDS = 3
# N_z of the runs in which one thing is changed.
MNIST, FREY_FACE, FIGURE3 = 20, 10, 1000
# Five times the paper's own M = 100.
FACES_IN_MINIBATCH = 500
# N_z of the panel of Fig. 2 in which the encoder of wake-sleep matters most.
WIDE = 200
# There the rule prefers the other of 0.01 and 0.02, by the encoder's log variance.
WIDE_PASSED_OVER: dict[LogVariance, float] = {"as the rest": 0.02, "slow": 0.01}
# What the rule of section 5 takes for Monte Carlo EM with 1000 points, however it goes over them.
# With 50000 points in each step the comparison alone would take longer than the run.
BATCH_STEPSIZE = 0.1
# For Fig. 3's AEVB on the large training set the rule of section 5 prefers 0.1, by a hair.
PASSED_OVER = (0.01, 0.02)


class Choice(NamedTuple):
    """One of the ways in which a matter can be settled.

    Attributes:
        matter: what the paper leaves open, or says in two ways.
        choice: in words.
        base: "mnist", "frey_face", "wake_sleep" or "mcem": in which run it is changed.
        settings: of the run, where they are not its own; none for the default.
    """

    matter: str
    choice: str
    base: str
    settings: dict[str, Any]


@checked
def bases(seed: Whole = 0) -> dict[str, RunConfig]:
    """The runs of Figs 2 and 3 in which one thing is changed at a time."""
    (mcem,) = (
        config
        for config in paper_grid.figure3(seed)
        if config.algorithm == "mcem" and config.n_train == FIGURE3
    )
    return {
        "mnist": paper_grid.mnist(MNIST, seed=seed),
        "frey_face": paper_grid.frey_face(FREY_FACE, seed=seed),
        "wake_sleep": paper_grid.mnist(MNIST, "wake_sleep", seed=seed),
        "mcem": mcem,
    }


def choices() -> list[Choice]:
    """All of them, matter by matter, the default of each base first."""
    bound = ("mnist", "frey_face", "wake_sleep")
    both = ("mnist", "frey_face")
    table: list[tuple[str, str, tuple[str, ...], dict[str, Any]]] = [
        ("Default", "as in this book", (*bound, "mcem"), {}),
        *(("Stepsize", f"{size}", bound, {"stepsize": size}) for size in STEPSIZES),
        ("Warm-up", "none", bound, {"warmup": 0}),
        ("N(0, 0.01) at the start", "0.01 is the variance", bound, {"init_std": 0.1}),
        ("Encoder's log variance", "slow", bound, {"encoder_log_variance": "slow"}),
        ("Prior on the weights", "on biases too", both, {"prior_on_biases": True}),
        ("Prior on the weights", "none", both, {"prior_precision": 0.0}),
        ("Minibatches", "by epochs", both, {"replacement": False}),
        ("Minibatches", "of 500 points", ("frey_face",), {"minibatch_size": FACES_IN_MINIBATCH}),
        ("Estimator", "A (Eq. 6)", both, {"estimator": "A"}),
        ("Pixels", "binarised once", ("mnist",), {"pixels": "binarised"}),
        ("Pixels", "binarised anew each time", ("mnist",), {"pixels": "dynamic"}),
        ("Frey Face, split", "the film's end as test set", ("frey_face",), {"split": "in order"}),
        ("Frey Face, scale", "bytes over 255", ("frey_face",), {"face_scale": 255}),
        ("Matrix products", "in bfloat16", bound, {"precision": "bfloat16"}),
        ("Leapfrog steps", "5", ("mcem",), {"n_leapfrog": 5}),
        ("Leapfrog steps", "20", ("mcem",), {"n_leapfrog": 20}),
        ("Acceptance of HMC", "0.65", ("mcem",), {"target_acceptance": 0.65}),
        ("Updates of the weights", "1 a sample", ("mcem",), {"n_weight_updates": 1}),
    ]
    return [
        Choice(matter, choice, base, settings)
        for matter, choice, where, settings in table
        for base in where
    ]


@checked
def config_of(choice: Choice, seed: Whole = 0) -> RunConfig:
    """The run in which a choice is made."""
    return dataclasses.replace(bases(seed)[choice.base], **choice.settings)


def runs() -> list[RunConfig]:
    """Every choice with every seed, each run once, the first seed of all first."""
    configs = [config_of(choice, seed) for seed in range(CHOICE_SEEDS) for choice in choices()]
    return list({config.slug: config for config in configs}.values())


@checked
def faces_in_large_minibatches(seed: Whole = 0) -> list[RunConfig]:
    """AEVB on Frey Face at every N_z of Fig. 2, with minibatches five times as large."""
    return [
        dataclasses.replace(paper_grid.frey_face(n, seed=seed), minibatch_size=FACES_IN_MINIBATCH)
        for n in paper_grid.FREY_LATENT
    ]


@checked
def with_stepsizes_passed_over(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 3's AEVB on the large training set, with each stepsize that the rule did not choose."""
    (config,) = (
        config
        for config in paper_grid.figure3(seed)
        if config.algorithm == "aevb" and config.n_train != FIGURE3
    )
    return [dataclasses.replace(config, stepsize=size) for size in PASSED_OVER]


@checked
def wide_wake_sleep(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 2's wake-sleep with 200 latent dimensions, by the encoder's log variance.

    For each the rule's stepsize, and then the one that it passes over.
    """
    wide = paper_grid.mnist(WIDE, "wake_sleep", seed=seed)
    configs = []
    for log_variance, passed_over in WIDE_PASSED_OVER.items():
        rule = dataclasses.replace(wide, encoder_log_variance=log_variance)
        configs += [rule, dataclasses.replace(rule, stepsize=passed_over)]
    return configs


@checked
def batch_mcem(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 3's Monte Carlo EM with every step over all training points instead of a minibatch."""
    return [
        dataclasses.replace(
            config,
            minibatch_size=config.n_train,
            replacement=False,
            stepsize="auto" if config.n_train == FIGURE3 else BATCH_STEPSIZE,
        )
        for config in paper_grid.figure3(seed)
        if config.algorithm == "mcem"
    ]
