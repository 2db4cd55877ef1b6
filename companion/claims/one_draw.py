"""C3: one draw for each datapoint suffices where the minibatch has a hundred of them."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from companion.claims.claim import Claim, World, evenly
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.experiments.seeds import interval
from companion.studies.objective import GAIN_WORTH_DRAWS, decoding_curves, draws_at_equal_cost
from companion.wording import significant


class DrawsAgainstOne(NamedTuple):
    """What C3 is judged by.

    Attributes:
        lead: from `draws_at_equal_cost`: columns n_samples (L), seed, equal_cost, equal_data.
        decodings: of each run.
    """

    lead: pd.DataFrame
    decodings: int


def measure_draws_against_one(evidence: Evidence) -> DrawsAgainstOne:
    """What the runs of section 2.3 with M = 100 won by more draws than one."""
    curves = decoding_curves(evidence.minibatches)
    return DrawsAgainstOne(draws_at_equal_cost(curves), int(curves["decodings"].max()))


def judge_draws_against_one(measured: DrawsAgainstOne) -> Verdict:
    """The gain of each L > 1 at equal work is below what a reader would care about."""
    cost, data = (_parts(measured.lead, name) for name in ("equal_cost", "equal_data"))
    return judged(
        cost,
        f"nats of the test bound won by more draws than one for each of 100 images, at equal "
        f"work, to be below {GAIN_WORTH_DRAWS:g}: {effects(cost)}; {least_seen(cost)}. "
        f"At equal data, which is not judged, as the work is not equal: {effects(data)}. "
        f"{significant(measured.decodings)} decodings, {cost[0].over}",
    )


def _parts(lead: pd.DataFrame, column: str) -> tuple[Part, ...]:
    return tuple(
        Part(
            f"L = {n_samples}",
            *interval(rows[column]),
            GAIN_WORTH_DRAWS,
            "nats",
            f"{len(rows)} seeds",
            below=True,
        )
        for n_samples, rows in lead.groupby("n_samples")
    )


def _gain(measured: DrawsAgainstOne, *gains: float, spread: float = 0.3) -> DrawsAgainstOne:
    """The mean gain of each L at equal work, smallest L first; seeds stray evenly by the spread."""
    lead = measured.lead
    wanted = dict(zip(sorted(lead["n_samples"].unique()), gains, strict=True))
    gained = lead["n_samples"].map(wanted)
    return measured._replace(lead=lead.assign(equal_cost=gained + spread * evenly(lead["seed"])))


C3 = Claim(
    id="C3",
    statement="L = 1 suffices when M = 100.",
    where="2.3",
    figure="fig-draws-against-images",
    tests=(
        "companion/claims/test_one_draw.py::test_draws_that_pay_refute_it",
        "companion/studies/test_objective.py::test_equal_cost_and_equal_data_are_told_apart",
    ),
    measure=measure_draws_against_one,
    judge=judge_draws_against_one,
    worlds=(
        World(
            "more draws win 5 nats at equal work",
            "false",
            lambda m: _gain(m, 5.0, 5.0),
        ),
        World(
            "they win 2 nats, twice the threshold, and seeds differ by 0.3",
            "false",
            lambda m: _gain(m, 2.0, 2.0),
        ),
        World(
            "they win half a nat, half of the threshold, and seeds differ by 0.1",
            "true",
            lambda m: _gain(m, 0.5, 0.5, spread=0.1),
        ),
        World(
            "four draws win 5 nats, ten lose as many",
            "half true",
            lambda m: _gain(m, 5.0, -5.0),
        ),
        World(
            "they win 5 nats, but seeds differ by 10",
            "noise",
            lambda m: _gain(m, 5.0, 5.0, spread=10.0),
        ),
        World(
            "they win 2 nats, twice the threshold, but seeds differ by 3, as after 10⁵ samples",
            "noise",
            lambda m: _gain(m, 2.0, 2.0, spread=3.0),
        ),
        World(
            "they win nothing, but seeds differ by 10",
            "noise",
            lambda m: _gain(m, 0.0, 0.0, spread=10.0),
        ),
    ),
)
