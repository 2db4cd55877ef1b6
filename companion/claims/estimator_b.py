"""C2: estimator B varies less than A, in the value of the bound and in its gradient."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import pandas as pd
from scipy import stats

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.experiments import paper_grid
from companion.studies.bounds import estimator_variance
from companion.studies.gradients import A, B
from companion.studies.variance_ratios import measured_ratios
from companion.wording import significant
from vaelib.randomness import generator

# "Typically" is said of more than half; between 40 and 60 % nobody would say it of either.
TYPICAL, ALIKE_SHARES = 0.5, 0.1
# Variances that differ by a tenth cost a tenth more draws, which nobody would choose by.
ALIKE_VARIANCES = 0.1
_VALUE_IMAGES, _VALUE_REPETITIONS = 200, 200
_GRADIENT_IMAGES, _GRADIENT_REPETITIONS = 100, 100


class AAgainstB(NamedTuple):
    """What C2 is judged by, with a row for each N_z of Fig. 2 on MNIST.

    Attributes:
        table: columns n_latent, samples (that the model was trained with), images, quieter (of
            them those on which B's value varies less), ratio, low, high (the variance of A's
            gradient over that of B's, in the median component).
    """

    table: pd.DataFrame


def measure_a_against_b(evidence: Evidence) -> AAgainstB:
    """Both estimators on the longest-trained model of each size whose weights are kept."""
    rows = []
    for n_latent in paper_grid.MNIST_LATENT:
        run = evidence.longest_trained("mnist", n_latent)
        model = run.model()
        values = estimator_variance(
            model,
            evidence.test_points("mnist", _VALUE_IMAGES),
            repetitions=_VALUE_REPETITIONS,
            generator=generator(evidence.seed, "estimator variance", n_latent),
        )
        variance = values.pivot(index="datapoint", columns="estimator", values="variance")
        (gradient,) = measured_ratios(
            model,
            evidence.test_points("mnist", _GRADIENT_IMAGES),
            estimators=(A, B),
            repetitions=_GRADIENT_REPETITIONS,
            generator=generator(evidence.seed, "A and B", n_latent),
        ).to_dict("records")
        rows.append(
            {
                "n_latent": n_latent,
                "samples": run.samples,
                "images": len(variance),
                "quieter": int((variance["B"] < variance["A"]).sum()),
                **{name: gradient[name] for name in ("ratio", "low", "high")},
            }
        )
    return AAgainstB(pd.DataFrame(rows))


def judge_a_against_b(measured: AAgainstB) -> Verdict:
    """The value and the gradient of each size: a share of images, and a ratio of variances."""
    rows = measured.table.to_dict("records")
    values = tuple(_value(row) for row in rows)
    gradients = tuple(
        Part(
            f"gradient, N_z = {row['n_latent']}",
            row["ratio"],
            row["low"],
            row["high"],
            1.0,
            "of B's variance",
            "units of the encoder's output layers",
            alike=ALIKE_VARIANCES,
        )
        for row in rows
    )
    samples = measured.table["samples"]
    return judged(
        (*values, *gradients),
        f"share of {measured.table['images'].max()} MNIST test images on which the value of B "
        f"varies less than that of A, to be above {TYPICAL:g}: {effects(values)}; "
        f"{least_seen(values)}. Variance of A's gradient over that of B's in the median component, "
        f"to be above 1: {effects(gradients)}; {least_seen(gradients)}. The "
        f"longest-trained models whose weights are kept, in either reading, of "
        f"{significant(samples.min())} to {significant(samples.max())} training samples, one seed",
    )


def _value(row: dict[Hashable, Any]) -> Part:
    found = stats.binomtest(int(row["quieter"]), int(row["images"]))
    share = found.proportion_ci(method="wilson")
    return Part(
        f"value, N_z = {row['n_latent']}",
        float(found.statistic),
        float(share.low),
        float(share.high),
        TYPICAL,
        "of the images",
        f"{row['images']} test images",
        alike=ALIKE_SHARES,
    )


def _at(
    measured: AAgainstB, *, share: float | None = None, ratio: float | None = None
) -> AAgainstB:
    """Every size's share of images, or ratio of variances, as given; the ratio's interval moves."""
    table = measured.table.copy()
    if share is not None:
        table["quieter"] = (share * table["images"]).round().astype(int)
    if ratio is not None:
        factor = ratio / table["ratio"]
        table[["ratio", "low", "high"]] = table[["ratio", "low", "high"]].mul(factor, axis=0)
    return AAgainstB(table)


def _few(measured: AAgainstB) -> AAgainstB:
    """Four images, and gradients whose ratio is known to a factor of three."""
    table = measured.table.assign(images=4, quieter=[n % 4 + 1 for n in measured.table.index])
    return AAgainstB(table.assign(low=table["ratio"] / 3, high=table["ratio"] * 3))


C2 = Claim(
    id="C2",
    statement="Estimator B typically has less variance than A.",
    where="2.3",
    figure="fig-estimator-variance",
    tests=(
        "companion/claims/test_estimator_b.py::test_shares_and_ratios_decide",
        "companion/studies/test_bounds.py::test_estimator_variance_of_an_exact_posterior",
    ),
    measure=measure_a_against_b,
    judge=judge_a_against_b,
    worlds=(
        World(
            "A varies less on 3 of 4 images, and its gradient half as much as B's",
            "false",
            lambda m: _at(m, share=TYPICAL / 2, ratio=0.5),
        ),
        World(
            "B varies less on all images, and its gradient half as much as A's",
            "true",
            lambda m: _at(m, share=2 * TYPICAL, ratio=2.0),
        ),
        World(
            "A has the quieter value, B the quieter gradient",
            "half true",
            lambda m: _at(m, share=0.05, ratio=1.5),
        ),
        World(
            "B has the quieter value, A the quieter gradient",
            "half true",
            lambda m: _at(m, share=0.95, ratio=0.7),
        ),
        World("A and B differ nowhere", "noise", lambda m: _at(m, share=0.5, ratio=1.0)),
        World("four images and few gradients", "noise", _few),
    ),
)
