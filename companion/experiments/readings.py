"""Two readings of section 5: as its words have it, and as its authors' code and curves do.

*As written* is this companion's default: what the paper says, and where it says nothing, what its
authors' code does. *As run* is what comes out if the code, and what the printed curves tell, go
before the words. It is one set of choices for each algorithm and data set, made on the panels of
`CHOSEN_ON`; every other panel is a prediction.

The code is the first author's library, github.com/dpkingma/anglepy, of which no script of these
experiments was published.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, NamedTuple, get_args

from companion.experiments import paper_grid
from companion.runs.choices import WORDS
from companion.runs.config import AlgorithmName, Measure, RunConfig
from vaelib.checks.limits import Whole, checked

Reading = Literal["as written", "as run"]
READINGS: tuple[Reading, ...] = get_args(Reading)
# N_z of the panels of Fig. 2 on which the choices were made.
CHOSEN_ON = {"mnist": (20, 200), "frey_face": (20,)}


class Change(NamedTuple):
    """One matter in which a run *as run* differs from the same run *as written*.

    Attributes:
        settings: of the run.
        from_code: whether the authors' library has it so; if not, only their curves tell.
        source: the file and its commit, or what in the curves it follows from.
        words: for people, where the settings do not say it.
    """

    settings: dict[str, Any]
    from_code: bool
    source: str
    words: str = ""

    def __str__(self) -> str:
        named = WORDS | {"stepsize": "stepsize {:g}".format}
        return self.words or ", ".join(named[name](value) for name, value in self.settings.items())


LARGE_STEPS = Change({"stepsize": 0.02}, False, "the curves of Fig. 2 that the sets were chosen on")
BATCHES_OF_500 = Change(
    {"minibatch_size": 500}, False, "the warm-up in the first interval of the training curves"
)
OVER_256 = Change({"mnist_scale": 256}, True, "wzoptim.py, 29d7e2e")
STARTS_AT_ZERO = Change(
    {"encoder_log_variance": "from zero", "output_bias": "from zero"},
    True,
    "models/DLVM.py, d49a0fb",
)
SLOW_VARIANCE = Change({"encoder_log_variance": "slow"}, True, "models/MLBN_Inverse.py, 29d7e2e")
TWO_LAYERS = Change({"decoder_layers": 2}, True, "models/MLBN.py, d49a0fb")
# Its minibatch is the training set, which `in_reading` and `alone` know.
ALL_POINTS = Change(
    {"replacement": False}, True, "wzoptim.py, 29d7e2e", words="every step over all points"
)
SHORT_WARM_UP = Change({"warmup": 10}, True, "woptim.py, 55f25be")

# Of Fig. 2 by its measure, data set and algorithm, and of Fig. 3, whose networks are smaller.
AS_RUN: dict[tuple[Measure, str, AlgorithmName], tuple[Change, ...]] = {
    ("lower_bound", "mnist", "aevb"): (OVER_256, LARGE_STEPS),
    ("lower_bound", "mnist", "wake_sleep"): (OVER_256, SLOW_VARIANCE, LARGE_STEPS),
    ("lower_bound", "frey_face", "aevb"): (STARTS_AT_ZERO, BATCHES_OF_500, LARGE_STEPS),
    ("lower_bound", "frey_face", "wake_sleep"): (TWO_LAYERS, SLOW_VARIANCE, BATCHES_OF_500),
    ("marginal_likelihood", "mnist", "aevb"): (OVER_256, LARGE_STEPS),
    ("marginal_likelihood", "mnist", "wake_sleep"): (OVER_256, SLOW_VARIANCE, LARGE_STEPS),
    ("marginal_likelihood", "mnist", "mcem"): (ALL_POINTS, SHORT_WARM_UP),
}


def changes_of(config: RunConfig) -> tuple[Change, ...]:
    """What a run of Fig. 2 or 3 as written changes to be as run."""
    return AS_RUN[config.measure, config.dataset, config.algorithm]


@checked
def in_reading(config: RunConfig, reading: Reading) -> RunConfig:
    """A run of Fig. 2 or 3 as written, in a reading.

    Raises:
        UserError: for a reading that there is not.
    """
    return config if reading == "as written" else _with(config, *changes_of(config))


def _with(config: RunConfig, *made: Change) -> RunConfig:
    settings = {name: value for change in made for name, value in change.settings.items()}
    if ALL_POINTS in made:
        settings["minibatch_size"] = config.n_train
    return dataclasses.replace(config, **settings)


@checked
def figure2_in(reading: Reading, seed: Whole = 0) -> list[RunConfig]:
    """The 18 runs of Fig. 2 in a reading."""
    return [in_reading(config, reading) for config in paper_grid.figure2(seed)]


@checked
def figure3_in(reading: Reading, seed: Whole = 0) -> list[RunConfig]:
    """The 6 runs of Fig. 3 in a reading."""
    return [in_reading(config, reading) for config in paper_grid.figure3(seed)]


def reading_of(config: RunConfig) -> Reading | None:
    """The reading in which a run is one of Figs 2 to 5; None if it is in neither."""
    grids = (paper_grid.figure2, paper_grid.figure3, paper_grid.figure4, paper_grid.figure5)
    written = [one for grid in grids for one in grid(config.seed)]
    found = (r for r in READINGS if config in [in_reading(one, r) for one in written])
    return next(found, None)


@checked
def alone(config: RunConfig) -> list[RunConfig]:
    """The run as written with each of its changes by itself."""
    return [_with(config, change) for change in changes_of(config)]


def is_predicted(config: RunConfig) -> bool:
    """Whether the paper's curve of this run had no part in the choice of its set.

    Monte Carlo EM is in Fig. 3 only, so that its set was chosen there.
    """
    chosen = config.measure == "lower_bound" and config.n_latent in CHOSEN_ON[config.dataset]
    return not chosen and config.algorithm != "mcem"
