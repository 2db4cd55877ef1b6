"""Which code decides a run's numbers, and which earlier code gave the same ones.

A stored run is used again only if today's code would compute the same numbers. `run_source` is a
hash of that code; `lineage.json` lists, for each kind of run, the hashes of versions of the code
that were shown to compute the same bits: a tidied loop is another hash, but no other run.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from companion.runs.config import RunConfig
from companion.source_hash import source_hash

# The modules of which the whole closure decides an algorithm's numbers, and those that decide
# with their own code only, because they import every algorithm.
ALGORITHM_MODULES = {
    "aevb": "vaelib.aevb",
    "wake_sleep": "vaelib.wake_sleep",
    "mcem": "vaelib.mcem",
}
MEASURE_MODULES = {
    "lower_bound": "vaelib.elbo",
    "marginal_likelihood": "vaelib.likelihood.marginal_likelihood",
}
DECIDING_ALONE = (
    "companion.runs.assembly",
    "companion.runs.beginning",
    "companion.runs.carrying",
    "companion.runs.evaluation",
    "companion.runs.other_networks",
    "companion.runs.stacking",
    "companion.runs.underway",
    "vaelib.arithmetic.compiling",
    "vaelib.arithmetic.products",
    "vaelib.datasets.loading",
    "vaelib.fast.algorithms",
    "vaelib.fast.backpropagation",
)
# How a model is put into a file is nothing that its numbers depend on.
DECIDING_NOTHING = ("vaelib.files", "vaelib.saving")


def run_source(config: RunConfig) -> str:
    """Hash of the code that decides the run's numbers; comments and docstrings do not count."""
    return source_hash(
        ALGORITHM_MODULES[config.algorithm],
        MEASURE_MODULES[config.measure],
        "vaelib.training",
        "vaelib.randomness",
        alone=DECIDING_ALONE,
        without=DECIDING_NOTHING,
    )


def is_todays(source: str, config: RunConfig) -> bool:
    """Whether code of this hash computes the bits that today's does for this run."""
    return same_numbers(source, run_source(config), config)


def same_numbers(one: str, other: str, config: RunConfig) -> bool:
    """Whether the code of two hashes computes the same bits for this run."""
    known = versions().get(f"{config.algorithm} {config.measure}", ())
    return one == other or (one in known and other in known)


@cache
def versions() -> dict[str, dict[str, str]]:
    """By algorithm and measure the hashes whose code agrees to the bit, each with its name."""
    text = resources.files(__package__).joinpath("lineage.json").read_text("utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found
