"""C4: AEVB converges faster than wake-sleep, and to a better bound, in each panel of Fig. 2."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from companion.claims.both_readings import judged_as_written, measured_in_both, world_as_written
from companion.claims.claim import Claim
from companion.claims.parts_in_words import findings_counted, least_seen
from companion.claims.verdict import Part, Verdict, judged, judged_from
from companion.experiments import paper_grid
from companion.experiments.curve_reading import SLACK
from companion.experiments.ends_of_curves import CONVERGED_FROM
from companion.experiments.seeds import mean_over_seeds, over_in_words, own_or_pooled
from companion.wording import number, significant

PANEL = ["dataset", "n_latent"]
LATENT = {"mnist": paper_grid.MNIST_LATENT, "frey_face": paper_grid.FREY_LATENT}
# Nats: a fiftieth of the height of a panel of Fig. 2, where less could not be seen.
SAME_BOUND = {"mnist": 1.0, "frey_face": 30.0}
# Times as many training samples: the paper's curves were read to 1 %, and a tenth is not "faster".
SAME_SPEED = 1.1


def measure_side_by_side(curves: pd.DataFrame) -> pd.DataFrame:
    """The test bound of both algorithms where both were evaluated.

    Args:
        curves: of Fig. 2, several seeds where there are.

    Returns:
        columns dataset, n_latent, seed, training_samples, aevb and wake_sleep, in nats.
    """
    test = curves[curves["split"] == "test"]
    keys = [*PANEL, "seed", "training_samples"]
    wide = test.pivot_table(index=keys, columns="algorithm", values="value")
    return wide.reindex(columns=["aevb", "wake_sleep"]).dropna().reset_index()


@judged_as_written
def judge_faster_and_better(points: pd.DataFrame) -> Verdict:
    """Two parts for each of nine panels: AEVB's lead at the end, and how much sooner it gets there.

    *Better* is the lead at the last common point. *Faster* is how many times as many training
    samples wake-sleep took for each of its records as AEVB took for the same bound: the geometric
    mean over the records, as far as several seeds have come.
    """
    better, faster = list(_better(points)), list(_faster(points))
    ends = points.groupby(PANEL)["training_samples"].max()
    leads = "; ".join(_listed(better, name) for name in LATENT)
    factors = "; ".join(_listed(faster, name, power=10.0) for name in LATENT)
    considerably = sum(part.effect > math.log10(2) for part in faster)
    text = (
        f"better, {findings_counted(better, 'panels')}: AEVB leads by {leads} nats at "
        f"{_range(ends)} training samples, over {_first_over(better)}; "
        f"{least_seen(better)}; faster, {findings_counted(faster, 'panels')}: for a bound "
        f"that it has reached wake-sleep took {factors} times as many samples as AEVB, over "
        f"{_first_over(faster)} samples; twice as many or more in {considerably}"
    )
    return judged_from(CONVERGED_FROM, int(ends.min()), judged([*better, *faster], text))


def _better(points: pd.DataFrame) -> Iterator[Part]:
    for dataset, panels in _panels(points):
        leads = {
            n: (panel["aevb"] - panel["wake_sleep"])[panel["training_samples"] == until].tolist()
            for n, panel in panels.items()
            for until in [_shared(panel)]
        }
        for n_latent, panel in panels.items():
            last = panel[panel["training_samples"] == panel["training_samples"].max()]
            values = (last["aevb"] - last["wake_sleep"]).tolist()
            yield Part(
                f"better: {dataset}, N_z = {n_latent}",
                *mean_over_seeds(values, own_or_pooled(leads[n_latent], leads.values())),
                threshold=0.0,
                unit="nats",
                over=over_in_words(values, panel["seed"].nunique(), _shared(panel)),
                alike=SAME_BOUND[dataset],
            )


def _faster(points: pd.DataFrame) -> Iterator[Part]:
    for dataset, panels in _panels(points):
        gains = {
            n_latent: [
                _times_sooner(of_seed)
                for _, of_seed in panel[panel["training_samples"] <= until].groupby("seed")
                if of_seed["training_samples"].max() * SLACK >= until
            ]
            for n_latent, panel in panels.items()
            for until in [_shared(panel)]
        }
        for n_latent, values in gains.items():
            yield Part(
                f"faster: {dataset}, N_z = {n_latent}",
                *mean_over_seeds(values, own_or_pooled(values, gains.values())),
                threshold=0.0,
                unit="decades of training samples",
                over=f"{over_in_words(values, 0, 0.0)} to {significant(_shared(panels[n_latent]))}",
                alike=math.log10(SAME_SPEED),
            )


def _times_sooner(of_seed: pd.DataFrame) -> float:
    """The mean of log₁₀ of wake-sleep's samples over AEVB's, for each record of wake-sleep's.

    A bound that AEVB does not reach counts as reached where the curves end, which flatters it.
    """
    of_seed = of_seed.sort_values("training_samples")
    log_samples = np.log10(of_seed["training_samples"].to_numpy(dtype=float))
    ours = np.maximum.accumulate(of_seed["aevb"].to_numpy())
    theirs = np.maximum.accumulate(of_seed["wake_sleep"].to_numpy())
    record = np.append(True, np.diff(theirs) > 0)
    # The first of equal values is where a bound was reached.
    bounds, first = np.unique(ours, return_index=True)
    took = np.interp(theirs[record], bounds, log_samples[first], right=log_samples[-1])
    return float((log_samples[record] - took).mean())


def _panels(points: pd.DataFrame) -> Iterator[tuple[str, dict[int, pd.DataFrame]]]:
    """By data set its panels; empty ones are among them."""
    for dataset, sizes in LATENT.items():
        of_data = points[points["dataset"] == dataset]
        yield dataset, {n: of_data[of_data["n_latent"] == n] for n in sizes}


def _shared(panel: pd.DataFrame) -> float:
    """As far as at least two seeds have come, or the only one."""
    ends = sorted(panel.groupby("seed")["training_samples"].max())
    return float(ends[-2] if len(ends) > 1 else ends[-1]) if ends else math.nan


def _first_over(parts: list[Part]) -> str:
    """Of the first part that was measured."""
    return next((part.over for part in parts if not math.isnan(part.effect)), "no run")


def _listed(parts: list[Part], dataset: str, *, power: float | None = None) -> str:
    """The effects of a data set's panels with their intervals, in the order of N_z."""
    shown = []
    for part in parts:
        if f" {dataset}," in part.what and not math.isnan(part.effect):
            values = [part.effect, part.low, part.high]
            if power is not None:
                values = [power**value for value in values]
            effect, low, high = (significant(value, 2 if power else 3) for value in values)
            known = math.isfinite(part.high)
            shown.append(f"{effect} ({low} to {high})" if known else effect)
    return f"{', '.join(shown) or 'not computed'} ({dataset})"


