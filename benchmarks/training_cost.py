"""What does a million training samples of each run of Figs 2 and 3 cost, beside the others?

    python -m benchmarks.training_cost [--turns 25] [--steps 2] [--write]

Training and evaluation are timed apart. Each training step is the plain one of a short run, not
compiled, on one thread. What counts is the time of the processor, not the clock's, and of several
turns, in each of which all contenders run in another order, the shortest: what else the machine
does can only make a turn longer. So the ratios are what to look at.

`--write` puts what was measured into `companion/pages/training_cost.json`, from which the page of
the reference runs reads it.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version

import torch

from companion.experiments import paper_grid
from companion.files import project_root
from companion.pages.training_cost import cost_key, model_key
from companion.runs import assembly
from companion.runs.config import RunConfig
from companion.runs.evaluation import curve_points
from vaelib import datasets
from vaelib.datasets import Dataset
from vaelib.files import write_atomically

FILE = project_root() / "companion" / "pages" / "training_cost.json"
STEPSIZE = 0.01
# A large set is evaluated in part: the cost grows in proportion.
PART = 100
Work = Callable[[], int]


def contenders() -> list[RunConfig]:
    """One run for each cost: how many training points there are does not change it."""
    return list({cost_key(c): c for c in (*paper_grid.figure2(), *paper_grid.figure3())}.values())


def data_of(config: RunConfig) -> Dataset:
    """The run's data, loaded once for all runs that share them."""
    return load(config.dataset, config.n_train)


@cache
def load(name: str, n_train: int) -> Dataset:
    """A data set with so many training points."""
    return datasets.load(name, n_train=n_train)


def training(config: RunConfig, steps: int) -> Work:
    """Steps from the start of the run on, and how many samples they took."""
    trainer = assembly.make_trainer(config, data_of(config), stepsize=STEPSIZE, device="cpu")

    def work() -> int:
        before = trainer.samples
        for _ in trainer.advance(before + steps * trainer.samples_per_step):
            pass
        return trainer.samples - before

    return work


def evaluation(config: RunConfig) -> Work:
    """One point of the curve, or as much of both sets, and how many datapoints that are."""
    data = data_of(config)
    model = assembly.make_model(config, data, device="cpu")
    splits = {"train": data.train, "test": data.test}
    if config.measure == "marginal_likelihood":
        splits = {name: x[: PART // 2] for name, x in splits.items()}
    elif len(data.test) >= PART**2:
        splits = {name: x[: len(x) // PART] for name, x in splits.items()}

    def work() -> int:
        curve_points(config, model, splits, samples=0)
        return sum(map(len, splits.values()))

    return work


def shortest(works: Mapping[str, Work], turns: int) -> dict[str, float]:
    """Seconds of the processor for a million datapoints, by name: the least of all turns."""
    found = dict.fromkeys(works, float("inf"))
    order = list(works)
    for work in works.values():
        work()  # warms caches up
    for turn in range(turns):
        random.Random(turn).shuffle(order)
        for name in order:
            start = time.process_time()
            n = works[name]()
            found[name] = min(found[name], 1e6 * (time.process_time() - start) / n)
    return found


def measure(configs: Sequence[RunConfig], *, turns: int, steps: int) -> dict[str, object]:
    """Both costs of each run, in seconds a million, and where they were measured."""
    torch.set_num_threads(1)
    costs = {
        "training": shortest({cost_key(c): training(c, steps) for c in configs}, turns),
        # The algorithm makes no difference to it: one of each model.
        "evaluation": shortest(
            {key: evaluation(c) for key, c in {model_key(c): c for c in configs}.items()}, turns
        ),
    }
    machine = f"{platform.system()}, Python {platform.python_version()}, torch {version('torch')}"
    rounded = {
        name: {key: float(f"{value:.3g}") for key, value in found.items()}
        for name, found in costs.items()
    }
    return {"machine": machine, **rounded}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=25)
    parser.add_argument("--steps", type=int, default=2, help="in one turn")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    found = measure(contenders(), turns=options.turns, steps=options.steps)
    text = json.dumps(found, indent=2, sort_keys=True) + "\n"
    print(text, end="")
    if options.write:
        write_atomically(FILE, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
