"""C10: the KL term regularises, and no other regularisation is needed: two claims."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pandas as pd

from companion.claims.claim import Claim, World, evenly
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.experiments.seeds import interval
from companion.studies.objective import code_price, kl_weight_bounds
from companion.studies.overfitting import lost_to_overfitting
from companion.wording import significant
from vaelib import datasets

# The least gain of the test bound that a reader would tune for, in nats: about a tenth of what the
# next larger N_z wins in Fig. 2.
WORTH_HAVING = {"mnist": 1.0, "frey_face": 10.0}
# Training samples of the runs in which overfitting is looked for: where our curves of Fig. 2 bend.
OVERFITTING_FROM = 10**7
_NAMES = {"mnist": "MNIST", "frey_face": "Frey Face"}


class KLWeights(NamedTuple):
    """What training with other weights of the KL came to, MNIST, N_z = 10.

    Attributes:
        table: columns kl_weight, seed, bound (on test data, with the KL in full), kl (of q(z|x)
            from the prior on test data); nats.
        samples: that each run was trained with.
    """

    table: pd.DataFrame
    samples: int


class Needs(NamedTuple):
    """What the second half is judged by: other weights, and training that stops in time.

    Attributes:
        weights: as `KLWeights`, of which the bound is used.
        written, as_run: from `lost_to_overfitting`, the runs of Fig. 2 in both readings.
    """

    weights: KLWeights
    written: pd.DataFrame
    as_run: pd.DataFrame


def measure_kl_weights(evidence: Evidence) -> KLWeights:
    """The bounds of section 2.3's runs, and how far their codes are from the prior."""
    found = [run for run in evidence.kl_weights if run.config.n_latent == 10]
    bounds = kl_weight_bounds(found)
    table = bounds[bounds["split"] == "test"].rename(columns={"value": "bound"})
    x = datasets.load("mnist").test
    kl = [code_price(run, x) for run in found]
    columns = ["kl_weight", "seed", "bound"]
    return KLWeights(
        table[columns].reset_index(drop=True).assign(kl=kl), int(table["training_samples"].min())
    )


def judge_regularising(measured: KLWeights) -> Verdict:
    """Each larger weight brings the codes nearer to the prior, and weight 1 serves the bound."""
    kl, bound = (_by_seed(measured, name) for name in ("kl", "bound"))
    unit, over = "nats", f"{len(kl)} seeds"
    steps = tuple(
        Part(
            f"weight {low:g} to {high:g}", *interval(kl[low] - kl[high]), 0.0, unit, over, alike=1.0
        )
        for low, high in pairwise(kl.columns)
    )
    lead = Part("weight 1 over 0", *interval(bound[1.0] - bound[0.0]), 0.0, unit, over, alike=1.0)
    return judged(
        (*steps, lead),
        f"nats by which a larger weight of the KL brings q(z|x) nearer to the prior: "
        f"{effects(steps)}; {least_seen(steps)}. Nats of the test bound won by the term: "
        f"{effects([lead])}; {least_seen([lead])}. {_runs(measured)}",
    )


def measure_needs(evidence: Evidence) -> Needs:
    """The same runs with other weights, and the test curves of Fig. 2 in both readings."""
    readings = (evidence.figure2_curves, evidence.figure2_as_run)
    written, as_run = (
        lost_to_overfitting(curves[curves["seed"] == evidence.seed], needed=OVERFITTING_FROM)
        for curves in readings
    )
    return Needs(measure_kl_weights(evidence), written, as_run)


def judge_needs(measured: Needs) -> Verdict:
    """No other weight, and no earlier end of training, wins what is worth having."""
    bound = _by_seed(measured.weights, "bound")
    weights = tuple(
        Part(
            f"weight {weight:g}",
            *interval(bound[weight] - bound[1.0]),
            WORTH_HAVING["mnist"],
            "nats",
            f"{len(bound)} seeds",
            below=True,
        )
        for weight in bound.columns
        if float(weight) not in (0.0, 1.0)
    )
    stops = _stops(measured.written)
    parts = (*weights, *stops)
    limits = ", ".join(f"{value:g} ({_NAMES[name]})" for name, value in WORTH_HAVING.items())
    text = (
        f"nats of the test bound that other regularisation would win, to be below {limits}. "
        f"Another weight of the KL: {effects(weights)}; {least_seen(weights)}. "
        f"{_runs(measured.weights)}. Stopping in time, as written: "
    )
    if not stops:
        return judged(parts, f"{text}needs runs of {significant(OVERFITTING_FROM)} samples")
    text += f"{_ends(measured.written)}, {effects(stops)}; {least_seen(stops)}. As run: "
    as_run = _stops(measured.as_run)
    text += f"{_ends(measured.as_run)}, {effects(as_run)}" if as_run else "not computed so far"
    return judged(parts, text)


def _by_seed(measured: KLWeights, column: str) -> pd.DataFrame:
    return measured.table.pivot(index="seed", columns="kl_weight", values=column)


def _runs(measured: KLWeights) -> str:
    seeds = measured.table["seed"].nunique()
    return f"MNIST, N_z = 10, {significant(measured.samples)} samples, {seeds} seeds"