def _range(ends: pd.Series[int]) -> str:
    low, high = number(ends.min()), number(ends.max())
    return low if low == high else f"{low} to {high}"


def _lowered(points: pd.DataFrame, rows: pd.Series[bool]) -> pd.DataFrame:
    """AEVB stands 1000 nats lower there."""
    return points.assign(aevb=points["aevb"] - 1000.0 * rows)


def _before_the_end(points: pd.DataFrame) -> pd.Series[bool]:
    ends = points.groupby(PANEL)["training_samples"].transform("max")
    return points["training_samples"] < ends


def _noise(points: pd.DataFrame) -> pd.Series[float]:
    """What a seed's lead differs by from the mean over seeds."""
    lead = points["aevb"] - points["wake_sleep"]
    return lead - lead.groupby([points[key] for key in [*PANEL, "training_samples"]]).transform(
        "mean"
    )


def _with_lead(points: pd.DataFrame, *, times_seen: float) -> pd.DataFrame:
    """AEVB leads throughout by a multiple of what would be seen and count, with seeds' noise."""
    seen = {part.what: max(part.seen, part.alike) for part in _better(points)}
    names = zip(points["dataset"], points["n_latent"], strict=True)
    lead = pd.Series([seen[f"better: {name}, N_z = {n}"] for name, n in names], points.index)
    return points.assign(aevb=points["wake_sleep"] + times_seen * lead + _noise(points))


C4 = Claim(
    id="C4",
    statement="AEVB converges faster and to a better bound than wake-sleep, in all nine panels.",
    where="Fig. 2",
    figure="fig-2",
    tests=(
        "companion/claims/test_faster_and_better.py::test_a_lead_that_all_seeds_have_is_better",
        "companion/claims/test_faster_and_better.py::test_faster_is_told_from_better",
        "companion/claims/test_faster_and_better.py::test_each_world_is_judged_rightly",
    ),
    measure=measured_in_both(measure_side_by_side, "figure2"),
    judge=judge_faster_and_better,
    worlds=(
        world_as_written(
            "AEVB stands 1000 nats lower throughout",
            "false",
            lambda points: _lowered(points, points["aevb"].notna()),
        ),
        world_as_written(
            "wake-sleep leads throughout by twice what would be seen",
            "false",
            lambda points: _with_lead(points, times_seen=-2.0),
        ),
        world_as_written(
            "AEVB stands 1000 nats lower everywhere but at the last point",
            "half true",
            lambda points: _lowered(points, _before_the_end(points)),
        ),
        world_as_written(
            "AEVB stands 1000 nats lower on MNIST",
            "half true",
            lambda points: _lowered(points, points["dataset"] == "mnist"),
        ),
        world_as_written(
            "seeds differ a hundred times as much",
            "noise",
            lambda points: points.assign(aevb=points["aevb"] + 99.0 * _noise(points)),
        ),
        world_as_written(
            "the two algorithms are one, but for a thousandth of the noise of seeds",
            "noise",
            lambda points: points.assign(aevb=points["wake_sleep"] + _noise(points) / 1000),
        ),
        world_as_written(
            "AEVB leads throughout by half of what would be seen",
            "noise",
            lambda points: _with_lead(points, times_seen=0.5),
        ),
        world_as_written(
            "AEVB leads throughout by twice what would be seen",
            "true",
            lambda points: _with_lead(points, times_seen=2.0),
        ),
    ),
)
