"""C6: the variance of the average bound is below 1, so that Fig. 2 needs no error bars."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.experiments import paper_grid
from companion.experiments.ends_of_curves import CONVERGED_FROM
from companion.experiments.seeds import interval
from companion.studies.bounds import bound_noise
from companion.wording import significant
from vaelib import datasets

# In nats²; the caption of Fig. 2: "the estimator variance was small (< 1) and omitted".
SMALL = 1.0
_NAMES = {"mnist": "MNIST", "frey_face": "Frey Face"}
_PANELS = [
    *(("mnist", n) for n in paper_grid.MNIST_LATENT),
    *(("frey_face", n) for n in paper_grid.FREY_LATENT),
]


class BoundNoise(NamedTuple):
    """What C6 is judged by.

    Attributes:
        table: columns dataset, n_latent, samples (that the model was trained with), repetition,
            variance (nats², of the average test bound).
    """

    table: pd.DataFrame


def measure_bound_noise(evidence: Evidence) -> BoundNoise:
    """The longest-trained kept model of each panel of Fig. 2, where it is long enough to judge."""
    tables = [pd.DataFrame(columns=["dataset", "n_latent", "samples", "variance"])]
    for dataset, n_latent in _PANELS:
        run = evidence.longest_trained(dataset, n_latent)
        if run.samples >= CONVERGED_FROM:
            table = bound_noise(run, datasets.load(dataset).test)
            tables.append(table.assign(dataset=dataset, n_latent=n_latent, samples=run.samples))
    return BoundNoise(pd.concat(tables[1:] or tables, ignore_index=True))


def judge_bound_noise(measured: BoundNoise) -> Verdict:
    """Each panel's variance is below the limit."""
    table = measured.table
    if table.empty:
        return judged((), f"needs models of {significant(CONVERGED_FROM)} training samples")
    found = dict(iter(table.groupby(["dataset", "n_latent"])["variance"]))
    parts = tuple(_part(*panel, found.get(panel)) for panel in _PANELS)
    repetitions = (
        table.groupby("dataset", sort=False).size()
        / table.groupby("dataset", sort=False)["n_latent"].nunique()
    )
    of_each = ", ".join(f"{n:.0f} ({_NAMES[str(name)]})" for name, n in repetitions.items())
    return judged(
        parts,
        f"variance of the average test bound in nats², to be below {SMALL:g}: {effects(parts)}; "
        f"{least_seen(parts)}. The longest-trained model of each size whose weights are kept, in "
        f"either reading, of {significant(table['samples'].min())} to "
        f"{significant(table['samples'].max())} samples, one seed; intervals over "
        f"repetitions: {of_each}",
    )


def _part(dataset: str, n_latent: int, variances: pd.Series[float] | None) -> Part:
    """One panel of Fig. 2; it stays open where no model was kept that could be measured."""
    return Part(
        f"{_NAMES[dataset]}, N_z = {n_latent}",
        *(interval(variances) if variances is not None else (math.nan,) * 3),
        SMALL,
        "nats²",
        f"{len(variances)} repetitions" if variances is not None else "no kept model",
        below=True,
    )


def _scaled(measured: BoundNoise, factors: dict[str, float]) -> BoundNoise:
    """The variances of each data set, moved to have this for their mean."""
    table = measured.table
    means = table.groupby(["dataset", "n_latent"])["variance"].transform("mean")
    moved = table["variance"] / means * table["dataset"].map(factors)
    return BoundNoise(table.assign(variance=moved))


def _loud(measured: BoundNoise, smallest: int) -> BoundNoise:
    """Models of so many latent dimensions or more have a hundred times the variance of a limit."""
    table = measured.table
    loud = table["variance"].where(table["n_latent"] < smallest, 100 * SMALL)
    return BoundNoise(table.assign(variance=loud))


def _alone(measured: BoundNoise) -> BoundNoise:
    """At the limit, from two repetitions of each that differ by a half."""
    table = measured.table
    two = table.groupby(["dataset", "n_latent"], sort=False).head(2)
    order = two.groupby(["dataset", "n_latent"]).cumcount()
    return BoundNoise(two.assign(variance=SMALL * (0.8 + 0.4 * order)))


C6 = Claim(
    id="C6",
    statement="The variance of the bound's estimator is below 1.",
    where="Fig. 2",
    figure="tab-noise",
    tests=(
        "companion/claims/test_precise_bound.py::test_variances_decide",
        "companion/studies/test_bounds.py::test_bound_noise_is_the_variance_of_the_average",
    ),
    measure=measure_bound_noise,
    judge=judge_bound_noise,
    worlds=(
        World(
            "the variance is 2 nats² everywhere, twice the threshold",
            "false",
            lambda m: _scaled(m, {"mnist": 2 * SMALL, "frey_face": 2 * SMALL}),
        ),
        World(
            "it is 0.5 nats² everywhere, half of the threshold",
            "true",
            lambda m: _scaled(m, {"mnist": SMALL / 2, "frey_face": SMALL / 2}),
        ),
        World(
            "it is 10 % above the threshold everywhere",
            "false",
            lambda m: _scaled(m, {"mnist": 1.1 * SMALL, "frey_face": 1.1 * SMALL}),
        ),
        World(
            "it is 10 % below the threshold everywhere",
            "true",
            lambda m: _scaled(m, {"mnist": 0.9 * SMALL, "frey_face": 0.9 * SMALL}),
        ),
        World(
            "digits are evaluated precisely and faces are not",
            "half true",
            lambda m: _scaled(m, {"mnist": 0.003, "frey_face": 3 * SMALL}),
        ),
        World("with ten dimensions or more it is a hundred", "half true", lambda m: _loud(m, 10)),
        World("two repetitions, at the threshold", "noise", _alone),
    ),
)
