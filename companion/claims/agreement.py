"""Claims that curves agree: ours with the paper's, and the reader's with the reference runs'."""

from __future__ import annotations

from typing import get_args

import pandas as pd

from companion.claims.both_readings import judged_as_written
from companion.claims.curves import PANEL, SEEDS_COMPARED_AT
from companion.claims.evidence import NOT_REPRODUCED, NOT_RUN, PARTLY, REPRODUCED, Evidence
from companion.claims.verdict import Verdict
from companion.experiments import paper_curves
from companion.experiments.curve_reading import KEYS
from companion.experiments.paper_curves import Figure
from companion.experiments.paper_distance import (
    AGREEMENT_TOLERANCE,
    MEAN_TOLERANCE,
    distance_from_paper,
)
from companion.studies.beginnings import BEGINNING_TOLERANCE
from companion.wording import significant

_SET = ["figure", "dataset", "algorithm"]


@judged_as_written("figure2", "figure3")
def distance_from_curves(figure2: pd.DataFrame, figure3: pd.DataFrame, *, seed: int) -> Verdict:
    """C14: the mean and the largest distance from each digitised curve, where both have points."""
    published = {figure: paper_curves.digitised(figure) for figure in get_args(Figure)}
    apart = pd.concat(
        distance_from_paper(
            curves[curves["seed"] == seed],
            published[figure],
            until=float(published[figure]["training_samples"].max()),
        ).assign(figure=figure)
        for figure, curves in zip(published, (figure2, figure3), strict=True)
    )
    if apart.empty:
        return Verdict(NOT_RUN, "the paper's curves begin where these runs end")
    of_mean = (apart["figure"] == "figure3") | (apart["split"] == "test")
    allowed = [MEAN_TOLERANCE[key] for key in zip(*(apart[k] for k in _SET), strict=True)]
    near = ~of_mean | (apart["distance"] <= allowed)
    near &= apart["largest"] <= apart["dataset"].map(AGREEMENT_TOLERANCE)
    planned = sum(len(table.groupby(KEYS)) for table in published.values())
    text = f"{near.sum()} of {planned} curves within tolerance"
    if len(apart) < planned:
        text += f", {planned - len(apart)} have no point to compare"
    text += (
        f"; of those that are held to the mean distance, {(near & of_mean).sum()} of "
        f"{of_mean.sum()}; mean distance of these {_by_data(apart[of_mean], 'distance')}; largest "
        f"distance of all {_by_data(apart, 'largest')}{_spread_of_seeds(figure2)}"
    )
    return Verdict(
        REPRODUCED if near.sum() == planned else PARTLY if near.any() else NOT_REPRODUCED, text
    )


def _by_data(apart: pd.DataFrame, distance: str) -> str:
    return ", ".join(
        f"{values.median():.1f} nats in the median and {values.max():.1f} at most ({name})"
        for name, values in apart.groupby("dataset")[distance]
    )


def own_beginning(evidence: Evidence) -> Verdict:
    """R1: whether the reader's own runs are the reference's to the bit, where they must be.

    They must where both records tell of the same code, processor, libraries and threads. Elsewhere
    they must keep within a tolerance of the way that the curve has come.
    """
    table = evidence.beginnings
    if table.empty:
        return Verdict(NOT_RUN, "no reference run has the settings of these runs")
    exact = table["rounding"] == "same"
    relative = table["largest"] / table["scale"].clip(lower=1.0)
    holds = table["identical"].where(exact, relative <= BEGINNING_TOLERANCE)
    demands = {
        "same": "to the last bit, as code and processor are the same",
        "other": f"to {BEGINNING_TOLERANCE:.0%} of the way that they have come, where code or "
        "rounding is another",
        "not recorded": f"to {BEGINNING_TOLERANCE:.0%} of the way that they have come, where the "
        "rounding is not recorded",
    }
    listed = ", ".join(
        f"{int(holds[rows].sum())} of {rows.sum()} {demand}"
        for kind, demand in demands.items()
        if (rows := table["rounding"] == kind).any()
    )
    text = (
        f"runs that follow the reference: {listed}; {int(table['identical'].sum())} of all are "
        f"equal to the last bit; largest distance {table['largest'].max():.2g} nats, up to "
        f"{significant(table['until'].max())} samples"
    )
    verdict = REPRODUCED if holds.all() else PARTLY if holds.any() else NOT_REPRODUCED
    return Verdict(verdict, text)


def _spread_of_seeds(curves: pd.DataFrame) -> str:
    points = curves[curves["training_samples"] == SEEDS_COMPARED_AT]
    several = points.groupby([*PANEL, "algorithm", "split"])["value"].agg(["std", "count"])
    several = several[several["count"] > 2]
    if several.empty:
        return ""
    median = several.groupby("dataset")["std"].median()
    listed = ", ".join(f"{value:.2g} ({name})" for name, value in median.items())
    return f"; for comparison, the standard deviation over seeds at 10⁶ in nats: {listed}"
