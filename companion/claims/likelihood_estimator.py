"""C9: Appendix D's estimator of log p(x) is good below five latent dimensions, and not above."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.studies.likelihood_by_dimension import LIKELIHOOD_TOLERANCE, likelihood_by_dimension
from companion.wording import significant
from vaelib.randomness import generator

# The paper says "less than 5 dimensions", and of five itself nothing.
EDGE = 5
_IMAGES, _DRAWS, _RESAMPLES = 100, 50, 2000
_MODEL = ["n_latent", "samples", "place"]


class LikelihoodErrors(NamedTuple):
    """What C9 is judged by.

    Attributes:
        table: columns n_latent, samples (that the model was trained with), place (which of the
            models), datapoint, error (nats; not finite where the estimate is no number).
    """

    table: pd.DataFrame


def measure_likelihood_errors(evidence: Evidence) -> LikelihoodErrors:
    """Every model of few and of many dimensions that there is, on the same test images."""
    draws = generator(evidence.seed, "claim C9")
    # The runs first: where they are missing, no data are looked for.
    trained = [run for run in evidence.by_training if run.config.n_latent != EDGE]
    x = evidence.test_points("mnist", _IMAGES)
    tables = []
    for place, run in enumerate(trained):
        models = {run.config.n_latent: run.model()}
        table = likelihood_by_dimension(models, x, generator=draws, n_samples=(_DRAWS,))
        tables.append(table.assign(place=place, samples=run.samples))
    return LikelihoodErrors(pd.concat(tables, ignore_index=True))


def judge_likelihood_errors(measured: LikelihoodErrors) -> Verdict:
    """Each model's error, its bias or its spread if that is larger, is on its side of a nat."""
    found = [
        (int(rows["n_latent"].iloc[0]), int(rows["samples"].iloc[0]), rows["error"].to_numpy(float))
        for _, rows in measured.table.groupby(_MODEL, sort=False)
    ]
    parts = tuple(_part(n, samples, errors) for n, samples, errors in found)
    below = [part for part in parts if part.below]
    above = [part for part in parts if not part.below]
    biases = ", ".join(
        f"{finite.mean():+.2f} and {finite.std():.2f} (N_z = {n}, {significant(samples)})"
        for n, samples, errors in found
        for finite in [pd.Series(errors[np.isfinite(errors)])]
    )
    images = measured.table["datapoint"].nunique()
    return judged(
        parts,
        f"error with {_DRAWS} draws against quadrature (to N_z = 3) and long importance sampling, "
        f"in nats, the larger of bias and spread over {images} test images, for every trained "
        f"model: to be below {LIKELIHOOD_TOLERANCE:g} with less than {EDGE} dimensions: "
        f"{effects(below)}; to be above it with more: {effects(above)}; {least_seen(parts)}. Bias "
        f"and spread of finite estimates: {biases}. One seed; N_z = {EDGE} is the edge and is not "
        f"judged",
    )


def _part(n_latent: int, samples: int, errors: np.ndarray) -> Part:
    """A bootstrap over the images: an error that a single image makes is there or is not there."""
    drawn = np.random.default_rng(0).integers(len(errors), size=(_RESAMPLES, len(errors)))
    with np.errstate(invalid="ignore"):
        repeated = _error(errors[drawn])
        effect = float(_error(errors[None])[0])
    low, high = np.quantile(repeated, (0.025, 0.975), method="inverted_cdf")
    return Part(
        f"N_z = {n_latent} after {significant(samples)} samples",
        effect,
        float(low),
        float(high),
        LIKELIHOOD_TOLERANCE,
        "nats",
        f"{len(errors)} test images",
        below=n_latent < EDGE,
    )


def _error(errors: np.ndarray) -> np.ndarray:
    """The larger of bias and spread along the last axis; infinite where an estimate failed."""
    larger = np.maximum(np.abs(errors.mean(-1)), errors.std(-1, ddof=1))
    return np.where(np.isfinite(errors).all(-1), larger, np.inf)


def _evenly(measured: LikelihoodErrors, *, below: float, above: float) -> LikelihoodErrors:
    """Errors that stray on every image alike, by so much on each side of the edge."""
    table = measured.table
    sign = 1.0 - 2.0 * (table["datapoint"] % 2)
    size = np.where(table["n_latent"] < EDGE, below, above)
    return LikelihoodErrors(table.assign(error=sign * size))


def _long_trained_fail(measured: LikelihoodErrors) -> LikelihoodErrors:
    """As the claim has it, but for the longest-trained model of each small size: off by 3 nats."""
    table = _evenly(measured, below=0.2, above=4.0).table
    longest = table["samples"] == table.groupby("n_latent")["samples"].transform("max")
    off = longest & (table["n_latent"] < EDGE)
    return LikelihoodErrors(table.assign(error=table["error"].where(~off, 3.0)))


def _single_image(measured: LikelihoodErrors) -> LikelihoodErrors:
    """Five images, of which one is off by 2.5 nats, for every model."""
    table = measured.table[measured.table["datapoint"] < 5]
    return LikelihoodErrors(table.assign(error=np.where(table["datapoint"] == 0, 2.5, 0.1)))


def _never_a_number(measured: LikelihoodErrors) -> LikelihoodErrors:
    """Below the edge no estimate is a number; above it all are right."""
    table = measured.table
    error = np.where(table["n_latent"] < EDGE, -np.inf, 0.1 * (1 + table["datapoint"] % 2))
    return LikelihoodErrors(table.assign(error=error))


C9 = Claim(
    id="C9",
    statement="The likelihood estimator is good below 5 dimensions, not above.",
    where="App. D",
    figure="fig-d-by-size",
    tests=(
        "companion/claims/test_likelihood_estimator.py::test_errors_by_dimension_decide",
        "companion/studies/test_fitted_proposal.py::test_agrees_with_quadrature_on_a_nonlinear_decoder",
    ),
    measure=measure_likelihood_errors,
    judge=judge_likelihood_errors,
    worlds=(
        World(
            "bad below five, good above",
            "false",
            lambda m: _evenly(m, below=4.0, above=0.2),
        ),
        World("below five no estimate is a number, above all are right", "false", _never_a_number),
        World(
            "2 nats below five, twice the threshold, 0.5 above, half of it",
            "false",
            lambda m: _evenly(m, below=2 * LIKELIHOOD_TOLERANCE, above=LIKELIHOOD_TOLERANCE / 2),
        ),
        World(
            "0.5 nats below five, half the threshold, 2 above, twice it",
            "true",
            lambda m: _evenly(m, below=LIKELIHOOD_TOLERANCE / 2, above=2 * LIKELIHOOD_TOLERANCE),
        ),
        World(
            "good everywhere: there is no edge",
            "half true",
            lambda m: _evenly(m, below=0.2, above=0.2),
        ),
        World(
            "bad everywhere: there is no edge",
            "half true",
            lambda m: _evenly(m, below=4.0, above=4.0),
        ),
        World("below five it is bad after long training", "half true", _long_trained_fail),
        World("five images, and what one of them does decides everywhere", "noise", _single_image),
    ),
)
