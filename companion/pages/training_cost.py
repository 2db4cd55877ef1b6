"""What training and evaluating the runs of Figs 2 and 3 cost, beside each other: measured."""

from __future__ import annotations

import json
from importlib import resources
from typing import NamedTuple

from companion.runs.config import RunConfig


class TrainingCost(NamedTuple):
    """What `python -m benchmarks.training_cost --write` measured last, on one machine.

    Attributes:
        machine: where, in words.
        training: seconds of one core for a million training samples, by `cost_key`.
        evaluation: the same for a million datapoints of a point of the curve, by `model_key`.
    """

    machine: str
    training: dict[str, float]
    evaluation: dict[str, float]


def cost_key(config: RunConfig) -> str:
    """What decides the cost of a training sample: algorithm, data, N_z, hidden units, figure."""
    return f"{config.algorithm} {model_key(config)}"


def model_key(config: RunConfig) -> str:
    """What decides the cost of evaluating a datapoint: the same without the algorithm."""
    return f"{config.dataset} z{config.n_latent} h{config.n_hidden} {config.measure}"


def training_cost() -> TrainingCost:
    """What was measured."""
    text = resources.files(__package__).joinpath("training_cost.json").read_text("utf-8")
    return TrainingCost(**json.loads(text))
