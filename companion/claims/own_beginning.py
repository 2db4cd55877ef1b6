"""R1: the reader's own runs are the beginning of the reference runs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.verdict import Part, Verdict, judged
from companion.studies.beginnings import BEGINNING_TOLERANCE
from companion.wording import significant

# Where rounding is the same no distance is small enough but none.
_LEAST = math.ulp(0.0)
_DEMANDS = {
    "same": "to the last bit, as code and processor are the same",
    "other": f"to {BEGINNING_TOLERANCE:.0%} of the way that they have come, where code or rounding "
    "is another",
    "not recorded": f"to {BEGINNING_TOLERANCE:.0%} of the way that they have come, where the "
    "rounding is not recorded",
}


def measure_beginnings(evidence: Evidence) -> pd.DataFrame:
    """The reader's runs beside the reference runs of the same settings: see `beginnings`."""
    return evidence.beginnings


def judge_own_beginning(beginnings: pd.DataFrame) -> Verdict:
    """A part for each run of the reader's: how far it strays, in shares of the way it has come.

    Where both records tell of the same code, processor, libraries and threads it may not stray at
    all, and elsewhere within a tolerance. Seed and data are the same, so that nothing is random,
    and the share needs no interval.
    """
    if beginnings.empty:
        return judged([], "no reference run has the settings of these runs")
    parts = list(_parts(beginnings))
    holds = [part.found == "holds" for part in parts]
    listed = []
    for kind, demand in _DEMANDS.items():
        of_kind = [
            held for held, own in zip(holds, beginnings["rounding"], strict=True) if own == kind
        ]
        if of_kind:
            listed.append(f"{sum(of_kind)} of {len(of_kind)} {demand}")
    text = (
        f"runs that follow the reference: {', '.join(listed)}; "
        f"{int(beginnings['identical'].sum())} of all are equal to the last bit; largest distance "
        f"{beginnings['largest'].max():.2g} nats, up to {significant(beginnings['until'].max())} "
        "samples"
    )
    return judged(parts, text)


def _parts(beginnings: pd.DataFrame) -> Iterator[Part]:
    for run in beginnings.to_dict("records"):
        share = float(run["largest"]) / max(float(run["scale"]), 1.0)
        # Points that are not equal are apart, however little.
        strays = share if run["identical"] else max(share, 2 * _LEAST)
        yield Part(
            f"{run['dataset']}, N_z = {run['n_latent']}, {run['n_train']} points, "
            f"{run['algorithm']}",
            strays,
            strays,
            strays,
            threshold=_LEAST if run["rounding"] == "same" else BEGINNING_TOLERANCE,
            unit="of the way",
            over=f"{run['points']} points of the same seed",
            below=True,
        )


def _apart(beginnings: pd.DataFrame, share: float) -> pd.DataFrame:
    largest = share * beginnings["scale"].clip(lower=1.0)
    return beginnings.assign(largest=largest, identical=largest == 0)


def _every_second(beginnings: pd.DataFrame) -> pd.DataFrame:
    odd = pd.Series(range(len(beginnings)), beginnings.index) % 2 == 1
    return _apart(beginnings, 0.0).where(~odd, _apart(beginnings, 0.5))


R1 = Claim(
    id="R1",
    statement="Of this companion: your own runs are the beginning of the reference runs.",
    where="Figs 2, 3",
    figure="fig-2",
    tests=(
        "companion/claims/test_own_beginning.py::test_a_beginning_is_judged_by_the_way_that_it_came",
        "companion/claims/test_own_beginning.py::test_each_world_is_judged_rightly",
        "companion/studies/test_beginnings.py::test_a_beginning_is_compared_at_common_points",
    ),
    measure=measure_beginnings,
    judge=judge_own_beginning,
    worlds=(
        World("every run strays by half of its way", "false", lambda runs: _apart(runs, 0.5)),
        World(
            "rounding is the same, and every run strays by a billionth of its way",
            "false",
            lambda runs: _apart(runs, 1e-9).assign(rounding="same"),
        ),
        World(
            "rounding is another, and every run strays by twice what it may",
            "false",
            lambda runs: _apart(runs, 2 * BEGINNING_TOLERANCE).assign(rounding="other"),
        ),
        World(
            "rounding is another, and every run strays by half of what it may",
            "true",
            lambda runs: _apart(runs, BEGINNING_TOLERANCE / 2).assign(rounding="other"),
        ),
        World("every second run strays by half of its way", "half true", _every_second),
        World(
            "the distances of all runs are lost",
            "noise",
            lambda runs: _apart(runs, math.nan).assign(rounding="other"),
        ),
    ),
)
