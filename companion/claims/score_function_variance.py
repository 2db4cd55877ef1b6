"""C1: the score-function gradient is far noisier than the reparameterized one, repaired or not."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.studies.gradients import PATHWISE, SCORE, SCORES
from companion.studies.variance_ratios import measured_ratios
from companion.wording import significant
from vaelib.randomness import generator

# An estimator with so many times the variance needs so many draws where the other needs one: that
# is "very high", and no longer a matter of taste.
VERY_HIGH = 10.0
# Half as many draws again is what an estimator's own arithmetic may cost: no difference to a user.
ALIKE = 1.5
_N_LATENT, _IMAGES, _REPETITIONS = 20, 100, 100


class VarianceRatios(NamedTuple):
    """What C1 is judged by.

    Attributes:
        ratios: by estimator, the median over components of its variance over B's, and the ends of
            its interval: columns ratio, low, high.
        samples: that the model was trained with.
    """

    ratios: pd.DataFrame
    samples: int


def measure_variance_ratios(evidence: Evidence) -> VarianceRatios:
    """All estimators of section 2.2 on one minibatch, at the longest-trained weights kept."""
    run = evidence.longest_trained("mnist", _N_LATENT)
    table = measured_ratios(
        run.model(),
        evidence.test_points("mnist", _IMAGES),
        estimators=(*SCORES, *PATHWISE),
        repetitions=_REPETITIONS,
        generator=generator(evidence.seed, "gradient variance"),
    )
    ratios = table.set_index("estimator").loc[list(SCORES)]
    return VarianceRatios(ratios, run.samples)


def judge_variance_ratios(measured: VarianceRatios) -> Verdict:
    """The naive estimator, and the least noisy of its repairs, against the reparameterized one."""
    ratios = measured.ratios
    # An estimator that gave no number may be the least noisy: then that is open.
    best = str(ratios.drop(SCORE)["ratio"].fillna(-math.inf).idxmin())
    parts = (
        _part(ratios, SCORE, "naive score function", VERY_HIGH, alike=1.0),
        _part(ratios, best, f"least noisy repair ({best})", 1.0, alike=ALIKE),
    )
    listed = "; ".join(
        f"{part.what} {significant(row['ratio'])} ({significant(row['low'])} to "
        f"{significant(row['high'])}), to be above {10**part.threshold:g}"
        for part, (_, row) in zip(parts, ratios.loc[[SCORE, best]].iterrows(), strict=True)
    )
    return judged(
        parts,
        f"variance of the gradient over that of the reparameterized one, in the median component, "
        f"with its interval over {parts[0].over}: {listed}; {least_seen(parts)}. MNIST, "
        f"{_N_LATENT} latent dimensions, the longest-trained model whose weights are kept, "
        f"{significant(measured.samples)} training samples, one seed, {_REPETITIONS} gradients of "
        f"each estimator",
    )


def _part(ratios: pd.DataFrame, name: str, what: str, threshold: float, *, alike: float) -> Part:
    """On a scale of powers of ten: the noise of a ratio is a factor."""
    effect, low, high = (math.log10(value) for value in ratios.loc[[name]].to_numpy()[0])
    limit, room = math.log10(threshold), math.log10(alike)
    over = f"{2 * _N_LATENT} units of the encoder's output layers"
    return Part(what, effect, low, high, limit, "powers of ten", over, alike=room)


def _at(measured: VarianceRatios, **ratios: float) -> VarianceRatios:
    """The naive estimator's ratio, or the repairs', moved there with the intervals in proportion.

    Of the repairs it is the lowest that is moved there, and the others with it.
    """
    table = measured.ratios.copy()
    rows = {"naive": table.index == SCORE, "repaired": table.index != SCORE}
    for name, ratio in ratios.items():
        table.loc[rows[name]] *= ratio / table.loc[rows[name], "ratio"].min()
    return measured._replace(ratios=table)


def _blurred(measured: VarianceRatios) -> VarianceRatios:
    """Every interval a hundredfold wider on both sides."""
    table = measured.ratios
    return measured._replace(ratios=table.assign(low=table["low"] / 100, high=table["high"] * 100))


C1 = Claim(
    id="C1",
    statement="The score-function gradient has very high variance, the reparameterized one has "
    "not.",
    where="2.2",
    figure="fig-gradient-variance",
    tests=(
        "companion/claims/test_score_function_variance.py::test_ratios_decide",
        "companion/studies/test_gradients.py::test_gradient_means_agree",
    ),
    measure=measure_variance_ratios,
    judge=judge_variance_ratios,
    worlds=(
        World("all estimators are equally noisy", "false", lambda m: _at(m, naive=1, repaired=1)),
        World(
            "the reparameterized one is ten times as noisy as each of the others",
            "false",
            lambda m: _at(m, naive=0.1, repaired=0.1),
        ),
        World(
            "the naive one is 5 times as noisy, half of the threshold, and its repairs not at all",
            "false",
            lambda m: _at(m, naive=VERY_HIGH / 2, repaired=1),
        ),
        World(
            "the naive one is 20 times as noisy, twice the threshold, its repairs 3 times",
            "true",
            lambda m: _at(m, naive=2 * VERY_HIGH, repaired=3),
        ),
        World(
            "a control variate takes all of the noise away",
            "half true",
            lambda m: _at(m, repaired=0.5),
        ),
        World("a few draws only: every interval spans four more decades", "noise", _blurred),
    ),
)
