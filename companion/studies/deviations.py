"""What each choice that the paper leaves open does to the curve, and which lies nearest to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from companion.experiments import deviations
from companion.experiments.curve_reading import KEYS, at, curves_of
from companion.experiments.paper_distance import distance_from_paper
from companion.measurements.kept import kept
from companion.runs.assembly import load_data, make_trainer
from companion.runs.config import RunConfig
from companion.runs.store import Run
from vaelib.algorithm import unnest
from vaelib.checks.limits import Count, Positive, Whole, checked
from vaelib.errors import UserError

_SAMPLES = 10**6
SPLITS = ["train", "test"]


@checked
def measured_deviations(
    published: pd.DataFrame,
    known: Callable[[Iterable[RunConfig]], list[Run]],
    *,
    samples: Whole = _SAMPLES,
) -> pd.DataFrame:
    """Every choice with what it reaches on test data, and how far from the paper's curves it runs.

    Args:
        published: the paper's curves of Figs 2 and 3 together, from `paper_curves.digitised`.
        known: from settings to the runs that there are, such as `reference.known`.
        samples: training samples.

    Returns:
        a row for each choice with a run that came so far: matter, choice, base, n_seeds; value
        (mean over seeds of the test curve at `samples`), low and high (over seeds); from_default
        (value minus the default's, seed by seed, averaged) with its own low and high; train and
        test (mean absolute distance of the curve from the paper's, up to `samples`, mean over
        seeds; NaN where the paper's has no point), distance (the mean of the two) and averaged
        (whether the training curves are running averages, as the paper's are). Nats per datapoint.
    """
    keys = [key for key in KEYS if key != "split"]
    seeds = range(deviations.CHOICE_SEEDS)
    rows = []
    defaults: dict[str, dict[int, float]] = {}
    for choice in deviations.choices():
        configs = [deviations.config_of(choice, seed) for seed in seeds]
        curves = curves_of(known(configs))
        curves = curves[curves["training_samples"] <= samples * 1.01]
        test = curves[curves["split"] == "test"]
        reached = {seed: at(test[test["seed"] == seed], samples) for seed in seeds}
        values = {seed: value for seed, value in reached.items() if value is not None}
        if not choice.settings:
            defaults[choice.base] = values
        if not values:
            continue
        default = defaults[choice.base]
        gains = [value - default[seed] for seed, value in values.items() if seed in default]
        panel = [getattr(configs[0], key) for key in keys]
        theirs = published[(published[keys] == panel).all(axis=1)]
        apart = distance_from_paper(curves, theirs, until=samples)
        by_split = apart.groupby("split")["distance"].mean().reindex(SPLITS)
        averaged = apart.loc[apart["split"] == "train", "averaged"]
        rows.append(
            {
                "matter": choice.matter,
                "choice": choice.choice,
                "base": choice.base,
                "n_seeds": len(values),
                "value": np.mean(list(values.values())),
                "low": min(values.values()),
                "high": max(values.values()),
                "from_default": np.mean(gains) if gains else np.nan,
                "from_default_low": min(gains, default=np.nan),
                "from_default_high": max(gains, default=np.nan),
                **by_split,
                "distance": by_split.mean(),
                "averaged": not averaged.empty and bool(averaged.all()),
            }
        )
    columns = ["matter", "choice", "base", "n_seeds", "value", "low", "high"]
    columns += ["from_default", "from_default_low", "from_default_high", *SPLITS, "distance"]
    columns += ["averaged"]
    return pd.DataFrame(rows, columns=columns)


def nearest_choice(table: pd.DataFrame, base: str) -> str | None:
    """For one base, which choice runs nearest to the paper's curve, in words."""
    rows = table[(table["base"] == base) & table["distance"].notna()]
    if rows.empty:
        return None
    matter, choice = rows.sort_values("distance")[["matter", "choice"]].iloc[0]
    return f"{matter}: {choice}"


@checked
def memory_of_the_start(
    config: RunConfig, *, stepsize: Positive, steps: Count = 30
) -> pd.DataFrame:
    """What the first steps of wake-sleep leave in the memory of its encoder's Adagrad.

    What is once in the sum stays there, and divides every later step.

    Args:
        config: a run of wake-sleep.
        stepsize: Adagrad's.
        steps: after the warm-up.

    Returns:
        columns layer ("hidden", "mean", "log_variance"); before and after the steps: the root of
        the summed squared gradients, root mean square over the layer's weights, in nats.

    Raises:
        UserError: for another algorithm.
    """
    if config.algorithm != "wake_sleep":
        raise UserError(f"algorithm {config.algorithm!r} has no sleep phase: use 'wake_sleep'")
    return _memory(config, load_data(config).sha256, stepsize, steps)


@kept
def _memory(config: RunConfig, sha256: str, stepsize: float, steps: int) -> pd.DataFrame:
    """`memory_of_the_start`, on the data of that sum: a measurement's name must say which."""
    trainer = make_trainer(config, load_data(config), stepsize=stepsize, device="cpu")
    found = []
    for until in (config.warmup, config.warmup + steps):
        for _ in trainer.advance(until * config.samples_per_step):
            pass
        sums = unnest(trainer.algorithm.state_dict(), "phi")
        layers = ("hidden", "mean", "log_variance")
        found.append([sums[f"{layer}.weight"].mean().sqrt().item() for layer in layers])
    before, after = found
    return pd.DataFrame({"layer": layers, "before": before, "after": after})