def _stops(losses: pd.DataFrame) -> tuple[Part, ...]:
    """For each data set with at least two panels; the panels stand in for seeds, which are one."""
    return tuple(
        Part(
            _NAMES[str(dataset)],
            *interval(rows["lost"]),
            WORTH_HAVING[str(dataset)],
            "nats",
            f"{len(rows)} panels of Fig. 2, one seed",
            below=True,
        )
        for dataset, rows in losses.groupby("dataset", sort=False)
        if len(rows) > 1
    )


def _ends(losses: pd.DataFrame) -> str:
    first, last = losses["training_samples"].min(), losses["training_samples"].max()
    return f"{significant(first)} to {significant(last)} samples, over the panels of each data set"


def _trained(
    measured: KLWeights, *, nearer: float, gain: float, others: float = 0.0, spread: float = 0.3
) -> KLWeights:
    """Each larger weight so much nearer to the prior; weight 1 ahead of 0, the others of 1.

    The differences between weights stray from seed to seed by the spread.
    """
    table = measured.table
    weights = table["kl_weight"]
    step = weights.rank(method="dense")
    strays = spread * evenly(table["seed"])
    one = table["bound"][weights == 1.0].mean()
    ahead = weights.map(lambda weight: {0.0: -gain, 1.0: 0.0}.get(weight, others))
    return measured._replace(
        table=table.assign(
            bound=one + ahead + strays * (weights != 1.0),
            kl=table["kl"].mean() + (step.max() - step) * (nearer + strays),
        )
    )


def _needing(
    measured: Needs, *, gain: float, digits: float, faces: float, spread: float = 0.3
) -> Needs:
    """Other weights win so much, stopping in time so much; give or take `spread` of what counts."""
    weights = _trained(measured.weights, nearer=5.0, gain=50.0, others=gain, spread=spread)
    losses = measured.written
    level = losses["dataset"].map({"mnist": digits, "frey_face": faces})
    unit = losses["dataset"].map(WORTH_HAVING)
    strays = losses.groupby("dataset")["n_latent"].transform(evenly)
    return measured._replace(
        weights=weights, written=losses.assign(lost=level + spread * unit * strays)
    )


C10A = Claim(
    id="C10a",
    statement="The KL term regularises.",
    where="2.3, 4",
    figure="tab-kl-weights",
    tests=(
        "companion/claims/test_regularisation.py::test_bounds_by_weight_decide",
        "vaelib/test_aevb.py::test_without_the_kl_the_posterior_narrows",
    ),
    measure=measure_kl_weights,
    judge=judge_regularising,
    worlds=(
        World(
            "the larger its weight, the further from the prior, and the bound is better without",
            "false",
            lambda m: _trained(m, nearer=-5.0, gain=-20.0),
        ),
        World(
            "it brings the codes nearer to the prior, and costs 20 nats of the bound",
            "half true",
            lambda m: _trained(m, nearer=5.0, gain=-20.0),
        ),
        World(
            "each weight is half a nat from the next, half of what counts",
            "noise",
            lambda m: _trained(m, nearer=0.5, gain=0.5, spread=0.1),
        ),
        World(
            "each weight is 2 nats from the next, twice what counts",
            "true",
            lambda m: _trained(m, nearer=2.0, gain=2.0),
        ),
        World(
            "it makes no difference, and seeds differ by 20 nats",
            "noise",
            lambda m: _trained(m, nearer=0.0, gain=0.0, spread=20.0),
        ),
    ),
)

C10B = Claim(
    id="C10b",
    statement="No other regularisation is needed.",
    where="2.3, 4",
    figure="tab-kl-weights",
    tests=(
        "companion/claims/test_regularisation.py::test_what_is_worth_having_decides",
        "companion/studies/test_overfitting.py::test_what_a_run_lost_since_its_best_point",
    ),
    measure=measure_needs,
    judge=judge_needs,
    worlds=(
        World(
            "another weight is 5 nats better, and both data sets lose 50 to overfitting",
            "false",
            lambda m: _needing(m, gain=5.0, digits=50.0, faces=50.0),
        ),
        World(
            "all win twice what is worth having, and seeds differ by 0.3 of it",
            "false",
            lambda m: _needing(m, gain=2.0, digits=2.0, faces=20.0),
        ),
        World(
            "all win half of what is worth having, and seeds differ by 0.1 of it",
            "true",
            lambda m: _needing(m, gain=0.5, digits=0.5, faces=5.0, spread=0.1),
        ),
        World(
            "faces lose 100 nats to overfitting, as in the paper's figure",
            "half true",
            lambda m: _needing(m, gain=0.0, digits=0.0, faces=100.0, spread=0.1),
        ),
        World(
            "all win twice what is worth having, but seeds differ by 3 nats, as after 10⁵ samples",
            "noise",
            lambda m: _needing(m, gain=2.0, digits=2.0, faces=20.0, spread=3.0),
        ),
        World(
            "another weight is 5 nats better, but seeds differ by 10, and panels as much",
            "noise",
            lambda m: _needing(m, gain=5.0, digits=0.0, faces=0.0, spread=10.0),
        ),
    ),
)
