"""C11: the number of hidden units matters little for the relative performance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.findings import findings_counted, with_its_interval
from companion.claims.seeds import Spread, spread_of
from companion.claims.verdict import Part, Verdict, judged
from companion.experiments import paper_grid
from companion.studies.objective import Interval, interval
from companion.wording import number, significant

_Altered = Callable[[pd.DataFrame], pd.DataFrame]
COMPARED_AT = 10**6
# The paper's own number, with which the others are compared.
_OWN = paper_grid.mnist(20).n_hidden
# A lead that changes by less than half of itself keeps its place and its order of size.
CHANGES_LITTLE = 0.5


def measure_leads_by_width(evidence: Evidence) -> pd.DataFrame:
    """AEVB's lead over wake-sleep on the test bound of MNIST with N_z = 20, after 10⁶ samples.

    Returns:
        columns n_hidden, seed and lead, in nats.
    """
    curves = evidence.hidden_units_curves
    points = curves[(curves["training_samples"] == COMPARED_AT) & (curves["split"] == "test")]
    wide = points.pivot_table(index=["n_hidden", "seed"], columns="algorithm", values="value")
    wide = wide.reindex(columns=["aevb", "wake_sleep"])
    return (wide["aevb"] - wide["wake_sleep"]).dropna().rename("lead").reset_index()


def judge_hidden_units(leads: pd.DataFrame) -> Verdict:
    """For each other number of hidden units, how much the lead differs from the one with 500.

    As a share of that one, whichever algorithm leads. The spread of seeds is pooled over the
    numbers of hidden units.
    """
    parts = list(_parts(leads))
    found = {str(n): interval(of) for n, of in leads.groupby("n_hidden")["lead"] if len(of) > 1}
    shown = ", ".join(
        f"{number(lead.mean, 1)} ({number(lead.low, 1)} to {number(lead.high, 1)}) with {n}"
        for n, lead in found.items()
    )
    changes = "; ".join(
        f"{with_its_interval(part)} of itself with {part.what}, {part.over}"
        for part in parts
        if not math.isnan(part.effect)
    )
    text = (
        f"AEVB's lead on the test bound, MNIST, 20 latent dimensions, {number(COMPARED_AT)} "
        f"samples, in nats: {shown or 'not computed'} hidden units; {_trend(leads)}against the "
        f"lead with {_OWN} it differs by {changes or 'nothing known'}, where less than "
        f"{CHANGES_LITTLE:g} is little: {findings_counted(parts, 'comparisons')}"
    )
    seen = [part.seen for part in parts if math.isfinite(part.seen)]
    if seen:
        text += f"; {significant(max(seen), 2)} of it away from that would be seen"
    return judged(parts, text)


def _parts(leads: pd.DataFrame) -> Iterator[Part]:
    by_width = {n: group.tolist() for n, group in leads.groupby("n_hidden")["lead"]}
    spread = spread_of(by_width.values())
    own = by_width.get(_OWN, [])
    for n_hidden in paper_grid.HIDDEN_UNITS:
        values = by_width.get(n_hidden, [])
        yield Part(
            f"{n_hidden} hidden units",
            *_size_of_change(values, own, spread),
            threshold=CHANGES_LITTLE,
            unit="of the lead",
            over=f"{len(values)} and {len(own)} seeds",
            below=True,
        )


def _size_of_change(values: list[float], own: list[float], spread: Spread) -> Interval:
    """|m/m₀ − 1| of two means with its 95 % interval, by Fieller's theorem.

    The ratios r that the data do not exclude are those with (m − r m₀)² ≤ t² s² (1/n + r²/n₀).
    Where m₀ may be zero these have no end.
    """
    if not len(values) or not len(own):
        return Interval(math.nan, math.nan, math.nan)
    mean, reference = float(np.mean(values)), float(np.mean(own))
    size = abs(mean / reference - 1)
    half = math.inf
    if spread.freedom:
        half = float(stats.t.ppf(0.975, spread.freedom)) * spread.deviation
    a, c = reference**2 - half**2 / len(own), mean**2 - half**2 / len(values)
    if not a > 0:
        return Interval(size, -math.inf, math.inf)
    centre, root = mean * reference / a, math.sqrt((mean * reference) ** 2 - a * c) / a
    low, high = centre - root - 1, centre + root - 1
    return Interval(size, max(0.0, low, -high), max(-low, high))


def _trend(leads: pd.DataFrame) -> str:
    """The straight line through the leads against log₁₀ of the number of hidden units."""
    if leads["n_hidden"].nunique() < 2 or len(leads) < 3:
        return ""
    fit = stats.linregress(np.log10(leads["n_hidden"].astype(float)), leads["lead"])
    half = float(stats.t.ppf(0.975, len(leads) - 2)) * fit.stderr
    low, high = (number(fit.slope + sign * half, 1) for sign in (-1, 1))
    return f"ten times the units change it by {number(fit.slope, 1)} ({low} to {high}); "


def _times(factors: dict[int, float], noise: float = 1.0) -> _Altered:
    """The leads are 10 nats, times a factor by the number of hidden units, with seeds' noise."""

    def altered(leads: pd.DataFrame) -> pd.DataFrame:
        own = leads["lead"] - leads.groupby("n_hidden")["lead"].transform("mean")
        level = 10.0 * leads["n_hidden"].map(factors).fillna(1.0)
        return leads.assign(lead=level + noise * own)

    return altered


def _exactly(*factors: float) -> _Altered:
    """With fewest hidden units first, and a hundredth of the noise of seeds."""
    widths = sorted([*paper_grid.HIDDEN_UNITS, _OWN])
    return _times(dict(zip(widths, factors, strict=True)), 0.01)


C11 = Claim(
    id="C11",
    statement="The number of hidden units matters little for relative performance.",
    where="5",
    figure="tab-hidden-units",
    tests=(
        "companion/claims/test_hidden_units.py::test_a_lead_that_shrinks_with_the_units_refutes",
        "companion/claims/test_hidden_units.py::test_the_interval_of_a_change_covers",
        "companion/claims/test_hidden_units.py::test_each_world_is_judged_rightly",
    ),
    measure=measure_leads_by_width,
    judge=judge_hidden_units,
    worlds=(
        World("the leads are 200, 60, 10 and 1 nats", "false", _exactly(20.0, 6.0, 1.0, 0.1)),
        World(
            "the one with 500 hidden units alone leads", "false", _exactly(-1.0, -1.0, 1.0, -1.0)
        ),
        World("the lead changes by twice what is little", "false", _exactly(2.0, 2.0, 1.0, 0.0)),
        World(
            "the lead changes by half of what is little", "true", _exactly(1.25, 1.25, 1.0, 0.75)
        ),
        World("wake-sleep leads alike with all", "true", _exactly(-1.0, -1.0, -1.0, -1.0)),
        World("with 100 hidden units wake-sleep leads", "half true", _exactly(-1.0, 1.0, 1.0, 1.0)),
        World(
            "all leads are alike, and seeds differ ten times as much",
            "noise",
            _times({}, noise=10.0),
        ),
        World(
            "the lead changes by what is little", "noise", _times({100: 1.5, 200: 1.5, 1000: 0.5})
        ),
    ),
)
